import Audio
import Foundation
import Testing

/// ALSA's `file` and `null` devices stand in for a sound card: they have no clock and swallow everything at once.
@Suite struct PlaybackTests {
    @Test func theDeviceGetsEverySample() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("take.raw")
            let sound = sine(frequency: 440, seconds: 1.2345)
            let playback = Playback(sound, device: "file:FILE='\(file.path)',FORMAT=raw")
            #expect(playback.wait() == .finished(.init(frames: sound.samples.count, sampleRate: 16000)))
            let expected = sound.samples.map { Int16(($0 * 32768).rounded()) }
            let received = try Data(contentsOf: file).withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
            #expect(received == expected)
        }
    }
}
