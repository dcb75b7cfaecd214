import Checkpoint
import Foundation
import Testing

@Suite struct RetentionTests {
    let folder: TemporaryFolder
    let store: CheckpointStore

    init() throws {
        folder = try TemporaryFolder()
        store = try folder.store()
    }

    /// Bytes that the store takes, each physical copy once.
    private func used() throws -> Int {
        var seen: Set<UInt64> = []
        var bytes = 0
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.checkpoints.path) {
            var information = stat()
            guard lstat(folder.checkpoints.appendingPathComponent(name).path, &information) == 0 else { continue }
            if seen.insert(UInt64(information.st_ino)).inserted { bytes += Int(information.st_blocks) * 512 }
        }
        return bytes
    }

    /// Distinct physical copies of a file among all checkpoints.
    private func copies(_ name: String) throws -> Int {
        Set(try store.list().map { try inode(store.file("\($0.id)", name)) }).count
    }

    @Test func thePlanIsWhatHappens() throws {
        let line = try store.saveLine(Array(stride(from: 10, through: 90, by: 10)))
        try store.setPinned(line[0], true)
        try store.setTag("best", on: line[2])
        _ = try store.newBranch(from: line[3], name: "warm")
        try store.save(try image(step: 45), as: try request("warm/g_0000045", parent: "g_0000040"))
        let policy = RetentionPolicy(keepLast: 2, perDoubling: 0)
        let before = try folder.contents()
        let plan = try store.retentionPlan(policy, keeping: [line[5]])
        #expect(try folder.contents() == before)
        #expect(plan.leaving.map(\.id.step) == [20, 50, 70, 80])
        let reasons = Dictionary(uniqueKeysWithValues: plan.kept.map { ("\($0.id)", $0.reasons) })
        #expect(reasons["main/g_0000010"] == [.pinned] && reasons["main/g_0000030"] == [.tagged])
        #expect(reasons["main/g_0000040"] == [.branchStart] && reasons["main/g_0000060"] == [.named])
        #expect(reasons["main/g_0000090"] == [.branchHead, .recent])
        #expect(reasons["warm/g_0000045"] == [.head, .branchHead, .recent])
        let size = try used()
        #expect(try store.prune(policy, keeping: [line[5]]) == plan)
        #expect(try size - used() == plan.bytesFreed && plan.bytesFreed > 0)
        #expect(try store.list().count == 6)
        for listing in try store.list() { try store.verify(listing.id) }
    }

    @Test func twoPhysicalCopiesOutliveAnyPruning() throws {
        var steps = [10, 20, 30, 40, 50, 60]
        try store.saveLine(steps)
        // The first save holds one of the two copies, all others share the second.
        #expect(try copies("tokenizer.safetensors") == 2)
        while steps.count > 2 {
            let size = try used()
            let plan = try store.prune(RetentionPolicy(keepLast: steps.count - 1, perDoubling: 0))
            #expect(plan.leaving.map(\.id.step) == [steps.removeFirst()])
            #expect(plan.bytesCopied == 0)
            #expect(try size - used() == plan.bytesFreed)
            for name in ["tokenizer.safetensors", "voice.toml"] { #expect(try copies(name) == 2, "\(name) \(steps)") }
        }
        try store.delete(CheckpointID(branch: "main", step: 50))
        #expect(try store.verify(CheckpointID(branch: "main", step: 60)).files.count == 4)
    }

    @Test func theLastSoundCopyIsNeverPruned() throws {
        try store.saveLine([10, 20, 30])
        for name in ["main/g_0000030"] { try flipBit(of: store.file(name, "tokenizer.safetensors"), at: 900) }
        // Only the oldest has a sound copy now; the others share the hurt one.
        try store.prune(RetentionPolicy(keepLast: 1, perDoubling: 0))
        #expect(try store.list().map(\.id.step) == [30])
        try store.verify(CheckpointID(branch: "main", step: 30))
    }

    @Test func withoutLinksTheCopiesAreMadeAnew() throws {
        try store.saveLine([10, 20, 30])
        var calls = SystemCalls.system
        calls.link = { _, _ in -Int(EPERM) }
        let store = try folder.store(.write, calls)
        try store.prune(RetentionPolicy(keepLast: 2, perDoubling: 0))
        #expect(try copies("tokenizer.safetensors") == 2)
        for listing in try store.list() { try store.verify(listing.id) }
    }

    @Test func aLinkFromOutsideFreesNothing() throws {
        try store.saveLine([10, 20])
        try FileManager.default.linkItem(
            at: store.file("main/g_0000010", "sovits.safetensors"), to: folder.url.appendingPathComponent("kept"))
        let size = try used()
        let plan = try store.prune(RetentionPolicy(keepLast: 1, perDoubling: 0))
        var kept = stat()
        #expect(lstat(folder.url.appendingPathComponent("kept").path, &kept) == 0)
        #expect(try size - used() - Int(kept.st_blocks) * 512 == plan.bytesFreed)
    }

    @Test func nothingGoesWhenTheNewestMayNotBeUsed() throws {
        try store.saveLine([10, 20, 30, 40])
        _ = try store.newBranch(from: CheckpointID(branch: "main", step: 30), name: "warm")
        let manifest = store.file("main/g_0000030", "manifest.json")
        let bytes = try Data(contentsOf: manifest)
        try FileManager.default.removeItem(at: manifest)
        let policy = RetentionPolicy(keepLast: 1, perDoubling: 0)
        #expect(
            message { try store.prune(policy) }.hasPrefix("nothing was removed: the newest checkpoint may not be used"))
        try bytes.write(to: manifest)
        try FileManager.default.removeItem(at: folder.checkpoints.appendingPathComponent("HEAD"))
        #expect(message { try store.prune(policy) } == "nothing was removed: HEAD is lost; save once more first")
        #expect(try store.list().count == 4)
    }

    @Test func whatIsLeftOfDamageIsNeverPruned() throws {
        try store.saveLine([10, 20, 30])
        let name = try store.setAside(CheckpointID(branch: "main", step: 20))
        #expect(name == "main/g_0000020.damaged-1")
        try store.prune(RetentionPolicy(keepLast: 1, perDoubling: 0))
        #expect(try store.listSetAside() == ["main/g_0000020.damaged-1"])
        #expect(FileManager.default.fileExists(atPath: store.file(name, "sovits.safetensors").path))
    }

    /// Saves and prunes for a long time, as training does.
    @Test(arguments: [1, 2, 4]) func spacesGrowWithAge(perDoubling: Int) throws {
        var kept: [Int] = []
        let policy = RetentionPolicy(keepLast: 1, perDoubling: perDoubling)
        var generator = SeededGenerator(seed: 5)
        var step = 0
        for _ in 0..<2000 {
            step += Int.random(in: 300...1500, using: &generator)
            kept.append(step)
            let spaced = policy.spaced(kept)
            kept = kept.filter { spaced.contains($0) }
        }
        // However old: never more than four widths of an age's share without one, and a number that grows with the
        // logarithm of the time only.
        for (older, newer) in zip(kept, kept.dropFirst()) {
            let share = max(1500, (step - older) / perDoubling)
            #expect(newer - older <= 2 * share, "\(older) … \(newer) at \(step)")
        }
        #expect(kept.count <= 2 * perDoubling * 12 + 10 && kept.count >= perDoubling * 5, "\(kept.count) kept")
        #expect(kept.last == step && RetentionPolicy(keepLast: 1, perDoubling: 0).spaced(kept).isEmpty)
    }
}
