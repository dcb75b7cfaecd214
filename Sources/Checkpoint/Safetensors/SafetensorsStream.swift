import Foundation

/// A safetensors file from front to back: its header, then as many bytes as are asked for, hashed on the way.
///
/// Throws `SafetensorsDefect` for contents and `FileSystemError` for the disk. Nothing is allocated before it is known that
/// the file is long enough to fill it.
final class SafetensorsStream {
    let size: Int
    private(set) var header = SafetensorsHeader(of: StateFile(name: "", tensors: []))
    private let reader: FileReader
    private let whole, tensor: DigestStream
    private let isWanted: @Sendable (_ bytes: Int) -> Bool

    /// Reads the header.
    init(
        _ fileSystem: FileSystem, _ path: String,
        while isWanted: @escaping @Sendable (_ bytes: Int) -> Bool = { _ in true }
    ) throws {
        reader = try FileReader(fileSystem, path)
        size = reader.size
        self.isWanted = isWanted
        (whole, tensor) = (try DigestStream(), try DigestStream())
        guard reader.isPlain else { throw SafetensorsDefect(reason: "it is not a plain file") }
        guard size >= 8 else {
            throw SafetensorsDefect(reason: "it is truncated: \(size) bytes are too few for a header")
        }
        let declared = try take(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard declared <= UInt64(SafetensorsHeader.lengthLimit), declared <= UInt64(size - 8) else {
            throw SafetensorsDefect(reason: "its header claims \(declared) bytes in a file of \(size)")
        }
        let length = Int(declared)
        header = try SafetensorsHeader(json: try take(length), bodyLength: size - 8 - length)
    }

    /// Of all that was read so far.
    var digest: Digest { whole.digest }
    /// Of what the last call read.
    var tensorDigest: Digest { tensor.digest }

    /// Hands on the next bytes piece by piece, hashing them while they are in the processor's cache.
    func pass(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws {
        tensor.reset()
        var left = count
        while left > 0 {
            let wanted = min(left, AlignedBuffer.piece)
            guard isWanted(wanted) else { throw CancellationError() }
            let piece = try reader.next(wanted)
            guard !piece.isEmpty else { throw SafetensorsDefect(reason: "it became shorter while it was read") }
            whole.update(piece)
            tensor.update(piece)
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
}
