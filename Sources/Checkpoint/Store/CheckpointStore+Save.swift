import Foundation

/// What a checkpoint is to be called, and what its manifest records beside the files.
package struct SaveRequest: Sendable {
    package var id: CheckpointID
    package var reason: CheckpointReason
    /// The checkpoint this state grew from; nil for a voice's first.
    package var parent: CheckpointID?
    package var datasetFingerprint: String
    package var configurationDigest: String
    package var date: Date

    package init(
        id: CheckpointID, reason: CheckpointReason, parent: CheckpointID?, datasetFingerprint: String,
        configurationDigest: String, date: Date = Date()
    ) {
        self.id = id
        self.reason = reason
        self.parent = parent
        self.datasetFingerprint = datasetFingerprint
        self.configurationDigest = configurationDigest
        self.date = date
    }
}

/// What a save came to.
package struct SavedCheckpoint: Sendable, Equatable {
    package var manifest: Manifest
    /// True when this step was saved before and is sound: nothing was written.
    package var wasAlreadySaved: Bool
    /// Files whose contents are not those of the checkpoint that was already saved; empty for the same state.
    package var differingFiles: [String]
    /// Files shared with an earlier checkpoint by a hard link.
    package var linkedFiles: [String]
    package var bytesWritten: Int
    /// Set when a damaged checkpoint of this ID was moved aside: one sentence with the damage.
    package var replacedDamage: String?
}

extension CheckpointStore {
    /// Writes a checkpoint; on return it is durable and `HEAD` names it.
    ///
    /// Order: temporary folder, each file written and synced, the journal (`syncJournal`, which returns its last row),
    /// manifest, folder, rename, parent folders, `HEAD`. When anything fails the temporary folder is removed, earlier
    /// checkpoints are as they were, and the error says what to do. A step that is saved and sound is only returned.
    @discardableResult
    package func save(
        _ image: StateImage, as request: SaveRequest, syncJournal: () throws -> Int? = { nil }
    ) throws -> SavedCheckpoint {
        try requireWriting()
        let files = try prepare(image)
        return try writing.withLock {
            let id = request.id
            var damage: String?
            if fileSystem.status(of: folder(id)) != nil {
                do {
                    return try alreadySaved(id, files)
                } catch let error as CheckpointError {
                    guard case .damaged = error else { throw error }
                    damage = error.description
                }
            }
            var saved = try write(files, as: request, replacing: damage != nil, syncJournal: syncJournal)
            saved.replacedDamage = damage
            return saved
        }
    }

    private func prepare(_ image: StateImage) throws -> [PreparedFile] {
        let files = try image.files.map { try PreparedFile($0) } + image.texts.map { PreparedFile($0) }
        let names = files.map(\.record.name)
        guard Set(names).count == names.count else {
            throw CheckpointError.invalidImage(reason: "two files have one name")
        }
        for name in names where !FileRecord.isValidName(name) {
            throw CheckpointError.invalidImage(reason: "\"\(name)\" cannot name a file of a checkpoint")
        }
        return files
    }

    private func alreadySaved(_ id: CheckpointID, _ files: [PreparedFile]) throws -> SavedCheckpoint {
        let manifest = try verify(id)
        let saved = Dictionary(manifest.files.map { ($0.name, $0.digest) }, uniquingKeysWith: { first, _ in first })
        try syncPath(to: id)
        try writeHead(Head(branch: id.branch, checkpoint: id))
        return SavedCheckpoint(
            manifest: manifest, wasAlreadySaved: true,
            differingFiles: files.filter { saved[$0.record.name] != $0.record.digest }.map(\.record.name),
            linkedFiles: [], bytesWritten: 0, replacedDamage: nil)
    }

    /// Makes a checkpoint's name durable, from the inside out.
    private func syncPath(to id: CheckpointID) throws {
        try fileSystem.syncFolder(folder(id))
        try fileSystem.syncFolder(folder(id.branch))
        try fileSystem.syncFolder(path)
    }

    private func write(
        _ files: [PreparedFile], as request: SaveRequest, replacing: Bool, syncJournal: () throws -> Int?
    ) throws -> SavedCheckpoint {
        guard CheckpointID.isValidBranch(request.id.branch) else {
            throw CheckpointError.invalidBranch(name: request.id.branch)
        }
        let sources = linkSources(for: files, parent: request.parent)
        let needed = files.filter { sources[$0.record.name] == nil }.reduce(64 << 10) {
            $0 + $1.record.bytes + 160 * ($1.record.tensors?.count ?? 1)
        }
        if let free = fileSystem.freeBytes(at: path), free < needed {
            throw CheckpointError.diskFull(path: path, needed: needed, free: free)
        }
        let branchFolder = folder(request.id.branch)
        let temporary = "\(branchFolder)/\(FileSystem.temporaryPrefix)\(request.id.folder)-\(getpid())"
        do {
            try fileSystem.makeFolder(branchFolder)
            try discard(temporary)
            try fileSystem.makeFolder(temporary)
            var linked: [String] = []
            for file in files {
                let target = "\(temporary)/\(file.record.name)"
                if let source = sources[file.record.name], (try? fileSystem.link(source, to: target)) != nil {
                    linked.append(file.record.name)
                } else {
                    try fileSystem.writeNewFile(target) { try file.write(to: $0) }
                }
            }
            let manifest = Manifest(
                header: ManifestHeader(
                    formatVersion: Manifest.formatVersion, id: request.id, sequence: try nextSequence(),
                    date: Date(timeIntervalSince1970: request.date.timeIntervalSince1970.rounded(.down)),
                    reason: request.reason, parent: request.parent, datasetFingerprint: request.datasetFingerprint,
                    configurationDigest: request.configurationDigest, journalLastRow: try syncJournal(),
                    bytes: files.reduce(0) { $0 + $1.record.bytes }, machine: .current),
                files: files.map(\.record))
            let manifestBytes = try manifest.encoded()
            try fileSystem.writeNewFile("\(temporary)/\(Manifest.fileName)") { writer in
                try manifestBytes.withUnsafeBytes { try writer.append($0) }
            }
            try fileSystem.syncFolder(temporary)
            try publish(temporary, as: request.id, replacing: replacing)
            try writeHead(Head(branch: request.id.branch, checkpoint: request.id))
            let written = files.filter { !linked.contains($0.record.name) }.reduce(manifestBytes.count) {
                $0 + $1.record.bytes
            }
            return SavedCheckpoint(
                manifest: manifest, wasAlreadySaved: false, differingFiles: [], linkedFiles: linked,
                bytesWritten: written, replacedDamage: nil)
        } catch {
            try? discard(temporary)
            if let error = error as? FileSystemError, error.isOutOfSpace {
                throw CheckpointError.diskFull(path: path, needed: needed, free: fileSystem.freeBytes(at: path))
            }
            throw error
        }
    }

    /// Gives the finished folder its name. A name that may not be durable is taken back, so that nothing later
    /// mistakes it for a saved checkpoint.
    private func publish(_ temporary: String, as id: CheckpointID, replacing: Bool) throws {
        let final = folder(id)
        var aside: String?
        if replacing {
            let number = try fileSystem.names(in: folder(id.branch)).count
            let place = "\(folder(id.branch))/\(Self.damagedPrefix)\(id.folder)-\(number)"
            try fileSystem.rename(final, to: place)
            aside = place
        }
        do {
            try fileSystem.rename(temporary, to: final)
        } catch {
            if let aside { try? fileSystem.rename(aside, to: final) }
            throw error
        }
        do {
            try fileSystem.syncFolder(folder(id.branch))
            try fileSystem.syncFolder(path)
        } catch {
            try? fileSystem.rename(final, to: temporary)
            if let aside { try? fileSystem.rename(aside, to: final) }
            throw error
        }
    }

    private func nextSequence() throws -> Int {
        1 + (try list().compactMap { $0.header?.sequence }.max() ?? 0)
    }

    /// Where a file's contents are already on this disk, for those that need no new copy: unchanged since the parent,
    /// the parent's copy sound, and at least one more physical copy somewhere in the store.
    private func linkSources(for files: [PreparedFile], parent: CheckpointID?) -> [String: String] {
        guard let parent, let outline = try? outline(parent) else { return [:] }
        var sources: [String: String] = [:]
        for file in files {
            let record = file.record
            guard outline.files.contains(where: { $0.name == record.name && $0.digest == record.digest }),
                physicalCopies(of: record) >= 2
            else { continue }
            let source = "\(folder(parent))/\(record.name)"
            if (try? fileSystem.digest(of: source)) == record.digest { sources[record.name] = source }
        }
        return sources
    }

    /// Copies of these contents under this name, hard links to one inode counted once.
    func physicalCopies(of record: FileRecord) -> Int {
        var copies: Set<FileStatus> = []
        for listing in (try? list()) ?? [] where listing.header != nil {
            guard let outline = try? outline(listing.id),
                outline.files.contains(where: { $0.name == record.name && $0.digest == record.digest }),
                let status = fileSystem.status(of: "\(folder(listing.id))/\(record.name)"), status.bytes == record.bytes
            else { continue }
            copies.insert(status)
        }
        return copies.count
    }
}

extension FileRecord {
    /// A plain name, so that a manifest can never point outside its own folder.
    static func isValidName(_ name: String) -> Bool {
        CheckpointID.isValidBranch(name) && name != Manifest.fileName && name != CheckpointStore.pinName
    }
}

extension FileSystem {
    /// The hash of a file's contents, in constant memory.
    func digest(of path: String) throws -> Digest {
        let descriptor = try open(path, O_RDONLY)
        defer { close(descriptor) }
        let stream = try DigestStream()
        var buffer = [UInt8](repeating: 0, count: 4 << 20)
        while true {
            let count = try buffer.withUnsafeMutableBytes { bytes in
                let count = try read(descriptor, path: path, into: bytes)
                stream.update(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                return count
            }
            if count < buffer.count { return stream.digest }
        }
    }
}
