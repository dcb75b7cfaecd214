import Foundation

/// Gathers pieces into large writes.
///
/// A large file is written past the page cache (O_DIRECT) where the file system can: a copy of gigabytes into fresh pages
/// takes several times the processor time of everything else a save does, and drives out what others have cached. The end
/// of the file, less than a page, goes the usual way.
final class FileWriter {
    private let fileSystem: FileSystem
    private let descriptor: Int32
    private let path: String
    private let buffer: AlignedBuffer
    private var filled = 0
    private var isDirect: Bool
    /// Bytes that the system said it has taken.
    private(set) var written = 0

    /// - Parameter length: of the file, as far as it is known; more or less may be appended.
    init(fileSystem: FileSystem, descriptor: Int32, path: String, length: Int = 64 << 10) {
        self.fileSystem = fileSystem
        self.descriptor = descriptor
        self.path = path
        buffer = AlignedBuffer(for: length)
        isDirect = length >= AlignedBuffer.directFrom && fileSystem.calls.setDirect(descriptor, true) >= 0
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = min(rest.count, buffer.bytes.count - filled)
            UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[filled..<(filled + count)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            filled += count
            rest = rest.dropFirst(count)
            if filled == buffer.bytes.count { try write(0..<filled) }
        }
    }

    /// Writes what is left; the file is then as long as all that was appended.
    func flush() throws {
        if isDirect {
            let whole = filled / AlignedBuffer.alignment * AlignedBuffer.alignment
            let end = filled
            try write(0..<whole)
            leaveDirect()
            try write(whole..<end)
        } else {
            try write(0..<filled)
        }
    }

    private func write(_ range: Range<Int>) throws {
        var next = range.lowerBound
        while next < range.upperBound, let base = buffer.bytes.baseAddress {
            let count: Int
            do {
                count = try fileSystem.check("write", path) {
                    fileSystem.calls.write(descriptor, base + next, range.upperBound - next)
                }
            } catch let error as FileSystemError where error.code == EINVAL && isDirect {
                // A file system that takes the flag and not the writes, or a short write before.
                leaveDirect()
                continue
            }
            // A regular file takes at least a byte or says why not; anything else would turn forever.
            guard count > 0 else { throw FileSystemError(operation: "write", path: path, code: EIO) }
            next += count
            written += count
        }
        filled = 0
    }

    private func leaveDirect() {
        guard isDirect else { return }
        isDirect = false
        _ = fileSystem.calls.setDirect(descriptor, false)
    }
}
