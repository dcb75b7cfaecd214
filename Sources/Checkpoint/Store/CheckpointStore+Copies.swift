import Foundation

/// Contents of a file, wherever they stand.
struct Contents: Hashable {
    var name: String
    var digest: Digest
}

/// A file that keeps its contents in two physical copies when others go.
struct Relink {
    var contents: Contents
    var bytes: Int
    /// The checkpoint that stays and gets a copy of its own.
    var target: CheckpointID
    /// Those that go and hold such a copy.
    var sources: [CheckpointID]
    /// True when all that stay share one inode; false to look only whether the last one that stays is sound.
    var needsSecondCopy: Bool
}

extension CheckpointStore {
    /// Where a file's contents are already on this disk, for those that need no new copy: unchanged since the parent,
    /// the parent's copy sound, and at least one more physical copy somewhere in the store.
    func linkSources(for files: [PreparedFile], parent: CheckpointID?) -> [String: String] {
        guard let parent, let last = try? savedManifest(parent), let copies = try? copies() else { return [:] }
        let records = Dictionary(last.files.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var sources: [String: String] = [:]
        for file in files {
            guard let record = records[file.name],
                let standing = copies[Contents(name: record.name, digest: record.digest)],
                Set(standing.map(\.status.identity)).count >= 2, (try? file.isEqual(to: record)) == true
            else { continue }
            let source = place(parent, record.name)
            if (try? fileSystem.digest(of: source)) == record.digest { sources[record.name] = source }
        }
        return sources
    }

    /// A checkpoint's manifest, not read again when it is the newest save's.
    private func savedManifest(_ id: CheckpointID) throws -> Manifest {
        if let last = lastManifest.withLock({ $0 }), last.id == id, try outline(id).header == last.header {
            return last
        }
        return try manifest(id)
    }

    /// Every file of every checkpoint by its contents, as far as their lengths are right; the oldest save first.
    func copies() throws -> [Contents: [(id: CheckpointID, status: FileStatus)]] {
        var copies: [Contents: [(id: CheckpointID, status: FileStatus)]] = [:]
        for listing in try list() where listing.header != nil {
            guard let outline = try? outline(listing.id) else { continue }
            for file in outline.files where FileRecord.isValidName(file.name) {
                guard let status = try fileSystem.status(of: place(listing.id, file.name)), status.bytes == file.bytes
                else { continue }
                copies[Contents(name: file.name, digest: file.digest), default: []].append((listing.id, status))
            }
        }
        return copies
    }

    /// What must be done before some checkpoints go, so that contents that several of the others share still stand in
    /// two physical copies, and no last sound copy goes.
    func relinks(leaving: Set<CheckpointID>) throws -> [Relink] {
        let head = try? readHead()?.checkpoint
        return try copies().compactMap { contents, copies in
            let staying = copies.filter { !leaving.contains($0.id) }
            let places = Set(staying.map(\.status.identity))
            let going = copies.filter { leaving.contains($0.id) && !places.contains($0.status.identity) }
            guard places.count == 1, let last = staying.last, staying.count < copies.count else { return nil }
            let needsSecondCopy = staying.count >= 2
            guard needsSecondCopy || !going.isEmpty else { return nil }
            // Not the one that training stands on, when there is a choice.
            let target = staying.last { $0.id != head } ?? last
            return Relink(
                contents: contents, bytes: target.status.bytes, target: target.id, sources: going.map(\.id),
                needsSecondCopy: needsSecondCopy)
        }.sorted { ($0.target, $0.contents.name) < ($1.target, $1.contents.name) }
    }

    func perform(_ relink: Relink) throws {
        let (name, digest) = (relink.contents.name, relink.contents.digest)
        let path = place(relink.target, name)
        guard try relink.needsSecondCopy || fileSystem.digest(of: path) != digest else { return }
        for source in relink.sources where try fileSystem.digest(of: place(source, name)) == digest {
            let temporary = temporary(name, in: folder(relink.target))
            try fileSystem.discard(temporary)
            guard (try? fileSystem.link(place(source, name), to: temporary)) != nil else { continue }
            try fileSystem.rename(temporary, to: path)
            try fileSystem.syncFolder(folder(relink.target))
            return
        }
        // None that goes can be kept by its name alone.
        for source in relink.sources + [relink.target]
        where try replace(path, with: place(source, name), contents: relink.contents) {
            try fileSystem.syncFolder(folder(relink.target))
            return
        }
    }

    /// Puts a new physical copy of a file into a place, but only when it has the right contents; false when it has not.
    func replace(_ path: String, with source: String, contents: Contents) throws -> Bool {
        let temporary = temporary(contents.name, in: (path as NSString).deletingLastPathComponent)
        try fileSystem.discard(temporary)
        do {
            let length = try fileSystem.status(of: source)?.bytes ?? 0
            try fileSystem.writeNewFile(temporary, length: length) { writer in
                let reader = try FileReader(fileSystem, source)
                while true {
                    let bytes = try reader.next(AlignedBuffer.largest)
                    if bytes.isEmpty { break }
                    try writer.append(bytes)
                }
            }
            guard try fileSystem.digest(of: temporary) == contents.digest else {
                try fileSystem.discard(temporary)
                return false
            }
            try fileSystem.rename(temporary, to: path)
            return true
        } catch {
            try? fileSystem.discard(temporary)
            throw error
        }
    }
}
