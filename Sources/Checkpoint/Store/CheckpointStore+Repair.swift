import Foundation

/// What looking at a checkpoint whole came to.
package enum Soundness: Sendable, Equatable {
    case sound
    /// Files that were hurt and were put right from another physical copy, and what was wrong with them.
    case repaired(files: [String], defects: [String])
    /// Every defect that is left, each naming file and tensor.
    case damaged(defects: [String])
}

extension CheckpointStore {
    /// Reads a checkpoint whole, and puts right from other copies what is hurt (a reader only looks). It is never set
    /// aside here: that is for `Recovery`. Throws for what is no damage, e.g. `.notFound`.
    /// `isWanted` is told of every piece before it is read; a `CancellationError` ends it as soon as that says no.
    package func check(
        _ id: CheckpointID, while isWanted: @Sendable (_ bytes: Int) -> Bool = { _ in true }
    ) throws -> Soundness {
        do {
            _ = try read(manifest(id), keepsTensors: false, while: isWanted)
            return .sound
        } catch CheckpointError.damaged(_, let found) {
            guard access == .write else { return .damaged(defects: found) }
            do {
                return .repaired(files: try repair(id), defects: found)
            } catch CheckpointError.damaged(_, let defects) {
                return .damaged(defects: defects)
            }
        }
    }

    /// Puts sound copies in the place of a checkpoint's damaged or missing files, taken from checkpoints that hold the
    /// same contents in another physical copy. Returns the names of the files that were replaced, none when all are sound.
    ///
    /// Throws `.damaged` with what is still wrong when a file has no sound copy left; the others are repaired all the
    /// same, and so are other checkpoints that share a hurt copy. The manifest must be sound, since it alone says what the contents should be.
    @discardableResult
    package func repair(_ id: CheckpointID) throws -> [String] {
        let manifest = try manifest(id)
        return try change(needing: manifest.header.bytes) {
            var repaired: [String] = []
            for record in manifest.files where FileRecord.isValidName(record.name) {
                let path = place(id, record.name)
                guard (try? fileSystem.digest(of: path)) != record.digest else { continue }
                let contents = Contents(name: record.name, digest: record.digest)
                let hurt = try fileSystem.status(of: path)?.identity
                let isReplaced = try soundCopies(of: contents, but: id).contains { source in
                    do {
                        return try replace(path, with: source, contents: contents)
                    } catch let error as FileSystemError where error.path == source {
                        return false  // this copy cannot be read either
                    }
                }
                guard isReplaced else { continue }
                repaired.append(record.name)
                if let hurt { try share(path, insteadOf: hurt, contents, but: id) }
            }
            if !repaired.isEmpty { try fileSystem.syncFolder(folder(id)) }
            try verify(id)
            return repaired
        }
    }

    /// Links a repaired file into the other checkpoints that shared the copy that was hurt.
    private func share(
        _ path: String, insteadOf hurt: FileStatus.Identity, _ contents: Contents, but id: CheckpointID
    ) throws {
        for copy in try copies()[contents] ?? [] where copy.id != id && copy.status.identity == hurt {
            let temporary = temporary(contents.name, in: folder(copy.id))
            try fileSystem.discard(temporary)
            guard (try? fileSystem.link(path, to: temporary)) != nil else { continue }  // repaired when it is looked at
            try fileSystem.rename(temporary, to: place(copy.id, contents.name))
            try fileSystem.syncFolder(folder(copy.id))
        }
    }

    /// Paths in other checkpoints that should hold these contents in another physical copy, the newest first.
    private func soundCopies(of contents: Contents, but id: CheckpointID) throws -> [String] {
        let damaged = try fileSystem.status(of: place(id, contents.name))?.identity
        return (try copies()[contents] ?? []).reversed()
            .filter { $0.id != id && $0.status.identity != damaged }.map { place($0.id, contents.name) }
    }

    // MARK: Setting aside

    private static let damagedInfix = ".damaged-"

    /// The first free of `NAME.damaged-1`, `NAME.damaged-2`, …
    func damagedName(for path: String) throws -> String {
        let names = Set(try fileSystem.names(in: (path as NSString).deletingLastPathComponent))
        let name = (path as NSString).lastPathComponent
        let number = (1...).first { !names.contains("\(name)\(Self.damagedInfix)\($0)") } ?? 0
        return "\(path)\(Self.damagedInfix)\(number)"
    }

    func setAsideFile(_ path: String) throws {
        try fileSystem.rename(path, to: try damagedName(for: path))
    }

    /// Takes a damaged checkpoint's name away and keeps all that is left of it beside; returns the new name, e.g.
    /// `main/g_0000140.damaged-1`. Nothing ever deletes that.
    package func setAside(_ id: CheckpointID) throws -> String {
        try change {
            let place = try damagedName(for: folder(id))
            try fileSystem.rename(folder(id), to: place)
            try fileSystem.syncFolder(folder(id.branch))
            return "\(id.branch)/\((place as NSString).lastPathComponent)"
        }
    }

    /// The names of all that was set aside, e.g. `main/g_0000140.damaged-1`: for a person to look at and remove.
    package func listSetAside() throws -> [String] {
        try branchNames().flatMap { branch in
            try fileSystem.names(in: folder(branch)).filter { $0.contains(Self.damagedInfix) }.map { "\(branch)/\($0)" }
        }
    }
}
