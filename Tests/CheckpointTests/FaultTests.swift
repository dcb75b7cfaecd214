import Checkpoint
import Foundation
import Synchronization
import Testing

@Suite struct FaultTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.store().saveLine([10, 20, 30])
    }

    private func save(_ step: Int, _ calls: SystemCalls, sync: () throws -> Int? = { nil }) throws -> SavedCheckpoint {
        try folder.store(.write, calls).save(
            try image(step: step), as: try request("\(CheckpointID(branch: "main", step: step))", parent: "g_0000030"),
            syncJournal: sync)
    }

    private func isUntouched() throws -> Bool {
        let store = try folder.store(.readOnly)
        for step in [10, 20, 30] { try store.verify(CheckpointID(branch: "main", step: step)) }
        return try folder.contents().keys.allSatisfy { !$0.contains(".saving-") }
    }

    @Test func theOrderOfASaveIsTheOneThatSurvives() throws {
        let layer = FaultLayer()
        _ = try save(40, layer.calls) {
            #expect(layer.log.filter { $0.name == "fsync" }.allSatisfy { !$0.path.contains("manifest") })
            #expect(layer.log.contains { $0.name == "fsync" && $0.path.hasSuffix("position.json") })
            return 40
        }
        let order = layer.log.compactMap { call -> String? in
            let last = (call.path as NSString).lastPathComponent.replacingOccurrences(of: "-\(getpid())", with: "")
            return ["fsync", "rename", "link"].contains(call.name) ? "\(call.name) \(last)" : nil
        }
        #expect(
            order == [
                "fsync sovits.safetensors", "link tokenizer.safetensors", "fsync position.json", "link voice.toml",
                "fsync manifest.json", "fsync .saving-g_0000040", "rename g_0000040", "fsync main", "fsync checkpoints",
                "fsync .saving-HEAD", "rename HEAD", "fsync checkpoints",
            ])
    }

    @Test func aFullDiskIsOneSentenceAndTakesNothing() throws {
        let layer = FaultLayer { call, _ in call.name == "write" ? -Int(ENOSPC) : nil }
        var calls = layer.calls
        calls.freeBytes = { _ in 1_000_000 }
        let sentence = message { _ = try save(40, calls) }
        #expect(sentence.hasPrefix("no room to save in \(folder.checkpoints.path): "))
        #expect(sentence.hasSuffix(" needed, 1.0 MB free; earlier checkpoints are untouched, make room and save again"))
        #expect(try isUntouched())
        #expect(try save(40, .system).wasAlreadySaved == false)
    }

    @Test func aDiskThatIsTooSmallIsNotEvenTried() throws {
        let layer = FaultLayer()
        var calls = layer.calls
        calls.freeBytes = { _ in 3000 }
        #expect(message { _ = try save(40, calls) }.contains("needed, 3.0 kB free"))
        #expect(layer.log.isEmpty)
    }

    @Test func afterAFailedSyncTheFileIsWrittenAnew() throws {
        let failed = Mutex(false)
        let layer = FaultLayer { call, _ in
            guard call.name == "fsync", call.path.hasSuffix("sovits.safetensors") else { return nil }
            return failed.withLock { failed in
                defer { failed = true }
                return failed ? nil : -Int(EIO)
            }
        }
        let saved = try save(40, layer.calls)
        let ofFile = layer.log.filter { $0.path.hasSuffix("sovits.safetensors") }.map(\.name)
        #expect(ofFile == ["create", "write", "fsync", "unlink", "create", "write", "fsync"])
        try folder.store(.readOnly).verify(saved.manifest.id)
    }

    @Test func aReadOnlyFolderIsOneSentence() throws {
        let layer = FaultLayer { call, _ in ["mkdir", "create"].contains(call.name) ? -Int(EROFS) : nil }
        #expect(message { _ = try save(40, layer.calls) }.contains("is on a read-only file system"))
        let denied = FaultLayer { call, _ in ["mkdir", "create"].contains(call.name) ? -Int(EACCES) : nil }
        #expect(message { _ = try save(40, denied.calls) }.contains("no permission to make the folder"))
        #expect(try isUntouched())
    }

    @Test func interruptionsAndShortWritesAreFinished() throws {
        let layer = FaultLayer { _, number in number % 3 == 1 ? -Int(EINTR) : nil }
        var calls = layer.calls
        let write = calls.write
        calls.write = { write($0, $1, min($2, 37)) }
        let read = calls.read
        calls.read = { read($0, $1, min($2, 41)) }
        let saved = try save(40, calls)
        #expect(try folder.store(.readOnly).load(saved.manifest.id).image == (try image(step: 40)))
        #expect(try folder.store(.readOnly, calls).load(saved.manifest.id).image == (try image(step: 40)))
    }

    /// Fails each call of a save in turn, once with an error and once with the process dead from there on.
    @Test(arguments: [EIO, ENOSPC]) func noFailedCallCostsAnEarlierCheckpoint(code: Int32) throws {
        var number = 0
        while true {
            for isDead in [false, true] {
                let at = number
                let layer = FaultLayer { _, call in call == at || (isDead && call > at) ? -Int(code) : nil }
                let outcome = Result { try save(40, layer.calls) }
                guard layer.log.count > at else {
                    #expect(at >= 20, "a save has more calls than that")
                    return
                }
                let store = try folder.store()
                #expect(try isUntouched(), "call \(layer.log[at])")
                let recovered = try #require(try Recovery.newestSound(in: store))
                if case .success = outcome {
                    #expect(recovered.checkpoint.id.step == 40, "announced, then lost: call \(layer.log[at])")
                } else {
                    #expect([30, 40].contains(recovered.checkpoint.id.step) && recovered.damaged.isEmpty)
                }
                // The next save succeeds whatever was left behind.
                let next = try store.save(try image(step: 40), as: try request("g_0000040", parent: "g_0000030"))
                try store.verify(next.manifest.id)
                try store.setHead(Head(branch: "main", checkpoint: CheckpointID(branch: "main", step: 30)))
                try store.delete(next.manifest.id)
            }
            number += 1
        }
    }

    @Test func aSmallFileSystemThatIsReallyFull() throws {
        let mount = folder.url.appendingPathComponent("small")
        try FileManager.default.createDirectory(at: mount, withIntermediateDirectories: true)
        // Without the right to mount, the injected fault above stands for this.
        guard try run("/bin/mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", mount.path) == 0 else { return }
        defer { _ = try? run("/bin/umount", mount.path) }
        let store = try CheckpointStore(directory: mount.appendingPathComponent("checkpoints"))
        try store.save(try image(step: 10), as: try request("g_0000010"))
        let large = try StateImage(
            files: [
                StateFile(name: "a.safetensors", tensors: [TensorImage(name: "a", [Float](repeating: 1, count: 9_000))])
            ],
            position: [20])
        // The space is there when asked and gone when written.
        var calls = SystemCalls.system
        calls.freeBytes = { _ in 1 << 30 }
        let optimist = try CheckpointStore(directory: store.directory, fileSystem: FileSystem(calls: calls))
        let filler = mount.appendingPathComponent("filler")
        try Data(count: 200_000).write(to: filler)
        for store in [store, optimist] {
            let sentence = message { try store.save(large, as: try request("g_0000020", parent: "g_0000010")) }
            #expect(sentence.hasPrefix("no room to save in"), "\(sentence)")
            #expect(try store.list().map(\.id.step) == [10])
            try store.verify(CheckpointID(branch: "main", step: 10))
        }
        try FileManager.default.removeItem(at: filler)
        let saved = try store.save(large, as: try request("g_0000020", parent: "g_0000010"))
        try store.verify(saved.manifest.id)
    }

    @Test func theReserveIsRealOnAFileSystemThatIsReallyFull() throws {
        let mount = folder.url.appendingPathComponent("small")
        try FileManager.default.createDirectory(at: mount, withIntermediateDirectories: true)
        // Without the right to mount, the disk in memory of ReserveTests stands for this.
        guard try run("/bin/mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", mount.path) == 0 else { return }
        defer { _ = try? run("/bin/umount", mount.path) }
        let store = try CheckpointStore(directory: mount.appendingPathComponent("checkpoints"))
        try store.saveLine([10])
        #expect(try store.setReserve(bytes: 160 << 10) == .ready(bytes: 160 << 10))
        // Everything else is taken, to the last block.
        let filler = mount.appendingPathComponent("filler")
        #expect(try run("/bin/sh", "-c", "cat /dev/zero > \(filler.path)") != 0)
        let saved = try store.save(try image(step: 20), as: try request("g_0000020", parent: "g_0000010"))
        #expect(saved.space != .disk)
        #expect(try store.load(saved.manifest.id).image == image(step: 20))
        #expect(try run("/bin/sh", "-c", "cat /dev/zero >> \(filler.path)") != 0)
        let sentence = message {
            try store.save(try image(step: 30), as: try request("g_0000030", parent: "g_0000020"))
        }
        #expect(sentence.hasPrefix("no room to save in"), "\(sentence)")
        try FileManager.default.removeItem(at: filler)
        let next = try store.save(try image(step: 30), as: try request("g_0000030", parent: "g_0000020"))
        #expect(next.space == .disk)
        #expect(try store.reserveState() == .ready(bytes: 160 << 10))
        #expect(try Recovery.recover(in: store)?.explanation == "resumed from main/g_0000030")
    }
}

/// Runs a program silently and returns its status.
func run(_ program: String, _ arguments: String...) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
}
