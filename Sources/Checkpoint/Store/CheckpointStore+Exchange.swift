import Foundation

/// How a checkpoint is laid out outside a store.
package enum ExportLayout: Sendable {
    /// A folder: one safetensors file a module, the texts, and the manifest.
    case folder
    /// One safetensors file: tensors named `MODULE/TENSOR`, the texts in its `__metadata__`.
    case singleFile
}

/// A state read from outside a store.
package struct ImportedState: Sendable {
    package var image: StateImage
    /// What the manifest said, when there was one and it matched the files.
    package var header: ManifestHeader?

    package init(image: StateImage, header: ManifestHeader? = nil) {
        self.image = image
        self.header = header
    }
}

extension CheckpointStore {
    /// Writes a verified checkpoint as plain safetensors, which any tool reads, under a new name; returns the bytes
    /// written. Throws when there is something of that name already; a failed export leaves nothing behind.
    @discardableResult
    package func export(_ id: CheckpointID, to url: URL, as layout: ExportLayout) throws -> Int {
        let loaded = try load(id)
        let target = url.standardizedFileURL.path
        guard try fileSystem.status(of: target) == nil else { throw CheckpointError.exists(path: target) }
        let folder = (target as NSString).deletingLastPathComponent
        let temporary = temporary((target as NSString).lastPathComponent, in: folder)
        do {
            try fileSystem.discard(temporary)
            var written = 0
            switch layout {
            case .folder:
                try fileSystem.makeFolder(temporary)
                for file in try prepare(loaded.image) {
                    try fileSystem.writeNewFile("\(temporary)/\(file.name)", length: file.bytes) {
                        try file.write(to: $0)
                    }
                    written += file.bytes
                }
                let manifest = try loaded.manifest.encoded()
                try fileSystem.writeNewFile("\(temporary)/\(Manifest.fileName)") { writer in
                    try manifest.withUnsafeBytes { try writer.append($0) }
                }
                written += manifest.count
                try fileSystem.syncFolder(temporary)
            case .singleFile:
                let file = try PreparedFile(SingleFile.joined(loaded))
                try fileSystem.writeNewFile(temporary, length: file.bytes) { try file.write(to: $0) }
                written = file.bytes
            }
            try fileSystem.rename(temporary, to: target)
            try fileSystem.syncFolder(folder)
            return written
        } catch {
            try? fileSystem.discard(temporary)
            if let error = error as? FileSystemError { throw explained(error, needed: loaded.manifest.header.bytes) }
            throw error
        }
    }

    /// Reads an export, or a folder or file of safetensors made elsewhere. Where there is a manifest every file must
    /// match it.
    package func readExport(_ url: URL) throws -> ImportedState {
        let path = url.standardizedFileURL.path
        guard let status = try fileSystem.status(of: path) else {
            throw CheckpointError.unreadableFile(path: path, reason: "there is no such file or folder")
        }
        if !status.isFolder { return try SingleFile.split(Safetensors.read(url, fileSystem: fileSystem), path: path) }
        var files: [StateFile] = []
        var texts: [TextFile] = []
        for name in try fileSystem.names(in: path) where FileRecord.isValidName(name) {
            if name.hasSuffix(".safetensors") {
                files.append(try Safetensors.read(url.appendingPathComponent(name), fileSystem: fileSystem))
            } else {
                let bytes = try fileSystem.contents(of: "\(path)/\(name)", limit: SingleFile.textLimit)
                guard let contents = String(validating: bytes, as: UTF8.self) else {
                    throw CheckpointError.unreadableFile(path: "\(path)/\(name)", reason: "it is not text")
                }
                texts.append(TextFile(name: name, contents: contents))
            }
        }
        guard !files.isEmpty else {
            throw CheckpointError.unreadableFile(path: path, reason: "it holds no safetensors files")
        }
        let image = StateImage(files: files, texts: SingleFile.ordered(texts))
        return ImportedState(image: image, header: try header(of: path, matching: image))
    }

    private func header(of folder: String, matching image: StateImage) throws -> ManifestHeader? {
        let path = "\(folder)/\(Manifest.fileName)"
        guard try fileSystem.status(of: path) != nil else { return nil }
        do {
            let manifest = try Manifest.decode(
                Manifest.self, from: try fileSystem.contents(of: path, limit: Manifest.lengthLimit))
            try Manifest.check(manifest.header, files: manifest.files.map { ($0.name, $0.bytes) })
            let found = Dictionary(
                uniqueKeysWithValues: try prepare(image).map { ($0.name, try $0.record().digest) })
            for record in manifest.files where found[record.name] != record.digest {
                throw SealDefect(reason: "\(record.name) does not match \(Manifest.fileName)")
            }
            return manifest.header
        } catch let defect as SealDefect {
            throw CheckpointError.unreadableFile(path: folder, reason: defect.reason)
        }
    }

    /// Takes a state read from outside into the store, as the first checkpoint of a branch of its own (`import-1`, …,
    /// or `name`). Training stays where it is: go there with `newBranch(from:)` or `setHead`.
    package func add(
        _ imported: ImportedState, step: Int? = nil, branch name: String? = nil, source: String, date: Date = Date()
    ) throws -> SavedCheckpoint {
        guard let step = step ?? imported.header?.step else { throw CheckpointError.unknownStep(source: source) }
        let branch = try change {
            try addBranch(at: nil, name, prefix: "import", reason: "import of \(source)", date: date)
        }
        let request = SaveRequest(
            id: CheckpointID(branch: branch.name, step: step), reason: .imported, parent: nil,
            datasetFingerprint: imported.header?.datasetFingerprint ?? "",
            configurationDigest: imported.header?.configurationDigest ?? "", date: date)
        return try save(imported.image, as: request, movesHead: false) { imported.header?.journalLastRow }
    }
}

/// A whole checkpoint as one safetensors file.
enum SingleFile {
    static let textLimit = 64 << 20
    private static let textPrefix = "text:"
    private static let modulePrefix = "module:"
    private static let headerKey = "checkpoint"

    static func joined(_ loaded: LoadedCheckpoint) throws -> StateFile {
        var metadata = ["format": "pt"]
        for text in loaded.image.texts { metadata[textPrefix + text.name] = text.contents }
        metadata[headerKey] = String(decoding: try SealedJSON.encode(loaded.manifest.header), as: UTF8.self)
        var tensors: [TensorImage] = []
        for file in loaded.image.files {
            let module = (file.name as NSString).deletingPathExtension
            let pairs = try JSONEncoder.sorted.encode(file.metadata)
            metadata[modulePrefix + module] = String(decoding: pairs, as: UTF8.self)
            tensors += file.tensors.map {
                TensorImage(name: "\(module)/\($0.name)", type: $0.type, shape: $0.shape, bytes: $0.bytes)
            }
        }
        return StateFile(name: "checkpoint.safetensors", tensors: tensors, metadata: metadata)
    }

    static func split(_ file: StateFile, path: String) throws -> ImportedState {
        var modules: [String: [TensorImage]] = [:]
        for tensor in file.tensors {
            let parts = tensor.name.split(separator: "/", maxSplits: 1)
            guard parts.count == 2, CheckpointID.isValidBranch(String(parts[0])) else {
                throw CheckpointError.unreadableFile(
                    path: path, reason: "tensor \(tensor.name) does not say which module it belongs to")
            }
            modules[String(parts[0]), default: []].append(
                TensorImage(name: String(parts[1]), type: tensor.type, shape: tensor.shape, bytes: tensor.bytes))
        }
        for key in file.metadata.keys where key.hasPrefix(modulePrefix) {
            modules[String(key.dropFirst(modulePrefix.count)), default: []] += []
        }
        let files = modules.sorted { $0.key < $1.key }.map { module, tensors in
            let pairs = file.metadata[modulePrefix + module].flatMap {
                try? JSONDecoder().decode([String: String].self, from: Data($0.utf8))
            }
            return StateFile(name: "\(module).safetensors", tensors: tensors, metadata: pairs ?? [:])
        }
        let texts = file.metadata.filter { $0.key.hasPrefix(textPrefix) }
            .map { TextFile(name: String($0.key.dropFirst(textPrefix.count)), contents: $0.value) }
        let header = file.metadata[headerKey].flatMap {
            try? SealedJSON.decode(ManifestHeader.self, from: Array($0.utf8), name: headerKey)
        }
        return ImportedState(image: StateImage(files: files, texts: ordered(texts)), header: header)
    }

    /// `position.json` first, the others by name.
    static func ordered(_ texts: [TextFile]) -> [TextFile] {
        func rank(_ text: TextFile) -> (Int, String) { (text.name == StateImage.positionName ? 0 : 1, text.name) }
        return texts.sorted { rank($0) < rank($1) }
    }
}

extension JSONEncoder {
    /// Equal values are equal bytes.
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
