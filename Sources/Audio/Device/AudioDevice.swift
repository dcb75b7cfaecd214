import CALSA
import Foundation

/// A name that ALSA can play on.
package struct AudioDevice: Sendable, Equatable {
    package let name: String
    /// ALSA's words for it, on one line; empty where it has none.
    package let summary: String

    /// All playback devices of this machine's ALSA configuration, `default` first; empty where there are none.
    package static func playbackDevices() -> [AudioDevice] {
        reprise_alsa_silence()
        var hints: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
        guard snd_device_name_hint(-1, "pcm", &hints) >= 0, let hints else { return [] }
        defer { snd_device_name_free_hint(hints) }
        var devices = [AudioDevice]()
        var next = hints
        while let hint = next.pointee {
            next += 1
            // No direction means both.
            guard let name = text(hint, "NAME"), text(hint, "IOID") != "Input" else { continue }
            let summary = text(hint, "DESC")?.split(separator: "\n").joined(separator: ", ") ?? ""
            devices.append(AudioDevice(name: name, summary: summary))
        }
        return devices.filter { $0.name == "default" } + devices.filter { $0.name != "default" }
    }

    /// Opens a device without playing anything, and lets it go again.
    /// - Returns: the rate, in Hz, at which it would play a sound of `sampleRate`.
    package static func probe(_ name: String = "default", sampleRate: Int = 16000) throws(AudioDeviceError) -> Int {
        try PlaybackStream.open(name, sampleRate: sampleRate).sampleRate
    }

    private static func text(_ hint: UnsafeMutableRawPointer, _ key: String) -> String? {
        guard let value = snd_device_name_get_hint(hint, key) else { return nil }
        defer { free(value) }
        return String(cString: value)
    }
}
