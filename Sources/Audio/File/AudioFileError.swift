import Foundation

/// Why a sound file could not be read or written. Each description is one sentence.
package enum AudioFileError: Error, Equatable, CustomStringConvertible, LocalizedError {
    case notFound(path: String)
    /// The system would not let us open or read it.
    case inaccessible(path: String, reason: String)
    /// libsndfile does not recognise it, or finds it damaged.
    case unreadable(path: String, reason: String)
    /// It stops before the length its header names; both in seconds.
    case truncated(path: String, expected: Double, found: Double)
    case empty(path: String)
    /// Seconds.
    case tooLong(path: String, duration: Double, limit: Double)
    /// A sample that is not a number or infinite, and where it is in seconds.
    case nonFinite(path: String, time: Double)
    case unwritable(path: String, reason: String)

    package var description: String {
        switch self {
        case .notFound(let path):
            return "There is no file \(path)."
        case .inaccessible(let path, let reason):
            return "\(path) cannot be opened: \(reason)."
        case .unreadable(let path, let reason):
            return "\(path) is not a sound file that can be read: \(reason)."
        case .truncated(let path, let expected, let found):
            return "\(path) is damaged: it ends after \(seconds(found)) of \(seconds(expected)); copy it again."
        case .empty(let path):
            return "\(path) holds no sound: it has no samples."
        case .tooLong(let path, let duration, let limit):
            return "\(path) lasts \(seconds(duration)), more than the \(seconds(limit)) allowed; cut it into clips."
        case .nonFinite(let path, let time):
            return "\(path) has a sample that is not a number at \(seconds(time)); export it again."
        case .unwritable(let path, let reason):
            return "\(path) cannot be written: \(reason)."
        }
    }

    package var errorDescription: String? { description }
}

private func seconds(_ value: Double) -> String {
    value < 100 ? String(format: "%.2f s", value) : String(format: "%.0f s", value)
}

/// The system's words for an errno, beginning small, as they follow a colon.
func systemReason(_ code: Int32) -> String { lowercasedFirst(String(cString: strerror(code))) }

func lowercasedFirst(_ text: String) -> String {
    let trimmed = text.trimmingCharacters(in: CharacterSet(charactersIn: ". \n"))
    return trimmed.prefix(1).lowercased() + trimmed.dropFirst()
}
