import CALSA
import Foundation

/// A device, or a microphone, that could not be opened, set up, written to or read.
package struct AudioDeviceError: Error, Equatable, CustomStringConvertible, LocalizedError {
    package enum Operation: String, Sendable {
        case open = "opened"
        case configure = "set up"
        case play = "played on"
        case record = "recorded from"
    }

    package let device: String
    package let direction: AudioDirection
    package let operation: Operation
    /// The system's or ALSA's words, without a full stop.
    package let reason: String

    package var description: String {
        switch direction {
        case .playback:
            "The audio device \"\(device)\" cannot be \(operation.rawValue): \(reason); `reprise doctor` lists the devices."
        case .capture:
            "The microphone \"\(device)\" cannot be \(operation.rawValue): \(reason); plug one in or name another ALSA "
                + "device with --microphone."
        }
    }

    package var errorDescription: String? { description }

    init(device: String, direction: AudioDirection, operation: Operation, reason: String) {
        self.device = device
        self.direction = direction
        self.operation = operation
        self.reason = reason
    }

    /// - Parameter code: a negative errno or ALSA error.
    init(device: String, direction: AudioDirection, operation: Operation, code: Int32) {
        let reason =
            switch -code {
            case ENOENT, ENODEV, ENXIO: "there is no such device"
            case EBUSY: "another program is using it"
            default: lowercasedFirst(String(cString: snd_strerror(code)))
            }
        self.init(device: device, direction: direction, operation: operation, reason: reason)
    }
}

/// Where sound goes: to a loudspeaker, or from a microphone.
package enum AudioDirection: Sendable {
    case playback, capture
}
