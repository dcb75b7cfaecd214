import Audio
import Foundation
import Testing

@Suite struct ResamplerTests {
    @Test(arguments: [(44100, 16000), (48000, 16000), (8000, 16000), (22050, 32000), (16000, 48000), (11025, 16000)])
    func aSineKeepsFrequencyAndLevel(from: Int, to: Int) throws {
        for quality in [Resampler.Quality.high, .veryHigh] {
            let sound = sine(frequency: 1000, amplitude: 0.5, seconds: 1, rate: from)
            let resampled = try Resampler(quality: quality).resample(sound, to: to)
            #expect(resampled.sampleRate == to)
            #expect(resampled.samples.count == to)
            let fit = fitSine(resampled, frequency: 1000, from: 0.1, to: 0.9)
            #expect(abs(fit.amplitude - 0.5) < 1e-3)
            #expect(fit.residual < 1e-4)
        }
    }

    @Test func whatTheNewRateCannotHoldIsGone() throws {
        let sound = sine(frequency: 11000, rate: 44100)
        let resampled = try Resampler().resample(sound, to: 16000)
        #expect(resampled.samples[1600..<14400].allSatisfy { abs($0) < 1e-3 })
    }

    @Test func theSameSoundGivesTheSameSamples() throws {
        let sound = sine(frequency: 777, seconds: 2.3, rate: 44100)
        let first = try Resampler().resample(sound, to: 16000), second = try Resampler().resample(sound, to: 16000)
        #expect(firstDifference(first.samples, second.samples) == nil)
        let unchanged = try Resampler().resample(sound, to: 44100)
        #expect(firstDifference(unchanged.samples, sound.samples) == nil)
    }

    @Test func shortAndEmptySoundsPass() throws {
        #expect(try Resampler().resample(Waveform(samples: [], sampleRate: 44100), to: 16000).samples.isEmpty)
        #expect(try Resampler().resample(Waveform(samples: [0.1], sampleRate: 44100), to: 16000).samples.count == 1)
    }

    @Test func anImpossibleRateIsNamed() {
        do throws(Resampler.Failure) {
            _ = try Resampler().resample(sine(frequency: 100), to: 0)
            Issue.record("0 Hz was reached")
        } catch {
            let expected = "Sound at 16000 Hz cannot be converted to 0 Hz: a sample rate must be above 0."
            #expect(error.description == expected)
        }
    }
}
