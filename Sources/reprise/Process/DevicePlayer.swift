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
        let playback = Playback(waveform, device: device)
        current.withLock { $0 = playback }
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
