import Foundation

/// What one pass over a safetensors file found.
struct SafetensorsContents {
    var file: StateFile
    var digest: Digest
    var tensorDigests: [(name: String, digest: Digest)]
}

/// Reads a safetensors file front to back, once, hashing the file and each tensor on the way.
struct SafetensorsReader {
    let fileSystem: FileSystem
    /// False to hash only, in constant memory; the tensors are then empty.
    var keepsTensors = true

    /// A file that does not fit this machine's memory is not read into it.
    private static let memoryLimit = Int(clamping: ProcessInfo.processInfo.physicalMemory)

    /// Throws `SafetensorsDefect` for contents and `FileSystemError` for the disk. Nothing is allocated before it is
    /// known that the file is long enough to fill it.
    func read(
        _ path: String, name: String, while isWanted: @Sendable (_ bytes: Int) -> Bool = { _ in true }
    ) throws -> SafetensorsContents {
        try withoutActuallyEscaping(isWanted) { try contents(of: path, name: name, while: $0) }
    }

    private func contents(
        of path: String, name: String, while isWanted: @escaping @Sendable (_ bytes: Int) -> Bool
    ) throws -> SafetensorsContents {
        let stream = try SafetensorsStream(fileSystem, path, while: isWanted)
        // A sparse file can claim any length, and reading it would fill the memory with nothing.
        if keepsTensors, stream.size > Self.memoryLimit {
            throw CheckpointError.outOfMemory(bytes: stream.size, purpose: "the tensors of \(name)")
        }

        var tensors: [TensorImage] = []
        var digests: [(name: String, digest: Digest)] = []
        for entry in stream.header.entries {
            if keepsTensors {
                tensors.append(
                    TensorImage(
                        name: entry.name, type: entry.type, shape: entry.shape,
                        bytes: try stream.take(entry.range.count)))
            } else {
                try stream.pass(entry.range.count) { _ in }
            }
            digests.append((entry.name, stream.tensorDigest))
        }
        return SafetensorsContents(
            file: StateFile(name: name, tensors: tensors, metadata: stream.header.metadata), digest: stream.digest,
            tensorDigests: digests)
    }
}

/// Single safetensors files outside a store, for import and export.
package enum Safetensors {
    /// Reads a file; throws one sentence that names it and what is wrong.
    package static func read(_ url: URL, fileSystem: FileSystem = FileSystem()) throws -> StateFile {
        do {
            let contents = try SafetensorsReader(fileSystem: fileSystem).read(url.path, name: url.lastPathComponent)
            return contents.file
        } catch let defect as SafetensorsDefect {
            throw CheckpointError.unreadableFile(path: url.path, reason: defect.reason)
        }
    }

    /// Goes through a file's tensors one after another; `begin` is told what there is, then `body` is given the bytes of
    /// each and their digest. Throws what they throw, else one sentence that names the file and what is wrong.
    package static func stream(
        _ url: URL, fileSystem: FileSystem = FileSystem(),
        begin: (_ metadata: [String: String], _ tensors: [(name: String, type: ScalarType, shape: [Int])]) throws ->
            Void,
        body: (_ index: Int, _ bytes: UnsafeRawBufferPointer, _ digest: Digest) throws -> Void
    ) throws {
        do {
            let stream = try SafetensorsStream(fileSystem, url.path)
            try begin(stream.header.metadata, stream.header.entries.map { ($0.name, $0.type, $0.shape) })
            for (index, entry) in stream.header.entries.enumerated() {
                let bytes = try stream.take(entry.range.count)
                try bytes.withUnsafeBytes { try body(index, $0, stream.tensorDigest) }
            }
        } catch let defect as SafetensorsDefect {
            throw CheckpointError.unreadableFile(path: url.path, reason: defect.reason)
        }
    }

    /// Writes a file durably under a new name; throws when there is one of that name already, unless it is to be replaced.
    /// Under its name stands the whole file or what stood there before.
    package static func write(
        _ file: StateFile, to url: URL, replaces: Bool = false, fileSystem: FileSystem = FileSystem()
    ) throws {
        let prepared = try PreparedFile(file), path = url.standardizedFileURL.path
        if !replaces, try fileSystem.status(of: path) != nil { throw CheckpointError.exists(path: path) }
        let folder = (path as NSString).deletingLastPathComponent
        let temporary = "\(folder)/\(FileSystem.temporaryPrefix)\((path as NSString).lastPathComponent)-\(getpid())"
        try fileSystem.discard(temporary)
        do {
            try fileSystem.writeNewFile(temporary, length: prepared.bytes) { try prepared.write(to: $0) }
            try fileSystem.rename(temporary, to: path)
        } catch {
            try? fileSystem.remove(temporary)
            throw error
        }
        try fileSystem.syncFolder(folder)
    }
}
