import Checkpoint
import Foundation
import GRDB

/// What can go wrong with a journal; each reads as one sentence.
package enum JournalError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    case missing(path: String)
    case damaged(path: String, reason: String)
    /// `free` is nil when the system does not say.
    case diskFull(path: String, needed: Int, free: Int?)
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
        case .diskFull(let path, let needed, let free):
            "no room to write \(path): \(CheckpointError.size(needed)) needed, "
                + (free.map { "\(CheckpointError.size($0)) free" } ?? "free space unknown") + "; make room on its disk"
        case .readOnly(let path): "\(path) cannot be written: make the file and its folder writable"
        case .failed(let path, let reason): "\(path) cannot be used: \(reason)"
        case .unknownBranch(let name): "the journal knows no branch \(name)"
        }
    }

    /// Thousands of steps: the write-ahead log grows to 4 MB before it goes into the journal itself.
    package static let room = 4 << 20

    /// Turns what SQLite says into a sentence about a file.
    static func wrapping<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DatabaseError {
            let reason = error.message ?? "SQLite error \(error.resultCode.rawValue)"
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: throw JournalError.damaged(path: path, reason: reason)
            case .SQLITE_FULL: throw JournalError.diskFull(path: path, needed: room, free: free(path))
            // A file that cannot be made or made longer on a full disk is told as something else.
            case .SQLITE_IOERR, .SQLITE_CANTOPEN:
                if let free = free(path), free < 1 << 16 {
                    throw JournalError.diskFull(path: path, needed: room, free: free)
                }
                throw JournalError.failed(path: path, reason: reason)
            case .SQLITE_READONLY, .SQLITE_PERM: throw JournalError.readOnly(path: path)
            default: throw JournalError.failed(path: path, reason: reason)
            }
        }
    }

    /// Bytes an ordinary user may still write on the disk of a file.
    private static func free(_ path: String) -> Int? {
        let free = SystemCalls.system.freeBytes((path as NSString).deletingLastPathComponent)
        return free < 0 ? nil : free
    }
}
