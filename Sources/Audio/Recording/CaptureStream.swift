import CALSA

/// A microphone, by ALSA: its channels averaged to one.
///
/// Belongs to the thread that opened it.
final class CaptureStream {
    enum Step {
        /// Samples that the device had, -1 ... 1.
        case read([Float])
        /// It has none yet.
        case empty
        /// It ran over or was suspended, and is ready again; a moment of sound is missing.
        case recovered
    }

    private let stream: DeviceStream
    private var handle: OpaquePointer { stream.handle }
    var sampleRate: Int { stream.sampleRate }
    private var frames: [Int16]

    /// A second of room: nothing is lost while all cores train.
    private static let times = DeviceStream.Times(period: 20_000, buffer: 1_000_000)

    static func open(_ device: String, sampleRate: Int) throws(AudioDeviceError) -> CaptureStream {
        try CaptureStream(DeviceStream.open(device, .capture, sampleRate: sampleRate, times: times))
    }

    private init(_ stream: DeviceStream) throws(AudioDeviceError) {
        self.stream = stream
        frames = Array(repeating: 0, count: stream.periodFrames * stream.channels)
        try stream.check(snd_pcm_start(stream.handle), .configure)
    }

    deinit {
        // Without this, closing may wait for a period.
        snd_pcm_drop(handle)
    }

    /// What the device has, at most a period of it.
    func read() throws(AudioDeviceError) -> Step {
        let result = frames.withUnsafeMutableBufferPointer {
            snd_pcm_readi(handle, $0.baseAddress, snd_pcm_uframes_t(stream.periodFrames))
        }
        if result == 0 || result == Int(-EAGAIN) { return .empty }
        guard result > 0 else { return try recovered(from: Int32(clamping: result)) }
        let channels = stream.channels
        let share = 1 / (32768 * Float(channels))
        return .read(
            (0..<result).map { frame in
                var sum: Float = 0
                for channel in 0..<channels { sum += Float(frames[frame * channels + channel]) }
                return sum * share
            })
    }

    /// Waits for sound; false when none came in time.
    func waitForSound(milliseconds: Int32) throws(AudioDeviceError) -> Bool {
        try stream.wait(milliseconds: milliseconds) { (code) throws(AudioDeviceError) in _ = try recovered(from: code) }
    }

    /// After an overrun or a suspend, makes the stream ready again; other errors are final.
    private func recovered(from code: Int32) throws(AudioDeviceError) -> Step {
        var result = snd_pcm_recover(handle, code, 1)
        if result >= 0, snd_pcm_state(handle) != SND_PCM_STATE_RUNNING { result = snd_pcm_start(handle) }
        try stream.check(result, .record)
        return .recovered
    }
}
