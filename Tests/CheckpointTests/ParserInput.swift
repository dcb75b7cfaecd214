import Checkpoint
import Foundation

/// Feeds bytes to the parsers of a checkpoint, the way a store does: from a disk, here in memory. The first byte chooses
/// the parser; nothing may crash, and what is read must be as long as it says.
enum ParserInput {
    private static let directory = URL(fileURLWithPath: "/voice/checkpoints", isDirectory: true)
    private static let id = CheckpointID(branch: "main", step: 1)
    private static let folder = "main/g_0000001"

    static func feed(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return }
        let input = Array(bytes.dropFirst())
        switch (kind &- 48) % 7 {
        case 0: readSafetensors(input)
        case 1:
            // A header with its right length, and as many bytes after it as its first two bytes say.
            let body = input.count > 2 ? Int(input[0]) | Int(input[1]) << 8 : 0
            let header = input.dropFirst(2)
            let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
            readSafetensors(length + header + [UInt8](repeating: 0, count: body))
        case 2: readManifest(input)
        case 3: readManifest(sealed(input))
        case 4:
            let text = String(decoding: input, as: UTF8.self)
            for bytes in [input, Array("\(text) \(Digest(of: text))\n".utf8)] {
                open([("HEAD", bytes)]) { store, _ in
                    _ = try? store.readHead()
                    _ = try? Recovery.newestSound(in: store)
                }
            }
        case 5:
            let bytes = sealed(input)
            open([("moves.json", bytes), ("\(folder)/label.json", bytes), ("main/branch.json", bytes)]) { store, _ in
                _ = try? store.moves()
                _ = try? store.branches()
                _ = try? store.tags()
                _ = try? store.undo()
            }
        default:
            open([("\(folder)/sovits.safetensors", input), ("\(folder)/position.json", input)]) { store, _ in
                _ = try? store.readExport(directory.appendingPathComponent(folder))
            }
        }
    }

    /// Past the checksum, which only damage stops: what a person might write.
    private static func sealed(_ canonical: [UInt8]) -> [UInt8] {
        Array("{\"checksum\":\"\(Digest(of: canonical))\",".utf8) + canonical.dropFirst()
    }

    private static func readSafetensors(_ bytes: [UInt8]) {
        open([("x", bytes)]) { store, files in
            let url = directory.appendingPathComponent("x")
            // As a speech file is read, tensor by tensor.
            var places: [(name: String, type: ScalarType, shape: [Int])] = []
            try? Safetensors.stream(url, fileSystem: files) {
                places = $1
            } body: { index, bytes, _ in
                let place = places[index]
                precondition(bytes.count == place.shape.reduce(1, *) * place.type.width, "\(place.name) is cut")
            }
            if let state = try? store.readExport(url) {
                for tensor in state.image.files.flatMap(\.tensors) {
                    precondition(tensor.bytes.count == tensor.count * tensor.type.width, "\(tensor.name) is cut")
                }
            }
        }
    }

    private static func readManifest(_ bytes: [UInt8]) {
        open([("\(folder)/manifest.json", bytes)]) { store, _ in
            _ = try? store.list()
            _ = try? store.verify(id)
            _ = try? store.compare(id, id)
            _ = try? store.retentionPlan(RetentionPolicy(keepLast: 1))
            _ = try? store.newBranch(from: id)
            let request = SaveRequest(
                id: CheckpointID(branch: "main", step: 2), reason: .user, parent: id, datasetFingerprint: "",
                configurationDigest: "")
            if let image = try? StateImage(files: [], position: [1]) { _ = try? store.save(image, as: request) }
        }
    }

    private static func open(_ files: [(String, [UInt8])], _ body: (CheckpointStore, FileSystem) -> Void) {
        let disk = DiskModel()
        let calls = disk.calls
        for folder in ["/voice", "/voice/checkpoints", "/voice/checkpoints/main", "/voice/checkpoints/\(folder)"] {
            _ = calls.mkdir(folder, 0o755)
        }
        for (name, bytes) in files {
            _ = calls.open("/voice/checkpoints/\(name)", O_CREAT | O_WRONLY, 0o644)
            disk.damage("/voice/checkpoints/\(name)") { $0 = bytes }
        }
        let system = FileSystem(calls: calls)
        if let store = try? CheckpointStore(directory: directory, fileSystem: system) { body(store, system) }
    }
}
