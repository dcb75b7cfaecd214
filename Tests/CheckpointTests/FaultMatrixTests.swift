import Checkpoint
import Foundation
import Testing

/// Every call of every change of a store fails once in every way, on a disk in memory.
@Suite struct FaultMatrixTests {
    enum Fault: CaseIterable {
        case inputOutput, full, quota, readOnly
        /// The process is gone from this call on.
        case killed
        /// Half of a write is done, and then the process is gone.
        case torn
        /// Half of a write is done, as a full disk may, and the rest fails.
        case short

        var code: Int32? {
            switch self {
            case .inputOutput: EIO
            case .full, .short: ENOSPC
            case .quota: EDQUOT
            case .readOnly: EROFS
            case .killed, .torn: nil
            }
        }
    }

    enum Operation: CaseIterable {
        case save, saveAgain, rollBack, undo, switchBranch, pin, unpin, tag, note, prune, delete, repair, recover,
            reserve

        func run(_ store: CheckpointStore) throws {
            let main = CheckpointID(branch: "main", step: 40)
            switch self {
            case .save: try CrashScenario.save(CheckpointID(branch: "warm", step: 50), parent: nil, in: store)
            case .saveAgain: try CrashScenario.save(CheckpointID(branch: "warm", step: 35), parent: main, in: store)
            case .rollBack: _ = try store.newBranch(from: main)
            case .undo: try store.undo()
            case .switchBranch: try store.setHead(Head(branch: "main", checkpoint: main))
            case .pin: try store.setPinned(main, true)
            case .unpin: try store.setPinned(CheckpointID(branch: "main", step: 10), false)
            case .tag: try store.setTag("good", on: main)
            case .note: try store.setNote("listen to this one", on: main)
            case .prune: try store.prune(RetentionPolicy(keepLast: 1, perDoubling: 0))
            case .delete: try store.delete(CheckpointID(branch: "main", step: 20))
            case .repair: try store.repair(main)
            case .recover: _ = try Recovery.recover(in: store)
            case .reserve: try store.setReserve(bytes: 3 << 12)
            }
        }
    }

    /// Two branches with three to five saves, a tag, a pin, a reserve, and a damaged file that has a sound copy.
    static func disk(for operation: Operation) throws -> DiskModel {
        let disk = DiskModel()
        _ = disk.calls.mkdir("/voice", 0o755)
        let store = try CrashScenario.store(disk)
        var parent: CheckpointID?
        for step in [10, 20, 30, 40] {
            let id = CheckpointID(branch: "main", step: step)
            try CrashScenario.save(id, parent: parent, in: store)
            parent = id
        }
        try store.setPinned(CheckpointID(branch: "main", step: 10), true)
        _ = try store.newBranch(from: CheckpointID(branch: "main", step: 30), name: "warm")
        try CrashScenario.save(
            CheckpointID(branch: "warm", step: 35), parent: CheckpointID(branch: "main", step: 30), in: store)
        try store.setReserve(bytes: 1 << 12)
        if operation == .repair {
            disk.damage("/voice/checkpoints/main/g_0000040/tokenizer.safetensors") { $0[$0.count - 5] ^= 4 }
        }
        if operation == .recover {
            disk.damage("/voice/checkpoints/warm/g_0000035/sovits.safetensors") { $0[$0.count - 5] ^= 4 }
        }
        return disk
    }

    private func layer(_ disk: DiskModel, _ fault: Fault, at place: Int) -> FaultLayer {
        FaultLayer(base: disk.calls, halvesWriteAt: fault == .torn || fault == .short ? place : nil) { call, number in
            let isHalved = fault == .torn || fault == .short
            if let code = fault.code {
                // A disk that is full or read-only stays so; an error comes once.
                if fault == .inputOutput { return number == place ? -Int(code) : nil }
                let writes = ["create", "write", "mkdir", "link", "allocate"].contains(call.name)
                let isLater = fault == .readOnly ? number >= place : number >= place + (isHalved ? 1 : 0) && writes
                return isLater ? -Int(code) : nil
            }
            return number >= place + (isHalved ? 1 : 0) ? -Int(EIO) : nil
        }
    }

    @Test(arguments: Operation.allCases) func noFaultCostsAnything(operation: Operation) throws {
        let original = try Self.disk(for: operation)
        for fault in Fault.allCases {
            var place = 0
            while true {
                let disk = DiskModel(nodes: original.nodes)
                let before = try CrashScenario.announced(CrashScenario.store(disk, .readOnly), 0)
                let layer = layer(disk, fault, at: place)
                let outcome = Result {
                    try operation.run(
                        CheckpointStore(
                            directory: CrashScenario.directory, fileSystem: FileSystem(calls: layer.calls)))
                }
                guard layer.log.count > place else { break }
                defer { place += 1 }
                // Elsewhere these are the same as being killed, or as a disk that is full.
                if [.torn, .short, .quota].contains(fault), layer.log[place].name != "write" { continue }
                let context = "\(operation), \(fault) at \(layer.log[place])"
                try judge(disk, operation, before, outcome, context)
                if case .failure(let error) = outcome, let code = fault.code, fault != .inputOutput {
                    #expect("\(error)".contains(Self.words(code)), "\(context): \(error)")
                }
            }
            #expect(place >= 2, "\(operation) makes more calls than that")
        }
    }

    private static func words(_ code: Int32) -> String {
        switch code {
        case ENOSPC: "no room"
        case EDQUOT: "your disk quota is used up"
        default: "read-only file system"
        }
    }

    private func judge(
        _ disk: DiskModel, _ operation: Operation, _ before: CrashScenario.Announced,
        _ outcome: Result<Void, any Error>,
        _ context: String
    ) throws {
        // Another process opens what is there, says the same as before or after, and does what failed.
        let reader = try CrashScenario.store(disk, .readOnly)
        let seen = try CrashScenario.announced(reader, 0)
        #expect(
            before.ids.subtracting(seen.ids).isEmpty || [.prune, .delete, .recover].contains(operation), "\(context)")
        let store = try CrashScenario.store(disk)
        let leftovers = disk.contents().keys.filter { $0.contains("/.saving-") || $0.contains("/.deleting-") }
        #expect(leftovers.isEmpty, "\(context): \(leftovers)")
        if operation != .recover, operation != .repair {
            let found = try #require(try Recovery.newestSound(in: store), "\(context)")
            #expect(!found.isFallback && !found.explanation.contains("HEAD"), "\(context): \(found.explanation)")
            if operation == .save, case .success = outcome {
                #expect(found.checkpoint.id.step == 50, "announced, then lost: \(context)")
            }
            #expect(try found.checkpoint.image == CrashScenario.image(of: found.checkpoint.id), "\(context)")
        }
        _ = try? operation.run(store)
        let found = try #require(try Recovery.recover(in: store), "\(context)")
        #expect(found.isFallback == false || operation == .recover, "\(context): \(found.explanation)")
        for id in try store.list().map(\.id) { #expect(try store.check(id) != .damaged(defects: []), "\(context)") }
        let next = CheckpointID(branch: found.branch, step: 70)
        try CrashScenario.save(next, parent: found.checkpoint.id, in: store)
        #expect(try store.load(next).image == CrashScenario.image(of: next), "\(context)")
        for id in try store.list().map(\.id) { try store.verify(id) }
    }
}
