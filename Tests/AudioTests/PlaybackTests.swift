import Audio
import CALSA
import Foundation
import Testing

/// ALSA's `file` and `null` devices stand in for a sound card: they have no clock and swallow everything at once.
@Suite struct PlaybackTests {
    private func received(_ file: URL) throws -> [Int16] {
        try Data(contentsOf: file).withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
    }

    @Test func theDeviceGetsEverySample() async throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("take.raw")
        let sound = sine(frequency: 440, seconds: 1.2345)
        let playback = Playback(sound, device: "file:FILE='\(file.path)',FORMAT=raw")
        let outcome = await playback.finished()
        #expect(outcome == .finished(.init(frames: sound.samples.count, sampleRate: 16000)))
        #expect(playback.outcome == playback.wait())
        let expected = sound.samples.map { Int16(($0 * 32768).rounded()) }
        #expect(firstDifference(try received(file), expected) == nil)
    }

    @Test(arguments: [1, 100])
    func aSoundShorterThanAPeriodIsPlayedToo(count: Int) throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("click.raw")
        let sound = Waveform(samples: Array(repeating: 0.5, count: count), sampleRate: 16000)
        let playback = Playback(sound, device: "file:FILE='\(file.path)',FORMAT=raw")
        #expect(playback.wait() == .finished(.init(frames: count, sampleRate: 16000)))
        let frames = try received(file)
        #expect(frames == Array(repeating: 16384, count: count))
    }

    @Test func aCardWithOneRateGetsResampledStereo() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("card.raw")
        defineDevice(
            """
            pcm.test_card_48000 {
                type plug
                slave {
                    pcm { type file format raw file "\(file.path)" slave.pcm { type null } }
                    rate 48000
                    channels 2
                    format S16_LE
                }
            }
            """)
        let sound = sine(frequency: 440, seconds: 0.5)
        #expect(Playback(sound, device: "test_card_48000").wait() == .finished(.init(frames: 24000, sampleRate: 48000)))
        let frames = try received(file)
        try #require(frames.count == 48000)
        let left = stride(from: 0, to: frames.count, by: 2).map { frames[$0] }
        let right = stride(from: 1, to: frames.count, by: 2).map { frames[$0] }
        #expect(firstDifference(left, right) == nil)
        let heard = Waveform(samples: left.map { Float($0) / 32768 }, sampleRate: 48000)
        let fit = fitSine(heard, frequency: 440, from: 0.1, to: 0.4)
        #expect(abs(fit.amplitude - 0.5) < 1e-3 && fit.residual < 1e-3)
    }

    @Test func cancellingStopsInTheMiddle() throws {
        // A pipe that nobody empties makes the device wait, as a card does.
        let folder = try TemporaryFolder()
        let pipe = folder.url.appendingPathComponent("pipe").path
        try #require(mkfifo(pipe, 0o600) == 0)
        let reader = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        try #require(reader >= 0)
        defer { close(reader) }
        let sound = sine(frequency: 440, seconds: 120)
        let playback = Playback(sound, device: "file:FILE='\(pipe)',FORMAT=raw")
        var bytes = [UInt8](repeating: 0, count: 4096), isCancelled = false
        while playback.outcome == nil {
            var event = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, 20) > 0, read(reader, &bytes, bytes.count) > 0, !isCancelled else { continue }
            playback.cancel()
            isCancelled = true
        }
        guard case .cancelled(let progress) = playback.wait() else {
            Issue.record("\(playback.wait())")
            return
        }
        #expect(progress.frames > 0 && progress.frames < sound.samples.count / 2)
    }

    @Test func aMissingDeviceIsOneSentence() {
        let outcome = Playback(sine(frequency: 440), device: "no_such_device").wait()
        guard case .failed(let error) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(
            error.description == "The audio device \"no_such_device\" cannot be opened: there is no such device; "
                + "`reprise doctor` lists the devices.")
    }

    @Test func alsaSaysNothingItself() throws {
        let folder = try TemporaryFolder()
        let log = folder.url.appendingPathComponent("stderr").path
        let file = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600), terminal = dup(2)
        try #require(file >= 0 && terminal >= 0)
        dup2(file, 2)
        _ = Playback(sine(frequency: 440), device: "no_such_device").wait()
        _ = AudioDevice.playbackDevices()
        dup2(terminal, 2)
        close(terminal)
        close(file)
        #expect(!(try String(contentsOfFile: log, encoding: .utf8)).contains("ALSA"))
    }

    @Test func probingTellsTheRateOrTheReason() throws {
        #expect(try AudioDevice.probe("null", sampleRate: 22050) == 22050)
        #expect(throws: AudioDeviceError.self) { try AudioDevice.probe("no_such_device") }
    }

    @Test func theListHasTheNullDevice() {
        #expect(AudioDevice.playbackDevices().contains { $0.name == "null" && !$0.summary.contains("\n") })
    }
}

/// Adds a device to ALSA's configuration in this process.
func defineDevice(_ text: String) {
    var configuration: OpaquePointer?, input: OpaquePointer?
    #expect(snd_config_update_ref(&configuration) >= 0)
    #expect(snd_input_buffer_open(&input, text, text.utf8.count) >= 0)
    #expect(snd_config_load(configuration, input) >= 0)
    snd_input_close(input)
    snd_config_unref(configuration)
}
