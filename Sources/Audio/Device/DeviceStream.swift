import CALSA

/// One open ALSA stream: 16 bits, mono or two interleaved channels, not blocking.
///
/// Belongs to the thread that opened it.
final class DeviceStream {
    /// Lengths asked for, in µs.
    struct Times {
        var period: UInt32
        var buffer: UInt32
    }

    let device: String
    let direction: AudioDirection
    let handle: OpaquePointer
    let sampleRate: Int
    let channels: Int
    let periodFrames: Int
    let bufferFrames: Int

    /// Opens `device` at the rate that it has nearest to `sampleRate`; where it takes neither mono nor stereo of 16 bits,
    /// ALSA's converter is put between.
    static func open(
        _ device: String, _ direction: AudioDirection, sampleRate: Int, times: Times
    ) throws(AudioDeviceError) -> DeviceStream {
        reprise_alsa_silence()
        do {
            return try DeviceStream(device, name: device, direction, sampleRate: sampleRate, times: times)
        } catch {
            guard error.operation == .configure,
                let converted = try? DeviceStream(
                    "plug:'\(device)'", name: device, direction, sampleRate: sampleRate, times: times)
            else { throw error }
            return converted
        }
    }

    private init(
        _ path: String, name: String, _ direction: AudioDirection, sampleRate: Int, times: Times
    ) throws(AudioDeviceError) {
        var opened: OpaquePointer?
        let stream = direction == .playback ? SND_PCM_STREAM_PLAYBACK : SND_PCM_STREAM_CAPTURE
        let code = snd_pcm_open(&opened, path, stream, Int32(SND_PCM_NONBLOCK))
        guard code >= 0, let handle = opened else {
            throw AudioDeviceError(device: name, direction: direction, operation: .open, code: code)
        }
        do {
            let setup = try Self.configure(handle, sampleRate: sampleRate, times: times) {
                (code) throws(AudioDeviceError) in
                try Self.check(code, .configure, name, direction)
            }
            (self.sampleRate, channels, periodFrames, bufferFrames) = (
                setup.rate, setup.channels, setup.period, setup.buffer
            )
        } catch {
            snd_pcm_close(handle)
            throw error
        }
        self.handle = handle
        self.direction = direction
        device = name
    }

    deinit { snd_pcm_close(handle) }

    private static func configure(
        _ handle: OpaquePointer, sampleRate: Int, times: Times, check: (Int32) throws(AudioDeviceError) -> Void
    ) throws(AudioDeviceError) -> (rate: Int, channels: Int, period: Int, buffer: Int) {
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
        var (periodTime, bufferTime) = (times.period, times.buffer)
        try check(snd_pcm_hw_params_set_buffer_time_near(handle, hardware, &bufferTime, &direction))
        try check(snd_pcm_hw_params_set_period_time_near(handle, hardware, &periodTime, &direction))
        try check(snd_pcm_hw_params(handle, hardware))
        var buffer: snd_pcm_uframes_t = 0, period: snd_pcm_uframes_t = 0
        try check(snd_pcm_hw_params_get_buffer_size(hardware, &buffer))
        try check(snd_pcm_hw_params_get_period_size(hardware, &period, &direction))
        return (Int(rate), Int(channels), max(1, min(Int(period), 1 << 16)), max(1, Int(buffer)))
    }

    /// Throws when a call of ALSA's failed.
    func check(_ code: Int32, _ operation: AudioDeviceError.Operation) throws(AudioDeviceError) {
        try Self.check(code, operation, device, direction)
    }

    private static func check(
        _ code: Int32, _ operation: AudioDeviceError.Operation, _ device: String, _ direction: AudioDirection
    ) throws(AudioDeviceError) {
        guard code < 0 else { return }
        throw AudioDeviceError(device: device, direction: direction, operation: operation, code: code)
    }

    /// Waits until there is room, or sound; false when there was none in time. `recover` is told of an xrun.
    func wait(milliseconds: Int32, recover: (Int32) throws(AudioDeviceError) -> Void) throws(AudioDeviceError) -> Bool {
        let result = snd_pcm_wait(handle, milliseconds)
        if result < 0 { try recover(result) }
        return result != 0
    }
}
