import Foundation

/// A file of a checkpoint ready to be written: its pieces in order, and what the manifest is to say of it.
///
/// Tensors are hashed in memory, before the disk has had a chance to change them: a piece is read from memory once, and
/// hashed for the file, hashed for the tensor and copied towards the disk while the processor's cache has it.
final class PreparedFile {
    let name: String
    let bytes: Int
    private let pieces: [[UInt8]]
    /// One name for each piece but the first, the header; nil for a text.
    private let tensorNames: [String]?
    private var known: FileRecord?

    init(_ file: StateFile) throws {
        let names = file.tensors.map(\.name)
        guard Set(names).count == names.count, !names.contains("__metadata__") else {
            throw CheckpointError.invalidImage(reason: "\(file.name) has two tensors of one name")
        }
        name = file.name
        pieces = [SafetensorsHeader(of: file).encoded()] + file.tensors.map(\.bytes)
        tensorNames = names
        bytes = pieces.reduce(0) { $0 + $1.count }
    }

    init(_ text: TextFile) {
        let bytes = Array(text.contents.utf8)
        name = text.name
        pieces = [bytes]
        tensorNames = nil
        self.bytes = bytes.count
        known = FileRecord(name: text.name, bytes: bytes.count, digest: Digest(of: bytes), tensors: nil)
    }

    /// What the manifest says; hashes the file unless that is done.
    func record() throws -> FileRecord {
        if known == nil { try hash() }
        return known ?? draft
    }

    /// As long as the record will be, when only its length matters.
    var draft: FileRecord {
        if let known { return known }
        let none = Digest(of: [])
        return FileRecord(
            name: name, bytes: bytes, digest: none,
            tensors: tensorNames.map { names in
                zip(names, pieces.dropFirst()).map { TensorRecord(name: $0, bytes: $1.count, digest: none) }
            })
    }

    /// Whether a file that was saved before has these contents; hashes no further than to the first tensor that differs.
    func isEqual(to saved: FileRecord) throws -> Bool {
        guard saved.bytes == bytes, saved.tensors?.map(\.name) == tensorNames else { return false }
        if known == nil { try hash(whileEqualTo: saved.tensors) }
        return known?.digest == saved.digest
    }

    func write(to writer: FileWriter) throws {
        guard known != nil else { return try hash(writingTo: writer) }
        for piece in pieces { try piece.withUnsafeBytes { try writer.append($0) } }
    }

    /// Goes through all the bytes once; the record is known when it comes to the end.
    private func hash(writingTo writer: FileWriter? = nil, whileEqualTo saved: [TensorRecord]? = nil) throws {
        let whole = try DigestStream()
        let own = try DigestStream()
        var tensors: [TensorRecord] = []
        for (index, piece) in pieces.enumerated() {
            own.reset()
            try piece.withUnsafeBytes { bytes in
                for start in stride(from: 0, to: bytes.count, by: AlignedBuffer.piece) {
                    let end = min(bytes.count, start + AlignedBuffer.piece)
                    let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                    if index > 0 { own.update(part) }
                    whole.update(part)
                    try writer?.append(part)
                }
            }
            guard index > 0, let tensorNames else { continue }
            let record = TensorRecord(name: tensorNames[index - 1], bytes: piece.count, digest: own.digest)
            if let saved, saved[index - 1] != record { return }
            tensors.append(record)
        }
        known = FileRecord(name: name, bytes: bytes, digest: whole.digest, tensors: tensors)
    }
}
