import Checkpoint
import Foundation
import Synchronization

/// A folder for one test, removed when it goes.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    var checkpoints: URL { url.appendingPathComponent("checkpoints") }

    func store(_ access: CheckpointStore.Access = .write, _ calls: SystemCalls = .system) throws -> CheckpointStore {
        try CheckpointStore(directory: checkpoints, access: access, fileSystem: FileSystem(calls: calls))
    }

    /// Everything under `checkpoints`, as path → contents.
    func contents() throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: checkpoints.path) {
            contents[name] = FileManager.default.contents(atPath: checkpoints.appendingPathComponent(name).path)
        }
        return contents
    }
}

struct Position: Codable, Equatable {
    var step: Int
    var seed: UInt64
    var learningRate: Double
    var streams: [String: Int]
}

/// A small state whose numbers depend on the step; the tokenizer's never change.
func image(step: Int, frozen: Int = 0) throws -> StateImage {
    func values(_ count: Int, _ seed: Int) -> [Float] { (0..<count).map { Float(($0 * 31 + seed * 7) % 101) / 7 } }
    return try StateImage(
        files: [
            StateFile(
                name: "sovits.safetensors",
                tensors: [
                    TensorImage(name: "dec.conv_pre.weight", values(96, step), shape: [4, 8, 3]),
                    TensorImage(name: "dec.conv_pre.bias", values(4, step + 1)),
                    TensorImage(name: "enc.count", [Int64(step)], shape: []),
                    TensorImage(name: "enc.mask", [UInt8](repeating: 1, count: 5)),
                ], metadata: ["format": "pt"]),
            StateFile(name: "tokenizer.safetensors", tensors: [TensorImage(name: "codes", values(300, frozen))]),
        ],
        position: Position(
            step: step, seed: .max - 3, learningRate: 0.1 + 0.2, streams: ["noise": step, "dropout": 2]),
        texts: [TextFile(name: "voice.toml", contents: "preset = \"tiny\"\n# Stimme für Ada\n")])
}

func request(
    _ id: String, _ reason: CheckpointReason = .autosave, parent: String? = nil, date: Date = Date()
) throws -> SaveRequest {
    SaveRequest(
        id: try CheckpointID(parsing: id), reason: reason, parent: try parent.map { try CheckpointID(parsing: $0) },
        datasetFingerprint: "clips-1", configurationDigest: "configuration-1", date: date)
}

extension CheckpointStore {
    /// Saves `main/g_…` for each step in turn, each the parent of the next.
    @discardableResult
    func saveLine(_ steps: [Int]) throws -> [CheckpointID] {
        var parent: CheckpointID?
        for step in steps {
            let id = CheckpointID(branch: "main", step: step)
            try save(try image(step: step), as: try request("\(id)", parent: parent.map { "\($0)" }))
            parent = id
        }
        return steps.map { CheckpointID(branch: "main", step: $0) }
    }

    func file(_ id: String, _ name: String) -> URL {
        directory.appendingPathComponent(id).appendingPathComponent(name)
    }
}

/// Turns one bit of a file over, in place.
func flipBit(of url: URL, at offset: Int, bit: UInt8 = 0) throws {
    var data = try Data(contentsOf: url)
    data[offset] ^= 1 << bit
    try overwrite(url, with: data)
}

/// Writes into the same inode, as damage on a disk does.
func overwrite(_ url: URL, with data: Data) throws {
    let handle = try FileHandle(forWritingTo: url)
    try handle.truncate(atOffset: 0)
    try handle.write(contentsOf: data)
    try handle.close()
}

func inode(_ url: URL) throws -> UInt64 {
    let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
    return (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
}

/// The text of what a body throws, empty when it throws nothing.
func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}

/// Counts calls from any thread.
final class Counter: Sendable {
    private let state = Mutex(0)

    var count: Int { state.withLock { $0 } }

    /// How often this was called before.
    func next() -> Int {
        state.withLock { count in
            defer { count += 1 }
            return count
        }
    }
}
