import Audio
import Foundation
import Studio
import Synchronization
import Training

/// Plays takes through ALSA.
final class DevicePlayer: AuditionPlayer {
    private let device: String
    private let current = Mutex<Playback?>(nil)

    init(device: String) { self.device = device }

    /// - Throws: `UnplayedTake`, one sentence with the reason and the WAV's path.
    func play(_ take: Take) async throws -> String {
        let waveform = try AudioFile.read(URL(fileURLWithPath: take.path))
        let playback = start(sampleRate: waveform.sampleRate)
        playback.append(waveform.samples)
        return try await finish(playback, of: take)
    }

    /// Begins to play a take that is still being made: append its sound, then `finish`.
    func start(sampleRate: Int) -> Playback {
        let playback = Playback(sampleRate: sampleRate, device: device)
        current.withLock { $0 = playback }
        return playback
    }

    /// Plays what is left of a take that has become one, and says what was heard.
    ///
    /// - Throws: `UnplayedTake`.
    func finish(_ playback: Playback, of take: Take) async throws -> String {
        playback.end()
        defer { current.withLock { if $0 === playback { $0 = nil } } }
        switch await playback.finished() {
        case .finished: return "Played \(take.path)"
        case .cancelled: return "Stopped; the take is \(take.path)"
        case .failed(let error): throw UnplayedTake(reason: "\(error)", path: take.path)
        }
    }

    func stop() { current.withLock { $0 }?.cancel() }
}

/// A take that could not be heard, only kept.
struct UnplayedTake: Error, CustomStringConvertible {
    let reason: String
    let path: String
    var description: String { "\(reason) The take is \(path)" }
}
