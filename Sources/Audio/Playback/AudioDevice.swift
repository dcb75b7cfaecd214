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

/// A device that could not be opened, set up or written to.
package struct AudioDeviceError: Error, Equatable, CustomStringConvertible, LocalizedError {
    package enum Operation: String, Sendable {
        case open = "opened"
        case configure = "set up"
        case play = "played on"
    }

    package let device: String
    package let operation: Operation
    /// The system's or ALSA's words, without a full stop.
    package let reason: String

    package var description: String {
        "The audio device \"\(device)\" cannot be \(operation.rawValue): \(reason); `reprise doctor` lists the devices."
    }

    package var errorDescription: String? { description }

    init(device: String, operation: Operation, reason: String) {
        self.device = device
        self.operation = operation
        self.reason = reason
    }

    /// - Parameter code: a negative errno or ALSA error.
    init(device: String, operation: Operation, code: Int32) {
        let reason =
            switch -code {
            case ENOENT, ENODEV, ENXIO: "there is no such device"
            case EBUSY: "another program is using it"
            default: lowercasedFirst(String(cString: snd_strerror(code)))
            }
        self.init(device: device, operation: operation, reason: reason)
    }
}
