import Foundation

/// Gathers small pieces into large writes.
final class FileWriter {
    private let fileSystem: FileSystem
    private let descriptor: Int32
    private let path: String
    private var buffer: [UInt8] = []
    private static let bufferSize = 1 << 20

    init(fileSystem: FileSystem, descriptor: Int32, path: String) {
        self.fileSystem = fileSystem
        self.descriptor = descriptor
        self.path = path
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        if buffer.count + bytes.count > Self.bufferSize { try flush() }
        if bytes.count > Self.bufferSize {
            try write(bytes)
        } else {
            buffer.append(contentsOf: bytes)
        }
    }

    func flush() throws {
        try buffer.withUnsafeBytes { try write($0) }
        buffer.removeAll(keepingCapacity: true)
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        var written = 0
        while written < bytes.count, let base = bytes.baseAddress {
            let count = try fileSystem.check("write", path) {
                fileSystem.calls.write(descriptor, base + written, bytes.count - written)
            }
            // A regular file takes at least a byte or says why not; anything else would turn forever.
            guard count > 0 else { throw FileSystemError(operation: "write", path: path, code: EIO) }
            written += count
        }
    }
}
