import Foundation

/// A microphone that could not be opened, set up or read.
package struct MicrophoneError: Error, Equatable, CustomStringConvertible, LocalizedError {
    package enum Operation: String, Sendable {
        case open = "opened"
        case configure = "set up"
        case record = "recorded from"
    }

    package let device: String
    package let operation: Operation
    /// The system's or ALSA's words, without a full stop.
    package let reason: String

    package var description: String {
        "The microphone \"\(device)\" cannot be \(operation.rawValue): \(reason); plug one in or name another ALSA "
            + "device with --microphone."
    }

    package var errorDescription: String? { description }

    init(device: String, operation: Operation, reason: String) {
        self.device = device
        self.operation = operation
        self.reason = reason
    }

    /// - Parameter code: a negative errno or ALSA error.
    init(device: String, operation: Operation, code: Int32) {
        self.init(
            device: device, operation: operation,
            reason: AudioDeviceError(device: device, operation: .open, code: code).reason)
    }
}
