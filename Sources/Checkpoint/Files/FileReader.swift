import Foundation

/// Reads a file front to back in pieces that are hashed while they are in the processor's cache.
///
/// A large file is read past the page cache (O_DIRECT) where the file system can: what comes is what the disk has, the
/// kernel makes no copy of it, and nobody else's cached files are driven out.
final class FileReader {
    let size: Int
    let isPlain: Bool
    private let fileSystem: FileSystem
    private let path: String
    private let descriptor: Int32
    private let buffer: AlignedBuffer
    private var isDirect: Bool
    /// Of the buffer's bytes, those that were not handed out yet.
    private var waiting = 0..<0
    private var read = 0

    init(_ fileSystem: FileSystem, _ path: String) throws {
        self.fileSystem = fileSystem
        self.path = path
        descriptor = try fileSystem.open(path, O_RDONLY)
        do {
            let status = try fileSystem.status(ofOpen: descriptor, path: path)
            (size, isPlain) = (status.bytes, status.isPlain)
        } catch {
            fileSystem.close(descriptor)
            throw error
        }
        buffer = AlignedBuffer(for: size)
        isDirect = size >= AlignedBuffer.directFrom && fileSystem.calls.setDirect(descriptor, true) >= 0
    }

    deinit { fileSystem.close(descriptor) }

    /// The next bytes, at most `limit`, good until the next call; none at the end of the file.
    func next(_ limit: Int) throws -> UnsafeRawBufferPointer {
        if waiting.isEmpty { try fill() }
        let end = min(waiting.upperBound, waiting.lowerBound + limit)
        defer { waiting = end..<waiting.upperBound }
        return UnsafeRawBufferPointer(rebasing: buffer.bytes[waiting.lowerBound..<end])
    }

    private func fill() throws {
        waiting = 0..<0
        // Not one call beyond the end: there, a direct read may be refused for its place.
        while read < size, waiting.count < buffer.bytes.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[waiting.count...])
            guard let base = rest.baseAddress else { return }
            let count: Int
            do {
                count = try fileSystem.check("read", path) { fileSystem.calls.read(descriptor, base, rest.count) }
            } catch let error as FileSystemError where error.code == EINVAL && isDirect {
                // A file system that takes the flag and not the reads, or a short read before.
                isDirect = false
                _ = fileSystem.calls.setDirect(descriptor, false)
                continue
            }
            if count == 0 { return }
            waiting = 0..<(waiting.count + count)
            read += count
        }
    }
}
