import Audio
import Foundation
import Testing

@Suite struct LoudnessTests {
    @Test func pausesDoNotCount() throws {
        // A sine of amplitude 0.1 is -23 dBFS; a second of pause beside it must not lower that.
        let speech = sine(frequency: 200, amplitude: 0.1, seconds: 1)
        let padded = Waveform(samples: silence(seconds: 1) + speech.samples, sampleRate: 16000)
        #expect(abs(try #require(Loudness.gated(speech)) + 23.01) < 0.05)
        #expect(abs(try #require(Loudness.gated(padded)) + 23.01) < 0.05)
    }

    @Test(arguments: [0.01, 0.05, 0.3])
    func theTargetIsMet(amplitude: Double) throws {
        let (sound, change) = Loudness.normalized(sine(frequency: 200, amplitude: amplitude))
        #expect(abs(try #require(Loudness.gated(sound)) + 23) < 0.05)
        #expect(!change.isLimitedByPeak)
        #expect(abs(change.gain - (20 * log10(0.1 / amplitude))) < 0.1)
    }

    @Test func thePeakHoldsTheGainBack() throws {
        // Quiet speech with one loud click.
        var click = sine(frequency: 200, amplitude: 0.02)
        click.samples[5000] = 0.9
        let (sound, change) = Loudness.normalized(click)
        #expect(change.isLimitedByPeak)
        #expect(sound.peak <= 0.95 && sound.peak > 0.949)
        #expect(change.description.hasSuffix("(held back by the peak)"))
    }

    @Test func silenceIsLeftAlone() {
        let quiet = sine(frequency: 200, amplitude: 0.001)
        #expect(Loudness.isSilent(quiet))
        #expect(Loudness.isSilent(Waveform(samples: [], sampleRate: 16000)))
        #expect(!Loudness.isSilent(sine(frequency: 200, amplitude: 0.02)))
        let (sound, change) = Loudness.normalized(quiet)
        #expect(sound == quiet)
        #expect(change.before == nil && change.gain == 0)
        #expect(change.description == "silent, left as it is")
    }

    @Test func clippingIsRunsAtFullScale() {
        #expect(Loudness.clippedShare(sine(frequency: 200, amplitude: 0.99)) == 0)
        // Touching full scale for a sample or two is no clipping.
        #expect(Loudness.clippedShare(Waveform(samples: [0, 1, 1, 0, -1, 0.2], sampleRate: 16000)) == 0)
        #expect(Loudness.clippedShare(Waveform(samples: [0, 1, 1, 1, 0, 0, 0, 0], sampleRate: 16000)) == 3.0 / 8)
        // Overdriven by 6 dB, a sine is at full scale for two thirds of its time.
        let overdriven = sine(frequency: 100, amplitude: 2).samples.map { max(-1, min(1, $0)) }
        let share = Loudness.clippedShare(Waveform(samples: overdriven, sampleRate: 16000))
        #expect(abs(share - 2.0 / 3) < 0.02)
    }
}

@Suite struct SilenceTrimmingTests {
    private func noise(seconds: Double, amplitude: Float) -> [Float] {
        (0..<Int(seconds * 16000)).map { amplitude * Float(($0 * 7919) % 200 - 100) / 100 }
    }

    @Test func silentEndsGoAndAMarginStays() {
        let speech = sine(frequency: 200, amplitude: 0.3, seconds: 1).samples
        // Hiss 60 dB below the speech is silence too.
        let sound = Waveform(
            samples: noise(seconds: 0.5, amplitude: 0.0003) + speech + noise(seconds: 0.8, amplitude: 0.0003),
            sampleRate: 16000)
        let range = SilenceTrimming().soundingRange(sound)
        // Within one frame of 20 ms.
        #expect(abs(range.lowerBound - Int(0.45 * 16000)) <= 320)
        #expect(abs(range.upperBound - Int(1.55 * 16000)) <= 320)
        #expect(range.lowerBound <= Int(0.46 * 16000) && range.upperBound >= Int(1.54 * 16000))
        #expect(firstDifference(SilenceTrimming()(sound).samples, Array(sound.samples[range])) == nil)
    }

    @Test func pausesInsideStay() {
        let word = sine(frequency: 200, seconds: 0.4).samples
        let sound = Waveform(samples: word + silence(seconds: 1) + word, sampleRate: 16000)
        #expect(SilenceTrimming().soundingRange(sound) == 0..<sound.samples.count)
    }

    @Test func nothingRemainsOfDigitalSilence() {
        let sound = Waveform(samples: silence(seconds: 1), sampleRate: 16000)
        #expect(SilenceTrimming()(sound).samples.isEmpty)
        #expect(SilenceTrimming()(Waveform(samples: [], sampleRate: 16000)).samples.isEmpty)
    }
}
