import Foundation

extension CheckpointStore {
    /// An empty file of this name inside a checkpoint keeps it from being pruned.
    static let pinName = "pinned"

    package func isPinned(_ id: CheckpointID) -> Bool {
        fileSystem.status(of: "\(folder(id))/\(Self.pinName)") != nil
    }

    /// Keeps a checkpoint from being pruned or deleted, or lets it go again.
    package func setPinned(_ id: CheckpointID, _ isPinned: Bool) throws {
        try requireWriting()
        try writing.withLock {
            _ = try header(id)
            guard self.isPinned(id) != isPinned else { return }
            let path = "\(folder(id))/\(Self.pinName)"
            if isPinned {
                try fileSystem.writeNewFile(path) { _ in }
            } else {
                try fileSystem.remove(path)
            }
            try fileSystem.syncFolder(folder(id))
        }
    }

    /// Deletes a checkpoint; throws for one that is pinned, that `HEAD` names, or that a branch begins at.
    package func delete(_ id: CheckpointID) throws {
        try requireWriting()
        try writing.withLock {
            guard fileSystem.status(of: folder(id)) != nil else { throw CheckpointError.notFound(id: id) }
            if isPinned(id) { throw CheckpointError.inUse(id: id, reason: "it is pinned, unpin it first") }
            if let head = try? readHead(), head.checkpoint == id {
                throw CheckpointError.inUse(id: id, reason: "training stands on it")
            }
            if let branch = try branches().first(where: { $0.parent == id }) {
                throw CheckpointError.inUse(id: id, reason: "branch \(branch.name) begins at it")
            }
            try remove(id)
        }
    }

    /// Deletes all but the newest `count` checkpoints, those that are pinned, the last of each branch, those a branch
    /// begins at, and the one `HEAD` names. Returns what went, or with `dryRun` what would go, oldest first.
    /// A checkpoint whose manifest cannot be read is neither counted nor deleted.
    @discardableResult
    package func prune(keepingLast count: Int, dryRun: Bool = false) throws -> [CheckpointID] {
        try requireWriting()
        return try writing.withLock {
            let listings = try list().filter { $0.header != nil }
            var kept = Set(listings.suffix(max(1, count)).map(\.id))
            kept.formUnion(listings.filter { $0.isPinned || $0.isHead }.map(\.id))
            kept.formUnion(Dictionary(grouping: listings, by: \.id.branch).values.compactMap { $0.map(\.id).max() })
            kept.formUnion(try branches().compactMap(\.parent))
            let leaving = listings.map(\.id).filter { !kept.contains($0) }
            if !dryRun {
                for id in leaving { try remove(id) }
                for branch in try branchNames() {
                    for name in try fileSystem.names(in: folder(branch)) where name.hasPrefix(Self.damagedPrefix) {
                        try discard("\(folder(branch))/\(name)")
                    }
                }
            }
            return leaving
        }
    }

    /// Takes the name away first, so that a crash never leaves a checkpoint with some of its files.
    private func remove(_ id: CheckpointID) throws {
        let doomed = "\(folder(id.branch))/\(Self.deletingPrefix)\(id.folder)-\(getpid())"
        try discard(doomed)
        try fileSystem.rename(folder(id), to: doomed)
        try fileSystem.syncFolder(folder(id.branch))
        try discard(doomed)
    }
}
