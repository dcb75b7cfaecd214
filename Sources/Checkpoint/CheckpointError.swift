import Foundation

/// What can be wrong with checkpoints; each reads as one sentence that says what, where and what to do.
package enum CheckpointError: Error, Sendable, Equatable {
    case invalidID(text: String)
    case invalidBranch(name: String)
    case branchExists(name: String)
    case unknownBranch(name: String)
    case notFound(id: CheckpointID)
    /// A checkpoint that may not be used: every defect found, each naming file and tensor.
    case damaged(id: CheckpointID, defects: [String])
    /// There are checkpoints, and none may be used.
    case noneSound(directory: String, count: Int, newest: CheckpointID, defect: String)
    case diskFull(path: String, needed: Int, free: Int?)
    /// This user's share of the disk is used up.
    case quotaFull(path: String, needed: Int)
    /// The file system became, or is, read-only.
    case readOnlyDisk(path: String)
    /// The disk reports an error (EIO).
    case diskError(path: String, operation: String)
    case inUse(id: CheckpointID, reason: String)
    case invalidTag(name: String)
    case tagExists(name: String, id: CheckpointID)
    case unknownTag(name: String)
    case noteTooLong(limit: Int)
    case nothingToUndo
    case nothingToRedo
    /// Older checkpoints are kept, because a newer one may not be safe.
    case cannotPrune(reason: String)
    case exists(path: String)
    /// An import whose files do not say at which step they are.
    case unknownStep(source: String)
    case invalidImage(reason: String)
    case missingFile(name: String)
    case missingTensor(name: String, file: String)
    case unexpectedTensor(name: String, found: String, wanted: String)
    case unreadablePosition(reason: String)
    case unreadableFile(path: String, reason: String)
    case outOfMemory(bytes: Int, purpose: String)
    case readOnlyStore(directory: String)
    /// Another process trains this voice.
    case locked(path: String, owner: String)
}

extension CheckpointError: CustomStringConvertible, LocalizedError {
    package var errorDescription: String? { description }

    /// True when the state in memory is good and the disk is not ready for it: wait, and try again.
    package var isDiskTrouble: Bool {
        switch self {
        case .diskFull, .quotaFull, .readOnlyDisk, .diskError: true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .invalidID(let text):
            "\"\(text)\" is not a checkpoint: write it as main/g_0000120 or g_0000120"
        case .invalidBranch(let name):
            "\"\(name)\" cannot name a branch: use up to 64 letters, digits, -, _ and ., beginning with a letter or digit"
        case .branchExists(let name): "there is a branch \(name) already: choose another name"
        case .unknownBranch(let name):
            "there is no branch \(name): `reprise checkpoints VOICE list` shows those there are"
        case .notFound(let id):
            "there is no checkpoint \(id): `reprise checkpoints VOICE list` shows those there are"
        case .damaged(let id, let defects): "\(id) is damaged: \(defects.joined(separator: "; "))"
        case .noneSound(let directory, 0, let newest, _):
            "HEAD in \(directory) names \(newest), and there is no checkpoint at all; nothing was changed: restore the "
                + "folder from a copy, or move it away to start afresh"
        case .noneSound(let directory, let count, let newest, let defect):
            (count == 1 ? "the only checkpoint" : "none of the \(count) checkpoints") + " in \(directory) "
                + (count == 1 ? "is damaged" : "is sound") + " (\(newest): \(defect)); nothing was changed: "
                + "restore the folder from a copy, or move it away to start afresh"
        case .diskFull(let path, let needed, let free):
            "no room to save in \(path): \(Self.size(needed)) needed, "
                + (free.map { "\(Self.size($0)) free" } ?? "free space unknown")
                + "; earlier checkpoints are untouched, make room and save again"
        case .quotaFull(let path, let needed):
            "your disk quota is used up, \(Self.size(needed)) needed in \(path); earlier checkpoints are untouched, "
                + "make room or ask for more, and save again"
        case .readOnlyDisk(let path):
            "\(path) is on a read-only file system: make it writable and try again; earlier checkpoints are untouched"
        case .diskError(let path, let operation):
            "the disk reports an error (\(operation) \(path)): look at `dmesg` and copy the voice to another disk; "
                + "earlier checkpoints are untouched"
        case .inUse(let id, let reason): "\(id) cannot be deleted: \(reason)"
        case .invalidTag(let name):
            "\"\(name)\" cannot be a tag: use up to 64 letters, digits, -, _ and ., beginning with a letter or digit"
        case .tagExists(let name, let id): "\(name) is the tag of \(id) already: remove it there or choose another"
        case .unknownTag(let name): "no checkpoint has the tag \(name)"
        case .noteTooLong(let limit): "the note is too long: keep it under \(limit) bytes"
        case .nothingToUndo: "there is no roll-back to undo"
        case .nothingToRedo: "there is no undo to take back"
        case .cannotPrune(let reason): "nothing was removed: \(reason)"
        case .exists(let path): "\(path) is there already: choose another name"
        case .unknownStep(let source): "\(source) does not say at which step it is: give the step"
        case .invalidImage(let reason): "the state cannot be saved: \(reason)"
        case .missingFile(let name): "the checkpoint has no file \(name): it was made by another version of reprise"
        case .missingTensor(let name, let file):
            "\(file) has no tensor \(name): it was made for another configuration"
        case .unexpectedTensor(let name, let found, let wanted):
            "tensor \(name) is \(found) and should be \(wanted): it was made for another configuration"
        case .unreadablePosition(let reason): "position.json does not fit this version of reprise: \(reason)"
        case .unreadableFile(let path, let reason): "\(path) cannot be read: \(reason)"
        case .outOfMemory(let bytes, let purpose):
            "no memory for \(purpose) (\(Self.size(bytes))): close other programs"
        case .readOnlyStore(let directory):
            "\(directory) was opened for reading only: close the other reprise to change it"
        case .locked(let path, let owner):
            "this voice is already open in another reprise (\(owner)): close that one first (its lock is \(path))"
        }
    }

    /// A size in the largest unit that keeps it above one, e.g. `12.3 MB`.
    package static func size(_ bytes: Int) -> String {
        var value = Double(bytes)
        for unit in ["bytes", "kB", "MB", "GB"] {
            if value < 999.5 || unit == "GB" {
                return unit == "bytes" ? "\(bytes) bytes" : String(format: "%.1f %@", value, unit)
            }
            value /= 1000
        }
        return "\(bytes) bytes"
    }
}
