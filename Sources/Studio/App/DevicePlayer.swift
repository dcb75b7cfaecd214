import Audio
import Foundation
import Synchronization
import Training

/// Plays sounds through ALSA or another sink, one at a time, each on a thread of its own.
package final class DevicePlayer: AuditionPlayer {
    private let device: String
    private let sink: PlaybackSinkOpener?
    private let current = Mutex<Playback?>(nil)

    /// - Parameter sink: what plays instead of the device.
    package init(device: String, sink: PlaybackSinkOpener? = nil) {
        self.device = device
        self.sink = sink
    }

    /// - Throws: `AudioFileError`, `AudioDeviceError`.
    package func play(_ order: PlaybackOrder, onMove: @escaping @Sendable (Double) -> Void) async throws {
        let waveform = try AudioFile.read(URL(fileURLWithPath: order.path))
        let playback = Playback(
            waveform, from: Int(order.start * Double(waveform.sampleRate)), isLooping: order.isLooping,
            device: device, sink: sink, onMove: onMove)
        take(playback)
        try await finish(playback)
    }

    package func setLooping(_ isLooping: Bool) { current.withLock { $0 }?.setLooping(isLooping) }

    package func stop() { current.withLock { $0 }?.cancel() }

    /// Begins to play a take that is still being made: append its sound, then `finish`.
    package func start(sampleRate: Int) -> Playback {
        let playback = Playback(sampleRate: sampleRate, device: device)
        take(playback)
        return playback
    }

    /// Waits until all of it was heard or it was stopped; false when it was stopped.
    ///
    /// - Throws: `AudioDeviceError`.
    @discardableResult
    package func finish(_ playback: Playback) async throws -> Bool {
        playback.end()
        defer { current.withLock { if $0 === playback { $0 = nil } } }
        switch await playback.finished() {
        case .finished: return true
        case .cancelled: return false
        case .failed(let error): throw error
        }
    }

    private func take(_ playback: Playback) {
        let earlier = current.withLock { current in
            defer { current = playback }
            return current
        }
        earlier?.cancel()
    }
}
