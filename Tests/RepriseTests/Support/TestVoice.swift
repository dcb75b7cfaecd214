import Foundation
import Testing

/// A copy of the bundled voice slt in a folder of its own, at `tiny`; removed with the object.
final class TestVoice: Sendable {
    let home: URL
    let url: URL
    var path: String { url.path }

    /// - Parameter settings: lines of voice.toml to have another value, as they stand there.
    init(_ settings: [String: String] = [:], in folder: URL? = nil) throws {
        home = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-\(UUID().uuidString)")
        url = (folder ?? home).appendingPathComponent("slt")
        let files = FileManager.default
        try files.createDirectory(at: home, withIntermediateDirectories: true)
        try files.createDirectory(at: url, withIntermediateDirectories: true)
        let samples = try TestVoice.samples()
        for name in ["clips", "metadata.csv", "voice.toml"] {
            try files.copyItem(at: samples.appendingPathComponent(name), to: url.appendingPathComponent(name))
        }
        let quick = [
            "preset": "\"tiny\"", "batch_size": "2", "autosave_steps": "10", "autosave_minutes": "1440",
            "validation_steps": "20", "keep_checkpoints": "0",
        ]
        for (key, value) in quick.merging(settings, uniquingKeysWith: { $1 }) { try set(key, value) }
    }

    deinit { try? FileManager.default.removeItem(at: home) }

    /// Whether no process holds its lock.
    var isFree: Bool {
        let descriptor = open(url.appendingPathComponent(".lock").path, O_RDWR)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    /// Upwards of this file, also where the tests' folder is a link to elsewhere.
    static func samples(_ voice: String = "slt", file: String = #filePath) throws -> URL {
        let places = [URL(fileURLWithPath: file), URL(fileURLWithPath: file).resolvingSymlinksInPath()]
        for place in places {
            var folder = place
            while folder.path != "/" {
                folder.deleteLastPathComponent()
                let samples = folder.appendingPathComponent("samples/\(voice)")
                if FileManager.default.fileExists(atPath: samples.appendingPathComponent("voice.toml").path) {
                    return samples
                }
            }
        }
        throw TestFailure("samples/\(voice) is not above \(file)")
    }

    // MARK: Settings

    func set(_ key: String, _ value: String) throws {
        try editSettings { text in
            var lines = text.components(separatedBy: "\n")
            guard let index = lines.firstIndex(where: { $0.hasPrefix("\(key) = ") }) else {
                throw TestFailure("voice.toml has no \(key)")
            }
            lines[index] = "\(key) = \(value)"
            return lines.joined(separator: "\n")
        }
    }

    func editSettings(_ edit: (String) throws -> String) throws {
        let file = url.appendingPathComponent("voice.toml")
        try edit(String(contentsOf: file, encoding: .utf8)).write(to: file, atomically: true, encoding: .utf8)
    }

    /// Leaves the first clips only.
    func keepClips(_ count: Int) throws {
        let file = url.appendingPathComponent("metadata.csv")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").prefix(count)
        try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
    }

    // MARK: Running

    func start(_ arguments: String...) throws -> RunningProgram { try Program.start(arguments, home: home) }

    func run(_ arguments: String...) async throws -> ProgramResult { try await Program.run(arguments, home: home) }

    /// The same where programs are looked for in other folders.
    func run(_ arguments: String..., path folders: String) async throws -> ProgramResult {
        try await Program.start(arguments, home: home, path: folders).finished()
    }

    /// Trains until a step, which must succeed.
    @discardableResult
    func train(
        to step: Int, _ more: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ProgramResult {
        let result = try await Program.run(["train", path, "--steps", "\(step)", "--json"] + more, home: home)
        #expect(result.code == 0, "\(result.errors)", sourceLocation: sourceLocation)
        return result
    }

    /// What the journal says of every step, without the one figure that is never the same twice.
    func journal(branch: String = "main", sourceLocation: SourceLocation = #_sourceLocation) async throws -> [String] {
        let result = try await run("export", path, "--json")
        #expect(result.code == 0, "\(result.errors)", sourceLocation: sourceLocation)
        return result.outputLines.filter { $0.hasPrefix("{\"branch\":\"\(branch)\",") }.map(Self.withoutSeconds)
    }

    static func withoutSeconds(_ line: String) -> String { line.replacing(#/,"seconds":[0-9.e-]+/#, with: "") }

    // MARK: Checkpoints

    /// The IDs of all checkpoints, by branch and step.
    var checkpoints: [String] {
        let root = url.appendingPathComponent("checkpoints")
        let branches = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return branches.flatMap { branch in
            let names =
                (try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(branch).path)) ?? []
            return names.filter { $0.hasPrefix("g_") }.map { "\(branch)/\($0)" }
        }.sorted()
    }

    func folder(_ checkpoint: String) -> URL { url.appendingPathComponent("checkpoints/\(checkpoint)") }

    /// The manifest of a checkpoint.
    func manifest(_ checkpoint: String) throws -> [String: Any] {
        let data = try Data(contentsOf: folder(checkpoint).appendingPathComponent("manifest.json"))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    /// All files of a checkpoint that must be equal bytes in equal states: neither times nor the machine are in them.
    func state(_ checkpoint: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder(checkpoint).path)
        where !["manifest.json", "journal.jsonl"].contains(name) {
            files[name] = try Data(contentsOf: folder(checkpoint).appendingPathComponent(name))
        }
        return files
    }

    /// Every byte below the voice's folder by path, without the folders named.
    func contents(except skipped: [String] = []) throws -> [String: Data] {
        var files: [String: Data] = [:]
        guard let walk = FileManager.default.enumerator(atPath: path) else { return files }
        for case let name as String in walk where !skipped.contains(where: { name == $0 || name.hasPrefix("\($0)/") }) {
            var isFolder: ObjCBool = false
            let file = url.appendingPathComponent(name)
            if FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue {
                files[name] = try Data(contentsOf: file)
            }
        }
        return files
    }

    /// Asks the program itself whether checkpoints are whole.
    func expectSound(_ id: String? = nil, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let result = try await Program.run(["checkpoints", path, "verify"] + (id.map { [$0] } ?? []), home: home)
        #expect(result.code == 0 && result.errors == "", "\(result.errors)", sourceLocation: sourceLocation)
        #expect(result.outputLines.contains { $0.hasSuffix("  sound") }, sourceLocation: sourceLocation)
    }
}

/// That two states are the same bytes; names the files that are not.
func expectSameBytes(
    _ first: [String: Data], _ second: [String: Data], sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(first.keys.sorted() == second.keys.sorted(), sourceLocation: sourceLocation)
    let different = first.keys.filter { first[$0] != second[$0] }.sorted()
    #expect(different == [], sourceLocation: sourceLocation)
}

/// That two journals say the same; shows the first line where they do not.
func expectSameLines(_ first: [String], _ second: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(first.count == second.count, sourceLocation: sourceLocation)
    let different = zip(first, second).first { $0 != $1 }
    #expect(different?.0 == different?.1, sourceLocation: sourceLocation)
}
