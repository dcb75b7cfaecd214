import Foundation

/// Whether the store has room set aside for one save when the disk is full.
package enum ReserveState: Sendable, Equatable {
    /// None was asked for.
    case off
    case ready(bytes: Int)
    /// There is no room for it now.
    case missing(needed: Int, free: Int?)
}

extension CheckpointStore {
    private static let reserveName = "reserve"
    private var reservePath: String { "\(path)/.\(Self.reserveName)" }

    /// Keeps a file of that many bytes, really taken from the disk, to be given up when a save finds no room; 0 for
    /// none. One and a half times the `bytesOnDisk` of a plan is a good size. It is made anew after a save when there is
    /// room, or by `restoreReserve`.
    @discardableResult
    package func setReserve(bytes: Int) throws -> ReserveState {
        reserveBytes.withLock { $0 = max(0, bytes) }
        return try restoreReserve()
    }

    /// Makes the reserve when it is missing and there is room; says how things stand.
    @discardableResult
    package func restoreReserve() throws -> ReserveState {
        guard access == .write else { throw CheckpointError.readOnlyStore(directory: path) }
        return try writing.withLock {
            do {
                return try makeReserve()
            } catch let error as FileSystemError {
                throw explained(error, needed: reserveBytes.withLock { $0 })
            }
        }
    }

    /// How things stand, without changing anything.
    package func reserveState() throws -> ReserveState {
        let wanted = reserveBytes.withLock { $0 }
        if wanted == 0 { return .off }
        guard let status = try reserveStatus(), status.bytes == wanted else {
            return .missing(needed: wanted, free: fileSystem.freeBytes(at: path))
        }
        return .ready(bytes: wanted)
    }

    private func reserveStatus() throws -> FileStatus? {
        try fileSystem.status(of: reservePath).flatMap { $0.isPlain ? $0 : nil }
    }

    /// Bytes that giving up the reserve would free.
    func reservedBytes() -> Int { (try? reserveStatus())?.allocated ?? 0 }

    /// Makes the reserve if it is missing and `leaving` bytes stay free beside it.
    func makeReserve(leaving: Int = 0) throws -> ReserveState {
        let wanted = reserveBytes.withLock { $0 }
        let status = try reserveStatus()
        if let status, status.bytes == wanted, wanted > 0 { return .ready(bytes: wanted) }
        if status != nil {
            try fileSystem.discard(reservePath)
            try fileSystem.syncFolder(path)
        }
        guard wanted > 0 else { return .off }
        let free = fileSystem.freeBytes(at: path)
        guard free.map({ $0 >= wanted + leaving }) ?? true else {
            return .missing(needed: wanted + leaving, free: free)
        }
        let temporary = temporary(Self.reserveName, in: path)
        do {
            try fileSystem.discard(temporary)
            let descriptor = try fileSystem.open(temporary, O_WRONLY | O_CREAT | O_EXCL)
            defer { fileSystem.close(descriptor) }
            try fileSystem.check("reserve \(CheckpointError.size(wanted)) in", temporary) {
                fileSystem.calls.allocate(descriptor, wanted)
            }
            try fileSystem.check("sync", temporary) { fileSystem.calls.fsync(descriptor) }
            try fileSystem.rename(temporary, to: reservePath)
        } catch {
            try? fileSystem.discard(temporary)
            if let error = error as? FileSystemError, error.isOutOfSpace {
                return .missing(needed: wanted, free: fileSystem.freeBytes(at: path))
            }
            throw error
        }
        try fileSystem.syncFolder(path)
        return .ready(bytes: wanted)
    }

    /// Gives the reserve's bytes back to the disk; false when there are none.
    func releaseReserve() throws -> Bool {
        guard try reserveStatus() != nil else { return false }
        try fileSystem.remove(reservePath)
        // Journalling file systems hand the blocks out again only after the removal is committed.
        try fileSystem.syncFolder(path)
        return true
    }

    /// Makes sure that a save has room before a byte is written; true when the reserve was given up for it. Throws
    /// `.diskFull`, and keeps the reserve, when that would not be enough.
    func makeRoom(for plan: SavePlan) throws -> Bool {
        guard let free = plan.free, free < plan.bytesOnDisk else { return false }
        guard plan.fits, try releaseReserve() else {
            throw CheckpointError.diskFull(path: path, needed: plan.bytesOnDisk, free: free)
        }
        return true
    }

    /// Runs a change; when there is no room for it, gives up the reserve and runs it once more, from the beginning and
    /// into new files.
    func withReserve<Outcome>(_ needed: Int, _ body: () throws -> Outcome) throws -> (
        outcome: Outcome, isReserveUsed: Bool
    ) {
        do {
            do {
                return (try body(), false)
            } catch let error as FileSystemError where error.isOutOfSpace {
                guard try releaseReserve() else { throw error }
                do {
                    return (try body(), true)
                } catch let error as FileSystemError where error.isOutOfSpace {
                    // It did not help: keep the room for when it does.
                    if reserveBytes.withLock({ $0 }) > 0 { _ = try? makeReserve() }
                    throw error
                }
            }
        } catch let error as FileSystemError {
            throw explained(error, needed: needed)
        }
    }

    /// The same failure, telling what is needed to go on.
    func explained(_ error: FileSystemError, needed: Int) -> any Error {
        switch error.code {
        case ENOSPC: CheckpointError.diskFull(path: path, needed: needed, free: fileSystem.freeBytes(at: path))
        case EDQUOT: CheckpointError.quotaFull(path: path, needed: needed)
        case EROFS: CheckpointError.readOnlyDisk(path: path)
        case EIO: CheckpointError.diskError(path: error.path, operation: error.operation)
        default: error
        }
    }
}
