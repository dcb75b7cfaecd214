import Foundation

/// A line of checkpoints and where it begins.
package struct Branch: Sendable, Codable, Equatable {
    package var name: String
    /// nil for the first branch.
    package var parent: CheckpointID?
    package var date: Date?
    /// Why it was begun, e.g. "roll-back"; nil when nobody said.
    package var reason: String?
}

extension CheckpointStore {
    static let branchFileName = "branch.json"

    /// Goes back to a checkpoint: starts a line there and makes it the current one; durable on return, and undone by
    /// `undo`. Without a name the first free of `branch-1`, `branch-2`, … is taken.
    package func newBranch(
        from id: CheckpointID, name: String? = nil, reason: String = "roll-back", date: Date = Date()
    ) throws -> Branch {
        try change {
            _ = try header(id)
            let branch = try addBranch(at: id, name, prefix: "branch", reason: reason, date: date)
            try move(to: Head(branch: branch.name, checkpoint: id), .rollBack, reason: reason, date: date)
            return branch
        }
    }

    /// Makes a branch's folder, without moving `HEAD`.
    func addBranch(at id: CheckpointID?, _ name: String?, prefix: String, reason: String, date: Date) throws -> Branch {
        let names = Set(try fileSystem.names(in: path))
        if let unborn = try unbornBranch(at: id, name, prefix: prefix) { return unborn }
        let chosen = name ?? (1...).lazy.map { "\(prefix)-\($0)" }.first { !names.contains($0) } ?? ""
        guard CheckpointID.isValidBranch(chosen) else { throw CheckpointError.invalidBranch(name: chosen) }
        guard !names.contains(chosen) else { throw CheckpointError.branchExists(name: chosen) }
        let branch = Branch(name: chosen, parent: id, date: date.inWholeSeconds, reason: reason)
        let bytes = try SealedJSON.encode(branch)
        // Built aside and renamed, so that a branch is never seen without where it begins.
        let temporary = temporary(chosen, in: path)
        do {
            try fileSystem.discard(temporary)
            try fileSystem.makeFolder(temporary)
            try fileSystem.writeNewFile("\(temporary)/\(Self.branchFileName)") { writer in
                try bytes.withUnsafeBytes { try writer.append($0) }
            }
            try fileSystem.syncFolder(temporary)
            try fileSystem.rename(temporary, to: folder(chosen))
            try fileSystem.syncFolder(path)
        } catch {
            try? fileSystem.discard(temporary)
            throw error
        }
        return branch
    }

    /// A branch that begins at the same place and was left behind, before anything went on on it, by an attempt that
    /// failed or was killed.
    private func unbornBranch(at id: CheckpointID?, _ name: String?, prefix: String) throws -> Branch? {
        let moves = (try? self.moves()) ?? []
        return try branches().first { branch in
            guard name.map({ $0 == branch.name }) ?? branch.name.hasPrefix("\(prefix)-"), branch.parent == id,
                branch.date != nil, !moves.contains(where: { $0.to.branch == branch.name })
            else { return false }
            return try ids(branch: branch.name).isEmpty && readHead()?.branch != branch.name
        }
    }

    /// All branches, sorted by name. One whose `branch.json` is lost begins at its first checkpoint's parent.
    package func branches() throws -> [Branch] {
        try branchNames().map { try branch($0) }
    }

    /// One branch; throws when there is no folder of that name.
    package func branch(_ name: String) throws -> Branch {
        guard CheckpointID.isValidBranch(name), try fileSystem.isFolder(folder(name)) else {
            throw CheckpointError.unknownBranch(name: name)
        }
        if let bytes = try? fileSystem.contents(of: "\(folder(name))/\(Self.branchFileName)", limit: 1 << 16),
            let branch = try? SealedJSON.decode(Branch.self, from: bytes, name: Self.branchFileName),
            branch.name == name
        {
            return branch
        }
        let first = try ids(branch: name).lazy.compactMap { try? self.header($0) }.first
        return Branch(
            name: name, parent: first?.parent?.branch == name ? nil : first?.parent, date: first?.date, reason: nil)
    }
}
