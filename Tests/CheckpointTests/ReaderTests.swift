import Checkpoint
import Foundation
import Testing

/// Readers beside a writer.
@Suite struct ReaderTests {
    let disk = DiskModel()
    let writer: CheckpointStore

    init() throws {
        _ = disk.calls.mkdir("/voice", 0o755)
        writer = try CrashScenario.store(disk)
        try writer.saveLine([10, 20, 30, 40])
        try writer.setTag("best", on: CheckpointID(branch: "main", step: 20))
    }

    @Test func aReaderNeverTouchesTheDisk() throws {
        _ = try writer.newBranch(from: CheckpointID(branch: "main", step: 20))
        // What a killed writer left is none of a reader's business.
        _ = disk.calls.mkdir("/voice/checkpoints/main/.saving-g_0000050-1", 0o755)
        let before = disk.logCount
        let layer = FaultLayer(base: disk.calls)
        let reader = try CheckpointStore(
            directory: CrashScenario.directory, access: .readOnly, fileSystem: FileSystem(calls: layer.calls))
        let id = CheckpointID(branch: "main", step: 30)
        _ = try reader.list()
        _ = try reader.load(id)
        _ = try reader.verify(id)
        _ = try reader.check(id)
        _ = try reader.branches()
        _ = try reader.moves()
        _ = try reader.tags()
        _ = try reader.resolve("best")
        _ = try reader.compare(id, CheckpointID(branch: "main", step: 40))
        _ = try reader.retentionPlan(RetentionPolicy(keepLast: 1))
        _ = try reader.plan(for: image(step: 50), as: request("g_0000050", parent: "g_0000040"))
        _ = try reader.reserveState()
        _ = try reader.listSetAside()
        _ = try Recovery.newestSound(in: reader)
        for sentence in [
            message { try reader.undo() }, message { try reader.redo() }, message { try reader.setTag("x", on: id) },
            message { try reader.setNote("x", on: id) }, message { try reader.setReserve(bytes: 1) },
            message { try reader.prune(RetentionPolicy(keepLast: 1)) }, message { _ = try reader.setAside(id) },
            message { try reader.repair(id) }, message { try reader.setHead(Head(branch: "main", checkpoint: id)) },
            message { _ = try reader.add(ImportedState(image: image(step: 1)), step: 1, source: "x") },
        ] {
            #expect(sentence.contains("was opened for reading only"), "\(sentence)")
        }
        #expect(layer.log.isEmpty && disk.logCount == before, "\(layer.log)")
    }

    /// Between any two of a reader's calls the writer prunes: the reader sees what there was or what there is, and never
    /// takes a checkpoint that went for a damaged one.
    @Test func pruningIsNoDamageToAReader() throws {
        let original = disk.nodes
        for moment in 0..<400 {
            let disk = DiskModel(nodes: original)
            let writer = try CrashScenario.store(disk)
            let calls = disk.calls
            let counter = Counter()
            let prune: @Sendable () -> Void = {
                if counter.next() == moment { _ = try? writer.prune(RetentionPolicy(keepLast: 1, perDoubling: 0)) }
            }
            var slow = calls
            slow.open = { path, flags, mode in
                prune()
                return calls.open(path, flags, mode)
            }
            slow.status = { path in
                prune()
                return calls.status(path)
            }
            slow.list = { path in
                prune()
                return calls.list(path)
            }
            let reader = try CheckpointStore(
                directory: CrashScenario.directory, access: .readOnly, fileSystem: FileSystem(calls: slow))
            let listings = try reader.list()
            #expect(listings.allSatisfy { $0.defect == nil }, "\(moment): \(listings.compactMap(\.defect))")
            let sentence = message { try reader.verify(CheckpointID(branch: "main", step: 10)) }
            #expect(sentence.isEmpty || sentence.hasPrefix("there is no checkpoint main/g_0000010"), "\(sentence)")
            if counter.count < moment { return }
        }
        Issue.record("a reader makes more calls than that")
    }
}
