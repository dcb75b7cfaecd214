import Audio
import CALSA
import Foundation
import Synchronization
import Testing

/// ALSA's `file` device stands in for a microphone: what it "hears" is a file of samples.
@Suite struct RecordingTests {
    /// What a recording said when it ended by itself.
    private func end(
        device: String, longest: Double, meter: @escaping @Sendable (Recording.Meter) -> Void = { _ in }
    ) async -> Recording.End {
        await withCheckedContinuation { continuation in
            _ = Recording(device: device, sampleRate: 16000, longest: longest, meter: meter) {
                continuation.resume(returning: $0)
            }
        }
    }

    /// A microphone that hears `samples`, by the name it is defined under.
    private func microphone(_ samples: [Int16], _ name: String, in folder: TemporaryFolder, more: String = "") throws {
        let file = folder.url.appendingPathComponent("\(name).raw")
        try samples.withUnsafeBytes { try Data($0).write(to: file) }
        defineDevice(
            """
            pcm.\(name) {
                type file
                slave.pcm { type null }
                file "/dev/null"
                infile "\(file.path)"
                format "raw"
                \(more)
            }
            """)
    }

    @Test func everySampleOfTheMicrophoneArrives() async throws {
        let folder = try TemporaryFolder()
        let sound = sine(frequency: 440, seconds: 1)
        let samples = sound.samples.map { Int16(($0 * 32767).rounded()) }
        try microphone(samples, "test_microphone", in: folder)
        let meters = Mutex<[Recording.Meter]>([])
        let end = await end(device: "test_microphone", longest: 1) { meter in meters.withLock { $0.append(meter) } }
        guard case .full(let heard) = end else {
            Issue.record("\(end)")
            return
        }
        #expect(heard.sampleRate == 16000)
        #expect(firstDifference(heard.samples, samples.map { Float($0) / 32768 }) == nil)
        let seen = meters.withLock { $0 }
        #expect(seen.count >= 10 && seen.allSatisfy { abs($0.peak - 0.5) < 0.01 })
        #expect(seen.map(\.seconds) == seen.map(\.seconds).sorted())
    }

    @Test func stoppingKeepsWhatWasHeardAndSaysNothingMore() async throws {
        // Without an end of its own, the null device is stopped at the first meter.
        let stopped: Waveform = await withCheckedContinuation { continuation in
            let current = Mutex<Recording?>(nil), isDone = Mutex(false)
            let recording = Recording(device: "null", longest: 3600) { _ in
                guard let recording = current.withLock({ $0 }),
                    !isDone.withLock({ was in
                        defer { was = true }; return was
                    })
                else { return }
                continuation.resume(returning: recording.stop())
            } ended: { end in
                Issue.record("\(end)")
            }
            current.withLock { $0 = recording }
        }
        #expect(stopped.duration > 0 && stopped.peak == 0)
    }

    @Test func withoutAMicrophoneThereIsOneSentence() async throws {
        let folder = try TemporaryFolder()
        let log = folder.url.appendingPathComponent("stderr").path
        let file = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600), terminal = dup(2)
        try #require(file >= 0 && terminal >= 0)
        dup2(file, 2)
        let end = await end(device: "no_such_microphone", longest: 1)
        dup2(terminal, 2)
        close(terminal)
        close(file)
        guard case .failed(let error) = end else {
            Issue.record("\(end)")
            return
        }
        #expect(
            error.description
                == "The microphone \"no_such_microphone\" cannot be opened: there is no such device; plug "
                + "one in or name another ALSA device with --microphone.")
        #expect(!(try String(contentsOfFile: log, encoding: .utf8)).contains("ALSA"))
    }
}
