import CALSA
import Foundation

/// A loudspeaker, by ALSA: what is mono is the same on both sides of stereo.
///
/// Belongs to the thread that opened it.
final class PlaybackStream: PlaybackSink {
    private let stream: DeviceStream
    private var handle: OpaquePointer { stream.handle }
    var device: String { stream.device }
    var sampleRate: Int { stream.sampleRate }
    var channels: Int { stream.channels }
    var periodFrames: Int { stream.periodFrames }
    var bufferFrames: Int { stream.bufferFrames }

    /// A buffer so long that training on all cores never empties it; silence comes at once all the same, by `drop`.
    private static let times = DeviceStream.Times(period: 40_000, buffer: 500_000)

    static func open(_ device: String, sampleRate: Int) throws(AudioDeviceError) -> PlaybackStream {
        try PlaybackStream(DeviceStream.open(device, .playback, sampleRate: sampleRate, times: times))
    }

    private init(_ stream: DeviceStream) throws(AudioDeviceError) {
        self.stream = stream
        var software: OpaquePointer?
        try stream.check(snd_pcm_sw_params_malloc(&software), .configure)
        defer { snd_pcm_sw_params_free(software) }
        try stream.check(snd_pcm_sw_params_current(handle, software), .configure)
        // Begin with half of it, so that the first period is not also the first to run dry.
        let half = snd_pcm_uframes_t(max(1, bufferFrames / 2))
        try stream.check(snd_pcm_sw_params_set_start_threshold(handle, software, half), .configure)
        try stream.check(snd_pcm_sw_params(handle, software), .configure)
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
        try stream.wait(milliseconds: milliseconds) { (code) throws(AudioDeviceError) in _ = try recovered(from: code) }
    }

    /// After an xrun or a suspend, makes the stream ready again; other errors are final.
    private func recovered(from code: Int32) throws(AudioDeviceError) -> PlaybackStep {
        try stream.check(snd_pcm_recover(handle, code, 1), .play)
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
