import Foundation

/// The one way from here to the disk: retries EINTR, finishes short reads and writes, names what failed.
package struct FileSystem: Sendable {
    package let calls: SystemCalls

    package init(calls: SystemCalls = .system) {
        self.calls = calls
    }

    /// Repeats a call while a signal interrupts it; throws with the operation and path when it fails.
    @discardableResult
    func check(_ operation: String, _ path: String, _ call: () -> Int) throws -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            if result == -Int(EINTR) { continue }
            throw FileSystemError(operation: operation, path: path, code: Int32(-result))
        }
    }

    // MARK: Folders and names

    /// Makes a folder; true when it was not there before.
    @discardableResult
    func makeFolder(_ path: String) throws -> Bool {
        do {
            try check("make the folder", path) { calls.mkdir(path, 0o755) }
            return true
        } catch let error as FileSystemError where error.code == EEXIST {
            return false
        }
    }

    func rename(_ from: String, to: String) throws {
        try check("rename to \(to)", from) { calls.rename(from, to) }
    }

    func link(_ from: String, to: String) throws {
        try check("link", to) { calls.link(from, to) }
    }

    func remove(_ path: String) throws {
        try check("remove", path) { calls.unlink(path) }
    }

    /// Removes a file, or a folder of plain files; nothing when there is none.
    ///
    /// A folder may be a checkpoint whose new name is not durable yet: its entry is synced before its files go, so that
    /// a power loss never leaves the old name on a folder with some of its files.
    func discard(_ path: String) throws {
        guard let status = try status(of: path) else { return }
        guard status.isFolder else { return try remove(path) }
        try syncFolder((path as NSString).deletingLastPathComponent)
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        try check("remove the folder", path) { calls.rmdir(path) }
    }

    /// Makes the entries of a folder durable.
    func syncFolder(_ path: String) throws {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        try check("sync the folder", path) { calls.fsync(descriptor) }
    }

    /// The names in a folder, sorted; none when there is no such folder.
    func names(in path: String) throws -> [String] {
        do {
            return try calls.list(path).get().filter { $0 != "." && $0 != ".." }.sorted()
        } catch {
            if error.code == ENOENT { return [] }
            throw FileSystemError(operation: "list", path: path, code: error.code)
        }
    }

    /// What stands at a path, nil when nothing does. That it cannot be known is an error, not an absence.
    func status(of path: String) throws -> FileStatus? {
        do {
            return try calls.status(path).get()
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw FileSystemError(operation: "look at", path: path, code: error.code)
        }
    }

    func status(ofOpen descriptor: Int32, path: String) throws -> FileStatus {
        do {
            return try calls.statusOfOpen(descriptor).get()
        } catch {
            throw FileSystemError(operation: "look at", path: path, code: error.code)
        }
    }

    func isFolder(_ path: String) throws -> Bool { try status(of: path)?.isFolder == true }

    /// Bytes that may still be written where a path is, nil when the system does not say.
    func freeBytes(at path: String) -> Int? {
        let free = calls.freeBytes(path)
        return free < 0 ? nil : free
    }

    // MARK: Files

    func open(_ path: String, _ flags: Int32) throws -> Int32 {
        Int32(try check("open", path) { calls.open(path, flags | O_CLOEXEC, 0o644) })
    }

    /// The hash of a file's contents as the disk has them, in constant memory.
    func digest(of path: String) throws -> Digest {
        let reader = try FileReader(self, path)
        let stream = try DigestStream()
        while true {
            let bytes = try reader.next(AlignedBuffer.largest)
            if bytes.isEmpty { return stream.digest }
            stream.update(bytes)
        }
    }

    func close(_ descriptor: Int32) {
        _ = calls.close(descriptor)  // never again after EINTR: the number may belong to someone else by then
    }

    /// Fills the buffer from where the file stands; fewer bytes only at its end.
    func read(_ descriptor: Int32, path: String, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count, let base = buffer.baseAddress {
            let count = try check("read", path) { calls.read(descriptor, base + filled, buffer.count - filled) }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// A whole small file; refuses one longer than `limit` before reading any of it.
    func contents(of path: String, limit: Int) throws -> [UInt8] {
        let descriptor = try open(path, O_RDONLY)
        defer { close(descriptor) }
        let status = try status(ofOpen: descriptor, path: path)
        guard status.isPlain, status.bytes <= limit else {
            throw FileSystemError(operation: "read", path: path, code: EFBIG)
        }
        let size = status.bytes
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let target = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: size)
            count = try read(descriptor, path: path, into: target)
        }
    }

    /// Writes a new file fully and makes its contents (not yet its name) durable.
    ///
    /// After a failed fsync the pages may be marked clean though they never reached the disk, so the same file is
    /// never synced again: it is removed, and the bytes are written once more into a new one. So is a file that is not
    /// as long as what was written.
    func writeNewFile(_ path: String, length: Int = 64 << 10, _ body: (FileWriter) throws -> Void) throws {
        for attempt in 1...2 {
            let descriptor = try open(path, O_WRONLY | O_CREAT | O_EXCL)
            do {
                defer { close(descriptor) }
                let writer = FileWriter(fileSystem: self, descriptor: descriptor, path: path, length: length)
                try body(writer)
                try writer.flush()
                try check("sync", path) { calls.fsync(descriptor) }
                guard try status(ofOpen: descriptor, path: path).bytes == writer.written else {
                    throw FileSystemError(operation: "sync", path: path, code: EIO)
                }
                return
            } catch let error as FileSystemError where error.operation == "sync" && attempt == 1 && !error.isOutOfSpace
            {
                try remove(path)
            }
        }
    }

    /// Replaces a small file so that a reader sees the old or the new contents, and the new ones are durable on return.
    package func replaceFile(_ path: String, with bytes: [UInt8]) throws {
        let folder = (path as NSString).deletingLastPathComponent
        let temporary = "\(folder)/\(FileSystem.temporaryPrefix)\((path as NSString).lastPathComponent)-\(getpid())"
        try discard(temporary)
        do {
            try writeNewFile(temporary) { writer in try bytes.withUnsafeBytes { try writer.append($0) } }
            try rename(temporary, to: path)
        } catch {
            try? remove(temporary)
            throw error
        }
        try syncFolder(folder)
    }

    /// Every name that a crash may leave behind begins so; a writer removes them when it opens a store.
    static let temporaryPrefix = ".saving-"
}
