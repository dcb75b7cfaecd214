import Foundation

/// A checkpoint read back, every checksum verified.
package struct LoadedCheckpoint: Sendable {
    package var manifest: Manifest
    package var image: StateImage

    package var id: CheckpointID { manifest.id }
}

extension CheckpointStore {
    /// Reads and verifies a whole checkpoint; throws `.damaged` with every defect, naming files and tensors.
    package func load(_ id: CheckpointID) throws -> LoadedCheckpoint {
        let manifest = try manifest(id)
        let image = try read(manifest, keepsTensors: true)
        return LoadedCheckpoint(manifest: manifest, image: image)
    }

    /// Reads every byte of a checkpoint without keeping any; throws `.damaged` with every defect.
    @discardableResult
    package func verify(_ id: CheckpointID) throws -> Manifest {
        let manifest = try manifest(id)
        _ = try read(manifest, keepsTensors: false)
        return manifest
    }

    /// The texts of a checkpoint alone, verified: position and settings, without a tensor.
    package func texts(of id: CheckpointID) throws -> StateImage {
        var manifest = try manifest(id)
        manifest.files.removeAll { $0.tensors != nil }
        return try read(manifest, keepsTensors: false)
    }

    func read(
        _ manifest: Manifest, keepsTensors: Bool, while isWanted: @Sendable (_ bytes: Int) -> Bool = { _ in true }
    ) throws -> StateImage {
        var files: [StateFile] = []
        var texts: [TextFile] = []
        var defects: [String] = []
        for record in manifest.files {
            do {
                if let tensors = record.tensors {
                    files.append(
                        try readTensors(
                            record, tensors, manifest.id, keepsTensors: keepsTensors, while: isWanted))
                } else {
                    texts.append(try readText(record, manifest.id))
                }
            } catch let defect as FileDefect {
                defects.append("\(record.name)\(defect.reason)")
            } catch let error as FileSystemError where error.code == EIO {
                defects.append("\(record.name) cannot be read: the disk reports an error")
            } catch let error as FileSystemError where error.isNotFound {
                defects.append("\(record.name) is missing")
            }
        }
        guard defects.isEmpty else {
            // To a reader, one that was pruned meanwhile is gone, not hurt.
            if try fileSystem.status(of: place(manifest.id, Manifest.fileName)) == nil {
                throw CheckpointError.notFound(id: manifest.id)
            }
            throw CheckpointError.damaged(id: manifest.id, defects: defects)
        }
        return StateImage(files: files, texts: texts)
    }

    private func readTensors(
        _ record: FileRecord, _ tensors: [TensorRecord], _ id: CheckpointID, keepsTensors: Bool,
        while isWanted: @Sendable (_ bytes: Int) -> Bool
    ) throws -> StateFile {
        let path = try checkedPath(record, id)
        let contents: SafetensorsContents
        do {
            contents = try SafetensorsReader(fileSystem: fileSystem, keepsTensors: keepsTensors)
                .read(path, name: record.name, while: isWanted)
        } catch let defect as SafetensorsDefect {
            throw FileDefect(reason: ": \(defect.reason)")
        }
        if contents.digest == record.digest { return contents.file }
        let found = Dictionary(
            contents.tensorDigests.map { ($0.name, $0.digest) }, uniquingKeysWith: { first, _ in first })
        let hurt = tensors.filter { found[$0.name] != $0.digest }.map(\.name)
        throw FileDefect(reason: Self.mismatch(of: hurt))
    }

    private static func mismatch(of tensors: [String]) -> String {
        switch tensors.count {
        case 0: ", its header does not match its checksum"
        case 1: ", tensor \(tensors[0]) does not match its checksum"
        case 2, 3: ", tensors \(tensors.joined(separator: ", ")) do not match their checksums"
        default: ", tensors \(tensors[0]), \(tensors[1]) and \(tensors.count - 2) more do not match their checksums"
        }
    }

    private func readText(_ record: FileRecord, _ id: CheckpointID) throws -> TextFile {
        let bytes = try fileSystem.contents(of: try checkedPath(record, id), limit: record.bytes)
        guard Digest(of: bytes) == record.digest, let contents = String(validating: bytes, as: UTF8.self) else {
            throw FileDefect(reason: " does not match its checksum")
        }
        return TextFile(name: record.name, contents: contents)
    }

    /// The path of a file that is there and as long as the manifest says.
    private func checkedPath(_ record: FileRecord, _ id: CheckpointID) throws -> String {
        guard FileRecord.isValidName(record.name) else { throw FileDefect(reason: " is not a file of a checkpoint") }
        let path = "\(folder(id))/\(record.name)"
        guard let status = try fileSystem.status(of: path) else { throw FileDefect(reason: " is missing") }
        guard status.bytes == record.bytes else {
            let word = status.bytes < record.bytes ? "is truncated" : "is too long"
            throw FileDefect(reason: " \(word): \(status.bytes) of \(record.bytes) bytes")
        }
        return path
    }
}

/// Why a file may not be believed; reads on after its name.
private struct FileDefect: Error {
    var reason: String
}
