/// A file of a checkpoint ready to be written: its pieces in order, and what the manifest says of it.
struct PreparedFile {
    let record: FileRecord
    private let pieces: [[UInt8]]

    /// Hashes the tensors in memory, before the disk has had a chance to change them.
    init(_ file: StateFile) throws {
        let names = file.tensors.map(\.name)
        guard Set(names).count == names.count, !names.contains("__metadata__") else {
            throw CheckpointError.invalidImage(reason: "\(file.name) has two tensors of one name")
        }
        let header = SafetensorsHeader(of: file).encoded()
        pieces = [header] + file.tensors.map(\.bytes)
        let stream = try DigestStream()
        for piece in pieces { piece.withUnsafeBytes { stream.update($0) } }
        record = FileRecord(
            name: file.name, bytes: pieces.reduce(0) { $0 + $1.count }, digest: stream.digest,
            tensors: file.tensors.map {
                TensorRecord(name: $0.name, bytes: $0.bytes.count, digest: Digest(of: $0.bytes))
            })
    }

    init(_ text: TextFile) {
        let bytes = Array(text.contents.utf8)
        pieces = [bytes]
        record = FileRecord(name: text.name, bytes: bytes.count, digest: Digest(of: bytes), tensors: nil)
    }

    func write(to writer: FileWriter) throws {
        for piece in pieces { try piece.withUnsafeBytes { try writer.append($0) } }
    }
}
