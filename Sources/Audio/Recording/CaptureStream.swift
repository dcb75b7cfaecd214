import CALSA

/// One open ALSA capture stream: 16 bits, its channels averaged to one, not blocking.
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

    let device: String
    let sampleRate: Int
    let channels: Int
    let periodFrames: Int
    private let handle: OpaquePointer
    private var frames: [Int16]

    /// Opens `device` at the rate that it has nearest to `sampleRate`; where it gives neither mono nor stereo of 16
    /// bits, ALSA's converter is put behind it.
    static func open(_ device: String, sampleRate: Int) throws(MicrophoneError) -> CaptureStream {
        reprise_alsa_silence()
        do {
            return try CaptureStream(device, name: device, sampleRate: sampleRate)
        } catch {
            guard error.operation == .configure,
                let converted = try? CaptureStream("plug:'\(device)'", name: device, sampleRate: sampleRate)
            else { throw error }
            return converted
        }
    }

    private init(_ path: String, name: String, sampleRate: Int) throws(MicrophoneError) {
        var opened: OpaquePointer?
        let code = snd_pcm_open(&opened, path, SND_PCM_STREAM_CAPTURE, Int32(SND_PCM_NONBLOCK))
        guard code >= 0, let handle = opened else {
            throw MicrophoneError(device: name, operation: .open, code: code)
        }
        do throws(MicrophoneError) {
            let setup = try Self.configure(handle, name: name, sampleRate: sampleRate)
            (self.sampleRate, channels, periodFrames) = (setup.rate, setup.channels, setup.period)
            let started = snd_pcm_start(handle)
            if started < 0 { throw MicrophoneError(device: name, operation: .configure, code: started) }
        } catch {
            snd_pcm_close(handle)
            throw error
        }
        self.handle = handle
        frames = Array(repeating: 0, count: periodFrames * channels)
        device = name
    }

    deinit {
        // Without this, closing may wait for a period.
        snd_pcm_drop(handle)
        snd_pcm_close(handle)
    }

    private static func configure(
        _ handle: OpaquePointer, name: String, sampleRate: Int
    ) throws(MicrophoneError) -> (rate: Int, channels: Int, period: Int) {
        func check(_ code: Int32) throws(MicrophoneError) {
            if code < 0 { throw MicrophoneError(device: name, operation: .configure, code: code) }
        }
        var hardware: OpaquePointer?
        try check(snd_pcm_hw_params_malloc(&hardware))
        defer { snd_pcm_hw_params_free(hardware) }
        try check(snd_pcm_hw_params_any(handle, hardware))
        // Our own resampler is the better one.
        _ = snd_pcm_hw_params_set_rate_resample(handle, hardware, 0)
        try check(snd_pcm_hw_params_set_access(handle, hardware, SND_PCM_ACCESS_RW_INTERLEAVED))
        try check(snd_pcm_hw_params_set_format(handle, hardware, SND_PCM_FORMAT_S16))
        var channels: UInt32 = 1
        if snd_pcm_hw_params_set_channels(handle, hardware, channels) < 0 {
            channels = 2
            try check(snd_pcm_hw_params_set_channels(handle, hardware, channels))
        }
        var rate = UInt32(clamping: sampleRate), direction: Int32 = 0
        try check(snd_pcm_hw_params_set_rate_near(handle, hardware, &rate, &direction))
        // A second of room: nothing is lost while all cores train.
        var periodTime: UInt32 = 20_000, bufferTime: UInt32 = 1_000_000  // µs
        try check(snd_pcm_hw_params_set_buffer_time_near(handle, hardware, &bufferTime, &direction))
        try check(snd_pcm_hw_params_set_period_time_near(handle, hardware, &periodTime, &direction))
        try check(snd_pcm_hw_params(handle, hardware))
        var period: snd_pcm_uframes_t = 0
        try check(snd_pcm_hw_params_get_period_size(hardware, &period, &direction))
        return (Int(rate), Int(channels), max(1, min(Int(period), 1 << 16)))
    }

    /// What the device has, at most a period of it.
    func read() throws(MicrophoneError) -> Step {
        let result = frames.withUnsafeMutableBufferPointer {
            snd_pcm_readi(handle, $0.baseAddress, snd_pcm_uframes_t(periodFrames))
        }
        if result == 0 || result == Int(-EAGAIN) { return .empty }
        guard result > 0 else { return try recovered(from: Int32(clamping: result)) }
        let share = 1 / (32768 * Float(channels))
        return .read(
            (0..<result).map { frame in
                var sum: Float = 0
                for channel in 0..<channels { sum += Float(frames[frame * channels + channel]) }
                return sum * share
            })
    }

    /// Waits for sound; false when none came in time.
    func waitForSound(milliseconds: Int32) throws(MicrophoneError) -> Bool {
        let result = snd_pcm_wait(handle, milliseconds)
        if result < 0 { _ = try recovered(from: result) }
        return result != 0
    }

    /// After an overrun or a suspend, makes the stream ready again; other errors are final.
    private func recovered(from code: Int32) throws(MicrophoneError) -> Step {
        var result = snd_pcm_recover(handle, code, 1)
        if result >= 0, snd_pcm_state(handle) != SND_PCM_STATE_RUNNING { result = snd_pcm_start(handle) }
        guard result >= 0 else { throw MicrophoneError(device: device, operation: .record, code: result) }
        return .recovered
    }
}
