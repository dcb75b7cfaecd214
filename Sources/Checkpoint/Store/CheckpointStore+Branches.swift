import Foundation

/// Where training stands: the branch it is on and the last checkpoint of it, or the one the branch begins at.
package struct Head: Sendable, Equatable {
    package var branch: String
    package var checkpoint: CheckpointID

    package init(branch: String, checkpoint: CheckpointID) {
        self.branch = branch
        self.checkpoint = checkpoint
    }
}

/// A line of checkpoints and where it begins.
package struct Branch: Sendable, Codable, Equatable {
    package var name: String
    /// nil for the first branch.
    package var parent: CheckpointID?
    package var date: Date?
}

extension CheckpointStore {
    private var headPath: String { "\(path)/HEAD" }

    /// What `HEAD` names; nil when there is none. Throws `.unreadableFile` when it may not be believed.
    package func readHead() throws -> Head? {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.contents(of: headPath, limit: 4096)
        } catch let error as FileSystemError where error.isNotFound {
            return nil
        }
        // "main main/g_0000140 <checksum of what stands before>"
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 3, CheckpointID.isValidBranch(String(words[0])),
            let checkpoint = try? CheckpointID(parsing: words[1]),
            Digest(hexadecimal: words[2]) == Digest(of: "\(words[0]) \(words[1])")
        else { throw CheckpointError.unreadableFile(path: headPath, reason: "it does not match its checksum") }
        return Head(branch: String(words[0]), checkpoint: checkpoint)
    }

    /// Replaces `HEAD` durably.
    func writeHead(_ head: Head) throws {
        let text = "\(head.branch) \(head.checkpoint)"
        try fileSystem.replaceFile(headPath, with: Array("\(text) \(Digest(of: text))\n".utf8))
    }

    /// Makes `HEAD` name a checkpoint, e.g. when going back to the end of another branch.
    package func setHead(_ head: Head) throws {
        try requireWriting()
        try writing.withLock { try writeHead(head) }
    }

    /// Starts a line at a checkpoint and makes it the current one; durable on return. Without a name the first free of
    /// `branch-1`, `branch-2`, … is taken.
    package func newBranch(from id: CheckpointID, name: String? = nil, date: Date = Date()) throws -> Branch {
        try requireWriting()
        return try writing.withLock {
            _ = try header(id)
            let names = Set(try fileSystem.names(in: path))
            let chosen = name ?? (1...).lazy.map { "branch-\($0)" }.first { !names.contains($0) } ?? ""
            guard CheckpointID.isValidBranch(chosen) else { throw CheckpointError.invalidBranch(name: chosen) }
            guard !names.contains(chosen) else { throw CheckpointError.branchExists(name: chosen) }
            let branch = Branch(
                name: chosen, parent: id,
                date: Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down)))
            let bytes = try SealedJSON.encode(branch)
            // Built aside and renamed, so that a branch is never seen without where it begins.
            let temporary = "\(path)/\(FileSystem.temporaryPrefix)\(chosen)-\(getpid())"
            do {
                try discard(temporary)
                try fileSystem.makeFolder(temporary)
                try fileSystem.writeNewFile("\(temporary)/\(Self.branchFileName)") { writer in
                    try bytes.withUnsafeBytes { try writer.append($0) }
                }
                try fileSystem.syncFolder(temporary)
                try fileSystem.rename(temporary, to: folder(chosen))
                try fileSystem.syncFolder(path)
            } catch {
                try? discard(temporary)
                throw error
            }
            try writeHead(Head(branch: chosen, checkpoint: id))
            return branch
        }
    }

    static let branchFileName = "branch.json"

    /// All branches, sorted by name. One whose `branch.json` is lost begins at its first checkpoint's parent.
    package func branches() throws -> [Branch] {
        try branchNames().map { try branch($0) }
    }

    /// One branch; throws when there is no folder of that name.
    package func branch(_ name: String) throws -> Branch {
        guard CheckpointID.isValidBranch(name), fileSystem.status(of: folder(name))?.isFolder == true else {
            throw CheckpointError.unknownBranch(name: name)
        }
        if let bytes = try? fileSystem.contents(of: "\(folder(name))/\(Self.branchFileName)", limit: 1 << 16),
            let branch = try? SealedJSON.decode(Branch.self, from: bytes, name: Self.branchFileName),
            branch.name == name
        {
            return branch
        }
        let first = try ids(branch: name).lazy.compactMap { try? self.header($0) }.first
        return Branch(name: name, parent: first?.parent?.branch == name ? nil : first?.parent, date: nil)
    }
}
