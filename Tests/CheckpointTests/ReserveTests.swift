import Checkpoint
import Foundation
import Testing

/// Full disks, on a disk in memory with as much room as a test gives it.
@Suite struct ReserveTests {
    let disk = DiskModel()
    let store: CheckpointStore
    private let path = "/voice/checkpoints"

    init() throws {
        _ = disk.calls.mkdir("/voice", 0o755)
        store = try CrashScenario.store(disk)
        try store.saveLine([10, 20, 30])
    }

    private func used() -> Int { disk.state.withLock { $0.used } }
    private func save(_ step: Int) throws -> SavedCheckpoint {
        try store.save(try image(step: step), as: try request("\(CheckpointID(branch: "main", step: step))"))
    }

    @Test func thePlanSaysWhatASaveWrites() throws {
        let (image, request) = try (image(step: 40), CheckpointTests.request("g_0000040", parent: "g_0000030"))
        let before = disk.logCount
        let plan = try CrashScenario.store(disk, .readOnly).plan(for: image, as: request)
        #expect(disk.logCount == before)
        #expect(plan.linkedFiles == ["tokenizer.safetensors", "voice.toml"])
        #expect(plan.writtenFiles == ["sovits.safetensors", "position.json"] && plan.fits && !plan.isAlreadySaved)
        let size = used()
        let saved = try store.save(image, as: request) { 40 }
        #expect(saved.bytesWritten == plan.bytes && saved.linkedFiles == plan.linkedFiles)
        #expect(used() - size <= plan.bytesOnDisk && plan.bytes <= plan.bytesOnDisk)
        #expect(try store.plan(for: image, as: request).isAlreadySaved)
        // A first save links nothing.
        let alone = try store.plan(for: image, as: try CheckpointTests.request("g_0000050"))
        #expect(alone.linkedFiles.isEmpty && alone.bytes > plan.bytes)
    }

    @Test func theReserveIsReallyTakenAndGivenBack() throws {
        let size = used()
        #expect(try store.reserveState() == .off)
        #expect(try store.setReserve(bytes: 100_000) == .ready(bytes: 100_000))
        #expect(used() - size >= 100_000)
        #expect(try store.setReserve(bytes: 50_000) == .ready(bytes: 50_000))
        #expect(used() - size < 100_000)
        #expect(try CrashScenario.store(disk).plan(for: image(step: 40), as: request("g_0000040")).reserved >= 50_000)
        #expect(try store.setReserve(bytes: 0) == .off)
        #expect(used() == size)
        disk.setCapacity(size + 60_000)
        #expect(try store.setReserve(bytes: 70_000) == .missing(needed: 70_000, free: 60_000))
    }

    /// The disk says beforehand that there is no room, or only when it is written to.
    @Test(arguments: [false, true]) func aFullDiskTakesOneMoreSaveAndSaysSo(isSurprise: Bool) throws {
        try store.setReserve(bytes: 200_000)
        disk.setCapacity(used() + 10_000)
        var store = store
        if isSurprise {
            var calls = disk.calls
            calls.freeBytes = { _ in 1 << 40 }
            store = try CheckpointStore(directory: CrashScenario.directory, fileSystem: FileSystem(calls: calls))
        }
        let image = try image(step: 40)
        let plan = try store.plan(for: image, as: request("g_0000040"))
        let saved = try store.save(image, as: request("g_0000040"))
        guard case .savedFromReserve(let needed) = saved.space else {
            Issue.record("saved without the reserve: \(saved.space)")
            return
        }
        #expect(needed >= plan.bytesOnDisk)
        #expect(try store.load(saved.manifest.id).image == image)
        #expect(try Recovery.newestSound(in: store)?.checkpoint.id.step == 40)
        // There is no room for another: one sentence, and all is as it was.
        disk.setCapacity(used() + 8_000)
        let before = disk.contents()
        let sentence = message { try store.save(try CheckpointTests.image(step: 50), as: try request("g_0000050")) }
        #expect(sentence.hasPrefix("no room to save in \(path): "), "\(sentence)")
        #expect(disk.contents() == before)
        // Room again: it goes on by itself, and the reserve comes back.
        disk.setCapacity(nil)
        #expect(try store.save(try CheckpointTests.image(step: 50), as: try request("g_0000050")).space == .disk)
        if !isSurprise { #expect(try store.reserveState() == .ready(bytes: 200_000)) }
    }

    @Test func aReserveThatWouldNotHelpIsKept() throws {
        try store.setReserve(bytes: 8_192)
        disk.setCapacity(used() + 100)
        let sentence = message { _ = try save(40) }
        #expect(sentence.contains("needed, 100 bytes free"))
        #expect(try store.reserveState() == .ready(bytes: 8_192))
    }

    @Test func aLabelAndARollBackUseTheReserveToo() throws {
        try store.setReserve(bytes: 100_000)
        disk.setCapacity(used())
        _ = try store.newBranch(from: CheckpointID(branch: "main", step: 20))
        #expect(try store.branches().map(\.name) == ["branch-1", "main"])
        #expect(try store.reserveState() == .missing(needed: 100_000, free: disk.calls.freeBytes("/")))
        try store.setNote("x", on: CheckpointID(branch: "main", step: 20))
        disk.setCapacity(nil)
        #expect(try store.restoreReserve() == .ready(bytes: 100_000))
    }

    @Test func troublesOfADiskAreToldApart() throws {
        let cases: [(Int32, String)] = [
            (ENOSPC, "no room to save in"), (EDQUOT, "your disk quota is used up, "),
            (EIO, "the disk reports an error"),
            (EROFS, "is on a read-only file system"),
        ]
        for (code, words) in cases {
            let layer = FaultLayer(base: disk.calls) { call, _ in call.name == "write" ? -Int(code) : nil }
            let store = try CheckpointStore(
                directory: CrashScenario.directory, fileSystem: FileSystem(calls: layer.calls))
            do {
                try store.save(try image(step: 40), as: try request("g_0000040"))
                Issue.record("saved in spite of \(code)")
            } catch let error as CheckpointError {
                #expect(error.isDiskTrouble && "\(error)".contains(words), "\(error)")
            }
            #expect(disk.contents().keys.allSatisfy { !$0.contains(".saving-") })
            #expect(try store.list().count == 3)
        }
    }
}
