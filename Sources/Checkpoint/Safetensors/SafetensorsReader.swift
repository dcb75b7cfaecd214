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
        let reader = try FileReader(fileSystem, path)
        guard reader.isPlain else { throw SafetensorsDefect(reason: "it is not a plain file") }
        let size = reader.size
        // A sparse file can claim any length, and reading it would fill the memory with nothing.
        if keepsTensors, size > Self.memoryLimit {
            throw CheckpointError.outOfMemory(bytes: size, purpose: "the tensors of \(name)")
        }

        let stream = try DigestStream()
        let tensorStream = try DigestStream()
        /// Hands on the next bytes piece by piece, hashing them while they are in the processor's cache.
        func pass(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws {
            tensorStream.reset()
            var left = count
            while left > 0 {
                let wanted = min(left, AlignedBuffer.piece)
                guard isWanted(wanted) else { throw CancellationError() }
                let piece = try reader.next(wanted)
                guard !piece.isEmpty else { throw SafetensorsDefect(reason: "it became shorter while it was read") }
                stream.update(piece)
                tensorStream.update(piece)
                body(piece)
                left -= piece.count
            }
        }
        func take(_ count: Int) throws -> [UInt8] {
            try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                let target = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
                try pass(count) { piece in
                    UnsafeMutableRawBufferPointer(rebasing: target[filled...]).copyMemory(from: piece)
                    filled += piece.count
                }
            }
        }

        guard size >= 8 else {
            throw SafetensorsDefect(reason: "it is truncated: \(size) bytes are too few for a header")
        }
        let declared = try take(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard declared <= UInt64(SafetensorsHeader.lengthLimit), declared <= UInt64(size - 8) else {
            throw SafetensorsDefect(reason: "its header claims \(declared) bytes in a file of \(size)")
        }
        let length = Int(declared)
        let header = try SafetensorsHeader(json: try take(length), bodyLength: size - 8 - length)

        var tensors: [TensorImage] = []
        var digests: [(name: String, digest: Digest)] = []
        for entry in header.entries {
            if keepsTensors {
                tensors.append(
                    TensorImage(
                        name: entry.name, type: entry.type, shape: entry.shape, bytes: try take(entry.range.count)))
            } else {
                try pass(entry.range.count) { _ in }
            }
            digests.append((entry.name, tensorStream.digest))
        }
        return SafetensorsContents(
            file: StateFile(name: name, tensors: tensors, metadata: header.metadata), digest: stream.digest,
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

    /// Writes a file durably under a new name; throws when there is one of that name already.
    package static func write(_ file: StateFile, to url: URL, fileSystem: FileSystem = FileSystem()) throws {
        let prepared = try PreparedFile(file)
        try fileSystem.writeNewFile(url.path, length: prepared.bytes) { try prepared.write(to: $0) }
    }
}
