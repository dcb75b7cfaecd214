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
    /// Where the room came from.
    package enum Space: Sendable, Equatable {
        case disk
        /// The disk was full and the reserve was given up: there is no second time until that many bytes are free.
        case savedFromReserve(needed: Int)
    }

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
    package var space = Space.disk
}

extension CheckpointStore {
    /// Writes a checkpoint; on return it is durable and `HEAD` names it.
    ///
    /// Order: temporary folder, each file written and synced, the journal (`syncJournal`, which returns its last row),
    /// manifest, folder, rename, parent folders, `HEAD`. When anything fails the temporary folder is removed, earlier
    /// checkpoints are as they were, and the error says what to do. A step that is saved and sound is only returned.
    /// With `movesHead` false training stays where it is, as for an import. `syncJournal` may be called twice.
    @discardableResult
    package func save(
        _ image: StateImage, as request: SaveRequest, movesHead: Bool = true,
        syncJournal: () throws -> Int? = { nil }
    ) throws -> SavedCheckpoint {
        guard access == .write else { throw CheckpointError.readOnlyStore(directory: path) }
        guard CheckpointID.isValidBranch(request.id.branch) else {
            throw CheckpointError.invalidBranch(name: request.id.branch)
        }
        guard CheckpointID.step(folder: request.id.folder) == request.id.step else {
            throw CheckpointError.invalidID(text: request.id.description)
        }
        let files = try prepare(image)
        return try writing.withLock {
            let id = request.id
            var damage: String?
            if try fileSystem.status(of: folder(id)) != nil {
                do {
                    return try alreadySaved(id, files, movesHead: movesHead)
                } catch let error as CheckpointError {
                    guard case .damaged = error else { throw error }
                    damage = error.description
                }
            }
            let sources = linkSources(for: files, parent: request.parent)
            let plan = try plan(for: files, as: request, linking: sources)
            var isReserveUsed = try makeRoom(for: plan)
            var (saved, isUsed) = try withReserve(plan.bytesOnDisk) {
                try write(
                    files, as: request, linking: sources, replacing: damage != nil, syncJournal: syncJournal)
            }
            isReserveUsed = isReserveUsed || isUsed
            if movesHead {
                let isUsed = try withReserve(plan.bytesOnDisk) { try advanceHead(to: id) }.isReserveUsed
                isReserveUsed = isReserveUsed || isUsed
            }
            saved.replacedDamage = damage
            lastManifest.withLock { $0 = saved.manifest }
            let reserve = reserveBytes.withLock { $0 }
            if isReserveUsed {
                saved.space = .savedFromReserve(needed: reserve + plan.bytesOnDisk)
            } else if reserve > 0 {
                // What was asked for is done; a reserve that cannot be made now is tried again after the next save.
                _ = try? makeReserve(leaving: plan.bytesOnDisk)
            }
            return saved
        }
    }

    func prepare(_ image: StateImage) throws -> [PreparedFile] {
        let files = try image.files.map { try PreparedFile($0) } + image.texts.map { PreparedFile($0) }
        let names = files.map(\.name)
        guard Set(names).count == names.count else {
            throw CheckpointError.invalidImage(reason: "two files have one name")
        }
        for name in names where !FileRecord.isValidName(name) {
            throw CheckpointError.invalidImage(reason: "\"\(name)\" cannot name a file of a checkpoint")
        }
        return files
    }

    private func alreadySaved(
        _ id: CheckpointID, _ files: [PreparedFile], movesHead: Bool
    ) throws -> SavedCheckpoint {
        let manifest = try verify(id)
        let saved = Dictionary(manifest.files.map { ($0.name, $0.digest) }, uniquingKeysWith: { first, _ in first })
        let isReserveUsed = try withReserve(64 << 10) {
            try syncPath(to: id)
            if movesHead { try advanceHead(to: id) }
        }.isReserveUsed
        return SavedCheckpoint(
            manifest: manifest, wasAlreadySaved: true,
            differingFiles: try files.filter { try saved[$0.name] != $0.record().digest }.map(\.name),
            linkedFiles: [], bytesWritten: 0, replacedDamage: nil,
            space: isReserveUsed ? .savedFromReserve(needed: reserveBytes.withLock { $0 }) : .disk)
    }

    /// Makes a checkpoint's name durable, from the inside out.
    func syncPath(to id: CheckpointID) throws {
        try fileSystem.syncFolder(folder(id))
        try fileSystem.syncFolder(folder(id.branch))
        try fileSystem.syncFolder(path)
    }

    private func write(
        _ files: [PreparedFile], as request: SaveRequest, linking sources: [String: String], replacing: Bool,
        syncJournal: () throws -> Int?
    ) throws -> SavedCheckpoint {
        let branchFolder = folder(request.id.branch)
        let temporary = temporary(request.id.folder, in: branchFolder)
        do {
            try fileSystem.makeFolder(branchFolder)
            try fileSystem.discard(temporary)
            try fileSystem.makeFolder(temporary)
            var linked: [String] = []
            for file in files {
                let target = "\(temporary)/\(file.name)"
                if let source = sources[file.name], (try? fileSystem.link(source, to: target)) != nil {
                    linked.append(file.name)
                } else {
                    try fileSystem.writeNewFile(target, length: file.bytes) { try file.write(to: $0) }
                }
            }
            let manifest = try manifest(of: files.map { try $0.record() }, as: request, journalLastRow: syncJournal())
            let manifestBytes = try manifest.encoded()
            try fileSystem.writeNewFile("\(temporary)/\(Manifest.fileName)") { writer in
                try manifestBytes.withUnsafeBytes { try writer.append($0) }
            }
            try fileSystem.syncFolder(temporary)
            try publish(temporary, as: request.id, replacing: replacing)
            let written = files.filter { !linked.contains($0.name) }.reduce(manifestBytes.count) {
                $0 + $1.bytes
            }
            return SavedCheckpoint(
                manifest: manifest, wasAlreadySaved: false, differingFiles: [], linkedFiles: linked,
                bytesWritten: written, replacedDamage: nil)
        } catch {
            try? fileSystem.discard(temporary)
            throw error
        }
    }

    func manifest(of files: [FileRecord], as request: SaveRequest, journalLastRow: Int?) throws -> Manifest {
        Manifest(
            header: ManifestHeader(
                formatVersion: Manifest.formatVersion, id: request.id, sequence: try nextSequence(),
                date: request.date.inWholeSeconds, reason: request.reason, parent: request.parent,
                datasetFingerprint: request.datasetFingerprint, configurationDigest: request.configurationDigest,
                journalLastRow: journalLastRow, bytes: files.reduce(0) { $0 + $1.bytes }, machine: .current),
            files: files)
    }

    /// Gives the finished folder its name. A name that may not be durable is taken back, so that nothing later
    /// mistakes it for a saved checkpoint.
    private func publish(_ temporary: String, as id: CheckpointID, replacing: Bool) throws {
        let final = folder(id)
        let aside = replacing ? try damagedName(for: final) : nil
        if let aside { try fileSystem.rename(final, to: aside) }
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
}

extension FileRecord {
    /// A plain name, so that a manifest can never point outside its own folder.
    static func isValidName(_ name: String) -> Bool {
        CheckpointID.isValidBranch(name) && !CheckpointStore.ownNames.contains(name)
    }
}
