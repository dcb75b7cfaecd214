import Checkpoint
import Foundation
import Testing

/// Flipped bits and cut files, sampled over all that a checkpoint holds.
@Suite struct IntegrityTests {
    private static let folder = "/voice/checkpoints/main/g_0000040/"
    private let id = CheckpointID(branch: "main", step: 40)

    private func disk() throws -> DiskModel {
        let disk = DiskModel()
        _ = disk.calls.mkdir("/voice", 0o755)
        try CrashScenario.store(disk).saveLine([30, 40])
        return disk
    }

    /// The tensor whose bytes hold an offset, by a reading of the file that is not the one under test.
    private func tensor(at offset: Int, in file: [UInt8]) throws -> String? {
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard offset >= 8 + length else { return nil }
        let header = try JSONSerialization.jsonObject(with: Data(file[8..<(8 + length)])) as? [String: [String: Any]]
        return header?.first { _, entry in
            guard let range = entry["data_offsets"] as? [Int] else { return false }
            return (range[0]..<range[1]).contains(offset - 8 - length)
        }?.key
    }

    @Test func everyFlippedBitIsFoundAndNamed() throws {
        let disk = try disk()
        let store = try CrashScenario.store(disk, .readOnly)
        let sound = disk.contents().filter { $0.key.hasPrefix(Self.folder) }
        let total = sound.values.reduce(0) { $0 + $1.count }
        var generator = SeededGenerator(seed: 40)
        var tensors: Set<String> = []
        for _ in 0..<(500 * Effort.factor) {
            var place = Int.random(in: 0..<total, using: &generator)
            let (path, bytes) = try #require(
                sound.sorted { $0.key < $1.key }.first { _, bytes in
                    if place < bytes.count { return true }
                    place -= bytes.count
                    return false
                })
            let (offset, bit) = (place, UInt8.random(in: 0..<8, using: &generator))
            disk.damage(path) { $0[offset] ^= 1 << bit }
            let name = path.dropFirst(Self.folder.count)
            let sentence = message { try store.verify(id) }
            #expect(sentence.hasPrefix("main/g_0000040 is damaged: \(name)"), "bit \(bit) of \(offset): \(sentence)")
            #expect(message { _ = try store.load(id) } == sentence)
            if name.hasSuffix(".safetensors"), let tensor = try tensor(at: offset, in: bytes) {
                #expect(sentence.contains("tensor \(tensor) does not match"), "\(sentence)")
                tensors.insert(tensor)
            }
            disk.damage(path) { $0[offset] ^= 1 << bit }
        }
        #expect(tensors.count >= 3)
        try store.verify(id)
    }

    @Test func everyCutFileIsFoundAndNamed() throws {
        let disk = try disk()
        let store = try CrashScenario.store(disk, .readOnly)
        var generator = SeededGenerator(seed: 41)
        for (path, bytes) in disk.contents() where path.hasPrefix(Self.folder) {
            for _ in 0..<(20 * Effort.factor) {
                let length = Int.random(in: 0..<bytes.count, using: &generator)
                disk.damage(path) { $0 = Array(bytes.prefix(length)) }
                let name = path.dropFirst(Self.folder.count)
                let sentence = message { try store.verify(id) }
                #expect(sentence.hasPrefix("main/g_0000040 is damaged: \(name)"), "cut to \(length): \(sentence)")
            }
            disk.damage(path) { $0 = bytes }
        }
        try store.verify(id)
    }

    /// HEAD, moves, labels and branches: a flipped bit never makes training go on somewhere else without a word.
    @Test func recordsOfTheStoreAreNeverBelievedWhenHurt() throws {
        let disk = DiskModel()
        _ = disk.calls.mkdir("/voice", 0o755)
        let writer = try CrashScenario.store(disk)
        try writer.saveLine([10, 20, 30])
        try writer.setTag("best", on: CheckpointID(branch: "main", step: 20))
        _ = try writer.newBranch(from: CheckpointID(branch: "main", step: 20), name: "warm")
        var generator = SeededGenerator(seed: 42)
        for name in ["HEAD", "moves.json", "main/g_0000020/label.json", "warm/branch.json"] {
            let path = "/voice/checkpoints/\(name)"
            let sound = try #require(disk.contents()[path])
            for _ in 0..<(40 * Effort.factor) {
                let offset = Int.random(in: 0..<sound.count, using: &generator)
                disk.damage(path) { $0[offset] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
                let store = try CrashScenario.store(disk, .readOnly)
                let outcome = try #require(try Recovery.newestSound(in: store))
                #expect(outcome.branch == "warm" && outcome.checkpoint.id.step == 20, "byte \(offset) of \(name)")
                switch name {
                case "HEAD":
                    // White space is not part of what is said.
                    let head = try? store.readHead()
                    #expect(head == nil || head?.branch == "warm")
                case "moves.json": #expect(message { _ = try store.moves() }.contains("moves.json cannot be read"))
                case "main/g_0000020/label.json":
                    #expect(try store.list().contains { $0.hasLostLabel && $0.tags.isEmpty })
                default: #expect(try store.branch("warm").reason == nil)
                }
                disk.damage(path) { $0 = sound }
            }
        }
    }

    @Test func recoveryRepairsWhatAnotherCopyHas() throws {
        let disk = try disk()
        let store = try CrashScenario.store(disk)
        disk.damage(Self.folder + "tokenizer.safetensors") { $0[$0.count - 9] ^= 8 }
        let outcome = try #require(try Recovery.recover(in: store))
        #expect(!outcome.isFallback && outcome.repaired.map(\.id) == [id])
        #expect(outcome.repaired.flatMap(\.files) == ["tokenizer.safetensors"])
        #expect(
            outcome.explanation
                == "resumed from main/g_0000040; tokenizer.safetensors of main/g_0000040 was damaged and "
                + "put right from another copy")
        try store.verify(id)
        #expect(try store.check(id) == .sound)
    }

    @Test func recoverySetsAsideWhatCannotBeRepaired() throws {
        let disk = try disk()
        let store = try CrashScenario.store(disk)
        disk.damage(Self.folder + "sovits.safetensors") { $0[$0.count - 1] ^= 8 }
        let hurt = try #require(disk.contents()[Self.folder + "sovits.safetensors"])
        // Looking, even for the writer, moves nothing.
        #expect(try store.check(id) != .sound)
        let before = disk.contents()
        let reading = try #require(try Recovery.newestSound(in: CrashScenario.store(disk, .readOnly)))
        #expect(reading.isFallback && disk.contents() == before)
        let outcome = try #require(try Recovery.recover(in: store))
        #expect(
            outcome.explanation == "resumed from main/g_0000030; main/g_0000040 is damaged: sovits.safetensors, tensor "
                + "enc.mask does not match its checksum; what is left of main/g_0000040 was set aside as "
                + "main/g_0000040.damaged-1")
        #expect(disk.contents()["/voice/checkpoints/main/g_0000040.damaged-1/sovits.safetensors"] == hurt)
        #expect(try store.moves().map(\.kind) == [.recovery])
        // Said once: the next opening goes on from there without a word.
        #expect(try Recovery.recover(in: store)?.explanation == "resumed from main/g_0000030")
        try store.save(try image(step: 40), as: try request("g_0000040", parent: "g_0000030"))
        #expect(try Recovery.newestSound(in: store)?.explanation == "resumed from main/g_0000040")
        #expect(try store.listSetAside() == ["main/g_0000040.damaged-1"])
    }

    @Test func aStoreWithoutItsCheckpointsIsNoFreshStart() throws {
        let disk = try disk()
        let calls = disk.calls
        for step in ["30", "40"] { _ = calls.rename("/voice/checkpoints/main/g_00000\(step)", "/voice/\(step)") }
        #expect(
            message { _ = try Recovery.newestSound(in: try CrashScenario.store(disk, .readOnly)) }
                .hasPrefix("HEAD in /voice/checkpoints names main/g_0000040, and there is no checkpoint at all"))
    }

    @Test func aDiskThatCannotReadAFileHasDamagedIt() throws {
        let disk = try disk()
        var calls = disk.calls
        let open = calls.open
        calls.open = { path, flags, mode in
            path == Self.folder + "sovits.safetensors" ? -Int(EIO) : open(path, flags, mode)
        }
        let store = try CheckpointStore(
            directory: CrashScenario.directory, access: .readOnly, fileSystem: FileSystem(calls: calls))
        #expect(
            message { try store.verify(id) }
                == "main/g_0000040 is damaged: sovits.safetensors cannot be read: the disk reports an error")
    }
}
