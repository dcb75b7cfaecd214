import Foundation

extension CheckpointStore {
    /// Puts sound copies in the place of a checkpoint's damaged or missing files, taken from checkpoints that hold the
    /// same contents in another physical copy. Returns the names of the files that were replaced, none when all are sound.
    ///
    /// Throws `.damaged` with what is still wrong when a file has no sound copy left; the others are repaired all the
    /// same. The manifest must be sound, since it alone says what the contents should be.
    @discardableResult
    package func repair(_ id: CheckpointID) throws -> [String] {
        try requireWriting()
        return try writing.withLock {
            let manifest = try manifest(id)
            var repaired: [String] = []
            for record in manifest.files where FileRecord.isValidName(record.name) {
                let path = "\(folder(id))/\(record.name)"
                guard (try? fileSystem.digest(of: path)) != record.digest else { continue }
                if try soundCopies(of: record, but: id).contains(where: { try replace(path, of: id, with: $0, record) })
                {
                    repaired.append(record.name)
                }
            }
            if !repaired.isEmpty { try fileSystem.syncFolder(folder(id)) }
            try verify(id)
            return repaired
        }
    }

    /// Paths in other checkpoints that should hold these contents, the newest first.
    private func soundCopies(of record: FileRecord, but id: CheckpointID) throws -> [String] {
        let damaged = fileSystem.status(of: "\(folder(id))/\(record.name)")
        return try list().reversed().map(\.id).filter { $0 != id }.compactMap { other in
            guard let outline = try? outline(other),
                outline.files.contains(where: { $0.name == record.name && $0.digest == record.digest }),
                let status = fileSystem.status(of: "\(folder(other))/\(record.name)"), status != damaged
            else { return nil }
            return "\(folder(other))/\(record.name)"
        }
    }

    /// Copies a file beside its place, and into it only when the copy has the right checksum; false when it has not.
    private func replace(_ path: String, of id: CheckpointID, with source: String, _ record: FileRecord) throws -> Bool
    {
        let temporary = "\(folder(id.branch))/\(FileSystem.temporaryPrefix)\(record.name)-\(getpid())"
        try discard(temporary)
        do {
            let descriptor = try fileSystem.open(source, O_RDONLY)
            defer { fileSystem.close(descriptor) }
            var buffer = [UInt8](repeating: 0, count: 4 << 20)
            try fileSystem.writeNewFile(temporary) { writer in
                _ = lseek(descriptor, 0, SEEK_SET)  // a second attempt reads it again
                while true {
                    let count = try buffer.withUnsafeMutableBytes { bytes in
                        let count = try fileSystem.read(descriptor, path: source, into: bytes)
                        try writer.append(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                        return count
                    }
                    if count < buffer.count { break }
                }
            }
            guard try fileSystem.digest(of: temporary) == record.digest else {
                try discard(temporary)
                return false
            }
            try fileSystem.rename(temporary, to: path)
            return true
        } catch {
            try? discard(temporary)
            if let error = error as? FileSystemError, error.isOutOfSpace {
                let free = fileSystem.freeBytes(at: self.path)
                throw CheckpointError.diskFull(path: self.path, needed: record.bytes, free: free)
            }
            throw error
        }
    }
}
