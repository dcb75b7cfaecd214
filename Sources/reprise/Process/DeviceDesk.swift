import Audio
import Foundation
import Studio
import Synchronization
import Training

/// Plays clips and records them through ALSA.
final class DeviceDesk: SoundDesk {
    private let device: String
    private let microphone: String
    private let playback = Mutex<Playback?>(nil)
    private let recording = Mutex<Recording?>(nil)

    init(device: String, microphone: String) {
        self.device = device
        self.microphone = microphone
    }

    func play(file path: String) async throws { try await play(AudioFile.read(URL(fileURLWithPath: path))) }

    func play(_ sound: RecordedSound) async throws {
        try await play(Waveform(samples: sound.samples, sampleRate: sound.sampleRate))
    }

    /// - Throws: `AudioDeviceError`.
    private func play(_ waveform: Waveform) async throws {
        let playback = Playback(waveform, device: device)
        self.playback.withLock { old in
            old?.cancel()
            old = playback
        }
        let outcome = await playback.finished()
        self.playback.withLock { if $0 === playback { $0 = nil } }
        if case .failed(let error) = outcome { throw error }
    }

    func stopPlaying() { playback.withLock { $0 }?.cancel() }

    func startRecording(_ heard: @escaping @Sendable (RecorderState.Message) -> Void) {
        let new = Recording(device: microphone) { meter in
            heard(.meter(seconds: meter.seconds, peak: meter.peak))
        } ended: { end in
            switch end {
            case .full(let sound): heard(.full(Self.recorded(sound)))
            case .failed(let error): heard(.failed("\(error)"))
            }
        }
        recording.withLock { old in
            old?.stop()
            old = new
        }
    }

    func stopRecording() -> RecordedSound? {
        recording.withLock { current in
            defer { current = nil }
            return current.map { Self.recorded($0.stop()) }
        }
    }

    private static func recorded(_ sound: Waveform) -> RecordedSound {
        RecordedSound(samples: sound.samples, sampleRate: sound.sampleRate)
    }
}
