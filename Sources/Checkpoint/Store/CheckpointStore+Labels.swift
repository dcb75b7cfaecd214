import Foundation

/// What the user wrote on a checkpoint.
struct Label: Codable, Equatable {
    /// Each names one checkpoint of the store.
    var tags: [String] = []
    var note: String?
}

extension CheckpointStore {
    /// An empty file of this name inside a checkpoint keeps it from being pruned.
    static let pinName = "pinned"
    static let labelName = "label.json"
    /// Longer notes are refused.
    private static let noteLimit = 4096

    /// True also when it cannot be known: what may be pinned is kept.
    package func isPinned(_ id: CheckpointID) -> Bool {
        do {
            return try fileSystem.status(of: place(id, Self.pinName)) != nil
        } catch {
            return true
        }
    }

    /// Keeps a checkpoint from being pruned or deleted, or lets it go again; durable on return.
    package func setPinned(_ id: CheckpointID, _ isPinned: Bool) throws {
        try change {
            _ = try header(id)
            let path = place(id, Self.pinName)
            if try fileSystem.status(of: path) == nil, isPinned {
                try fileSystem.writeNewFile(path) { _ in }
            } else if !isPinned {
                try fileSystem.discard(path)
            }
            try fileSystem.syncFolder(folder(id))
        }
    }

    // MARK: Tags

    /// Every tag and the checkpoint it names.
    package func tags() throws -> [String: CheckpointID] {
        let pairs = try list().flatMap { listing in listing.tags.map { ($0, listing.id) } }
        return Dictionary(pairs, uniquingKeysWith: { _, newer in newer })
    }

    /// Names a checkpoint; it is kept as a pinned one is. Throws `.tagExists` when the name is another's.
    package func setTag(_ tag: String, on id: CheckpointID) throws {
        try change {
            guard CheckpointID.isValidBranch(tag), CheckpointID.step(folder: tag) == nil else {
                throw CheckpointError.invalidTag(name: tag)
            }
            _ = try header(id)
            if let other = try tags()[tag] {
                guard other == id else { throw CheckpointError.tagExists(name: tag, id: other) }
                return
            }
            var label = try label(of: id)
            label.tags = (label.tags + [tag]).sorted()
            try write(label, on: id)
        }
    }

    /// Forgets a tag; the checkpoint stays. Throws `.unknownTag`.
    package func removeTag(_ tag: String) throws {
        try change {
            guard let id = try tags()[tag] else { throw CheckpointError.unknownTag(name: tag) }
            var label = try label(of: id)
            label.tags.removeAll { $0 == tag }
            try write(label, on: id)
        }
    }

    /// Writes a note on a checkpoint, or with nil takes it off.
    package func setNote(_ note: String?, on id: CheckpointID) throws {
        try change {
            _ = try header(id)
            guard note?.utf8.count ?? 0 <= Self.noteLimit else {
                throw CheckpointError.noteTooLong(limit: Self.noteLimit)
            }
            var label = try label(of: id)
            label.note = note
            try write(label, on: id)
        }
    }

    /// The checkpoint that a person means: an ID, a tag, `HEAD`, or a branch's name for its newest.
    package func resolve(_ text: String) throws -> CheckpointID {
        if text == "HEAD", let head = try readHead() { return head.checkpoint }
        if let id = try? CheckpointID(parsing: text) { return id }
        if let id = try tags()[text] { return id }
        if let id = try list().last(where: { $0.id.branch == text && $0.header != nil })?.id { return id }
        throw CheckpointError.invalidID(text: text)
    }

    // MARK: The file

    /// What is written on a checkpoint; nothing when there is no label. Throws `.unreadableFile` when it is damaged.
    func label(of id: CheckpointID) throws -> Label {
        let path = place(id, Self.labelName)
        do {
            return try SealedJSON.decode(
                Label.self, from: try fileSystem.contents(of: path, limit: 1 << 16), name: Self.labelName)
        } catch let error as FileSystemError where error.isNotFound {
            return Label()
        } catch let defect as SealDefect {
            throw CheckpointError.unreadableFile(path: path, reason: defect.reason)
        }
    }

    private func write(_ label: Label, on id: CheckpointID) throws {
        try fileSystem.replaceFile(place(id, Self.labelName), with: try SealedJSON.encode(label))
    }
}
