import Foundation

/// Why a speech file cannot be made or used, each in one sentence: what, where, what to do.
package enum SpeechFileError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// A file of something else, or of another version.
    case unusable(path: String, reason: String)
    /// It is there, and `reprise` did not make it.
    case notOurs(path: String)

    package var description: String {
        switch self {
        case .unusable(let path, let reason):
            "\(path) cannot speak, as \(reason): make it anew with `reprise checkpoints VOICE export ID --for synthesis`."
        case .notOurs(let path):
            "\(path) is there already and is no voice for synthesis, so it is not replaced: choose another name."
        }
    }

    package var errorDescription: String? { description }
}
