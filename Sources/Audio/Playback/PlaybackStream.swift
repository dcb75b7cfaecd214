import CALSA
import Foundation

/// One open ALSA playback stream: 16 bits, mono or the same on both sides of stereo, not blocking.
///
/// Belongs to the thread that opened it.
final class PlaybackStream: PlaybackSink {
    let device: String
    let sampleRate: Int
    let channels: Int
    let periodFrames: Int
    let bufferFrames: Int
    private let handle: OpaquePointer

    /// Opens `device` at the rate that it has nearest to `sampleRate`; where it takes neither mono nor stereo of
    /// 16 bits, ALSA's converter is put before it.
    static func open(_ device: String, sampleRate: Int) throws(AudioDeviceError) -> PlaybackStream {
        reprise_alsa_silence()
        do {
            return try PlaybackStream(device, name: device, sampleRate: sampleRate)
        } catch {
            guard error.operation == .configure,
                let converted = try? PlaybackStream("plug:'\(device)'", name: device, sampleRate: sampleRate)
            else { throw error }
            return converted
        }
    }

    private init(_ path: String, name: String, sampleRate: Int) throws(AudioDeviceError) {
        var opened: OpaquePointer?
        let code = snd_pcm_open(&opened, path, SND_PCM_STREAM_PLAYBACK, Int32(SND_PCM_NONBLOCK))
        guard code >= 0, let handle = opened else {
            throw AudioDeviceError(device: name, operation: .open, code: code)
        }
        do {
            let setup = try Self.configure(handle, name: name, sampleRate: sampleRate)
            (self.sampleRate, channels, periodFrames, bufferFrames) = (
                setup.rate, setup.channels, setup.period, setup.buffer
            )
        } catch {
            snd_pcm_close(handle)
            throw error
        }
        self.handle = handle
        device = name
    }

    deinit { snd_pcm_close(handle) }

    private static func configure(
        _ handle: OpaquePointer, name: String, sampleRate: Int
    ) throws(AudioDeviceError) -> (rate: Int, channels: Int, period: Int, buffer: Int) {
        func check(_ code: Int32) throws(AudioDeviceError) {
            if code < 0 { throw AudioDeviceError(device: name, operation: .configure, code: code) }
        }
        var hardware: OpaquePointer?, software: OpaquePointer?
        try check(snd_pcm_hw_params_malloc(&hardware))
        defer { snd_pcm_hw_params_free(hardware) }
        try check(snd_pcm_sw_params_malloc(&software))
        defer { snd_pcm_sw_params_free(software) }

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
        var periodTime: UInt32 = 40_000, bufferTime: UInt32 = 500_000  // µs
        try check(snd_pcm_hw_params_set_buffer_time_near(handle, hardware, &bufferTime, &direction))
        try check(snd_pcm_hw_params_set_period_time_near(handle, hardware, &periodTime, &direction))
        try check(snd_pcm_hw_params(handle, hardware))
        var buffer: snd_pcm_uframes_t = 0, period: snd_pcm_uframes_t = 0
        try check(snd_pcm_hw_params_get_buffer_size(hardware, &buffer))
        try check(snd_pcm_hw_params_get_period_size(hardware, &period, &direction))

        try check(snd_pcm_sw_params_current(handle, software))
        // A buffer so long that training on all cores never empties it; silence comes at once all the same, by `drop`. Begin
        // with half of it, so that the first period is not also the first to run dry.
        try check(snd_pcm_sw_params_set_start_threshold(handle, software, max(1, buffer / 2)))
        try check(snd_pcm_sw_params(handle, software))
        return (Int(rate), Int(channels), max(1, Int(period)), max(1, Int(buffer)))
    }

    /// Offers interleaved frames, at most a period of them.
    func write(_ frames: UnsafePointer<Int16>, count: Int) throws(AudioDeviceError) -> PlaybackStep {
        let result = snd_pcm_writei(handle, frames, snd_pcm_uframes_t(min(count, periodFrames)))
        if result > 0 { return .wrote(result) }
        if result == 0 || result == Int(-EAGAIN) { return .full }
        return try recovered(from: Int32(clamping: result))
    }

    /// Frames between the last one written and the one that is heard; none when the device does not say.
    var delay: Int {
        var frames: snd_pcm_sframes_t = 0
        guard snd_pcm_delay(handle, &frames) >= 0 else { return 0 }
        return max(0, Int(frames))
    }

    func waitForRoom(milliseconds: Int32) throws(AudioDeviceError) -> Bool {
        let result = snd_pcm_wait(handle, milliseconds)
        if result < 0 { _ = try recovered(from: result) }
        return result != 0
    }

    /// After an xrun or a suspend, makes the stream ready again; other errors are final.
    private func recovered(from code: Int32) throws(AudioDeviceError) -> PlaybackStep {
        let result = snd_pcm_recover(handle, code, 1)
        guard result >= 0 else { throw AudioDeviceError(device: device, operation: .play, code: result) }
        return .recovered
    }

    func drain(milliseconds: Int32) -> Bool {
        let result = snd_pcm_drain(handle)
        if result != -EAGAIN || snd_pcm_state(handle) != SND_PCM_STATE_DRAINING { return true }
        Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
        return false
    }

    func drop() { snd_pcm_drop(handle) }
}
