import Foundation
import GRDB

/// What can go wrong with a journal; each reads as one sentence.
package enum JournalError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    case missing(path: String)
    case damaged(path: String, reason: String)
    case diskFull(path: String)
    case readOnly(path: String)
    case failed(path: String, reason: String)
    case unknownBranch(name: String)

    package var errorDescription: String? { description }

    /// True when the state in memory is good and the disk is not ready for it: wait, and try again.
    package var isDiskTrouble: Bool {
        switch self {
        case .diskFull, .readOnly, .failed: true
        case .missing, .damaged, .unknownBranch: false
        }
    }

    package var description: String {
        switch self {
        case .missing(let path): "there is no journal at \(path): train the voice first"
        case .damaged(let path, let reason):
            "\(path) is damaged (\(reason)): move it away to start a new journal, the checkpoints do not depend on it"
        case .diskFull(let path): "no room to write \(path): make room on its disk and go on"
        case .readOnly(let path): "\(path) cannot be written: make the file and its folder writable"
        case .failed(let path, let reason): "\(path) cannot be used: \(reason)"
        case .unknownBranch(let name): "the journal knows no branch \(name)"
        }
    }

    /// Turns what SQLite says into a sentence about a file.
    static func wrapping<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DatabaseError {
            let reason = error.message ?? "SQLite error \(error.resultCode.rawValue)"
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: throw JournalError.damaged(path: path, reason: reason)
            case .SQLITE_FULL: throw JournalError.diskFull(path: path)
            case .SQLITE_READONLY, .SQLITE_PERM: throw JournalError.readOnly(path: path)
            default: throw JournalError.failed(path: path, reason: reason)
            }
        }
    }
}
