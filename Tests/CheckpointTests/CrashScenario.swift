import Checkpoint
import Foundation

/// A seeded series of saves, roll-backs, undoings, labels and prunings on a disk in memory, and what was announced when.
struct CrashScenario {
    /// What the user was told, and may rely on from then on.
    struct Announced {
        /// Changes of the disk until then.
        var logCount: Int
        var head: Head?
        var ids: Set<CheckpointID> = []
        var pinned: Set<CheckpointID> = []
        var tags: [String: CheckpointID] = [:]
        var moves = 0
    }

    static let directory = URL(fileURLWithPath: "/voice/checkpoints", isDirectory: true)

    let disk = DiskModel()
    /// The disk before anything was recorded.
    private(set) var start: [Int: DiskModel.Node] = [:]
    private(set) var announcements: [Announced] = []

    static func store(_ disk: DiskModel, _ access: CheckpointStore.Access = .write) throws -> CheckpointStore {
        try CheckpointStore(directory: directory, access: access, fileSystem: FileSystem(calls: disk.calls))
    }

    /// The state of a checkpoint: different on every branch, with a tokenizer that hardly ever changes.
    static func image(of id: CheckpointID) throws -> StateImage {
        try CheckpointTests.image(step: id.step + 7 * id.branch.utf8.reduce(0) { $0 + Int($1) }, frozen: id.step / 90)
    }

    static func save(_ id: CheckpointID, parent: CheckpointID?, in store: CheckpointStore) throws {
        try store.save(try image(of: id), as: try request("\(id)", parent: parent.map { "\($0)" }))
    }

    init(seed: UInt64, operations: Int) throws {
        _ = disk.calls.mkdir("/voice", 0o755)
        start = disk.nodes
        disk.state.withLock { $0.log = [] }
        let store = try Self.store(disk)
        var generator = SeededGenerator(seed: seed)
        announcements = [Announced(logCount: disk.logCount)]
        for number in 0..<operations {
            try operate(store, number, &generator)
            announcements.append(try Self.announced(store, disk.logCount))
        }
    }

    /// What a store says of itself.
    static func announced(_ store: CheckpointStore, _ logCount: Int) throws -> Announced {
        let listings = try store.list()
        return Announced(
            logCount: logCount, head: try store.readHead(), ids: Set(listings.map(\.id)),
            pinned: Set(listings.filter(\.isPinned).map(\.id)), tags: try store.tags(), moves: try store.moves().count)
    }

    private func operate(_ store: CheckpointStore, _ number: Int, _ generator: inout SeededGenerator) throws {
        let ids = try store.list().map(\.id)
        guard let head = try store.readHead(), let any = ids.randomElement(using: &generator) else {
            return try Self.save(CheckpointID(branch: "main", step: 10), parent: nil, in: store)
        }
        switch Int.random(in: 0..<20, using: &generator) {
        case 0, 1: _ = try store.newBranch(from: any)
        case 2: _ = try? store.undo()
        case 3: _ = try? store.redo()
        case 4: try store.setPinned(any, Bool.random(using: &generator))
        case 5: try store.setTag("tag-\(number)", on: any)
        case 6: if let tag = try store.tags().keys.min() { try store.removeTag(tag) }
        case 7: try store.setNote("note \(number)", on: any)
        case 8, 9, 10:
            try store.prune(RetentionPolicy(keepLast: 2, perDoubling: Int.random(in: 0...1, using: &generator)))
        case 11: try? store.delete(any)
        case 12: try store.setReserve(bytes: 4096 * Int.random(in: 0...2, using: &generator))
        default:
            let id = CheckpointID(
                branch: head.branch, step: head.checkpoint.step + Int.random(in: 5...30, using: &generator))
            try Self.save(id, parent: head.checkpoint, in: store)
        }
    }

    /// What was told last before a change, and what the operation under way would tell.
    func expectations(at change: Int) -> (before: Announced, after: Announced) {
        let next = announcements.firstIndex { $0.logCount > change } ?? announcements.count
        return (announcements[max(0, next - 1)], announcements[min(next, announcements.count - 1)])
    }
}

/// Opens a disk as a power loss left it, and says what is not as it should be.
struct CrashCheck {
    var before: CrashScenario.Announced
    var after: CrashScenario.Announced

    /// Reading only: what is found, and whether everything announced is there, sound and unchanged.
    func violations(_ nodes: [Int: DiskModel.Node], isThorough: Bool) -> [String] {
        let disk = DiskModel(nodes: nodes)
        var found: [String] = []
        do {
            let store = try CrashScenario.store(disk, .readOnly)
            if let outcome = try Recovery.newestSound(in: store) {
                found += judge(outcome)
            } else if before.head != nil {
                found.append("recovery found nothing, and \(describe(before.head)) was announced")
            }
            let listings = try store.list()
            for listing in listings where listing.header == nil || listing.hasLostLabel {
                found.append("\(listing.id) is hurt: \(listing.defect ?? "its label cannot be read")")
            }
            let ids = Set(listings.map(\.id))
            let lost = before.ids.intersection(after.ids).subtracting(ids)
            if !lost.isEmpty { found.append("lost: \(lost.sorted())") }
            let strange = ids.subtracting(before.ids.union(after.ids))
            if !strange.isEmpty { found.append("from nowhere: \(strange.sorted())") }
            let unpinned = before.pinned.intersection(after.pinned).subtracting(listings.filter(\.isPinned).map(\.id))
            if !unpinned.isEmpty { found.append("pins lost: \(unpinned.sorted())") }
            let tags = try store.tags()
            for (tag, id) in before.tags where after.tags[tag] == id && tags[tag] != id {
                found.append("the tag \(tag) is lost")
            }
            let moves = try store.moves().count
            if moves < before.moves || moves > max(before.moves, after.moves) {
                found.append("\(moves) moves of HEAD are told, \(before.moves) were made")
            }
            if isThorough {
                for id in ids where try store.load(id).image != (try CrashScenario.image(of: id)) {
                    found.append("\(id) holds another state")
                }
            }
        } catch {
            found.append("\(error)")
        }
        if disk.logCount > 0 { found.append("a reader changed the disk") }
        return found
    }

    private func judge(_ outcome: Recovery.Outcome) -> [String] {
        var found: [String] = []
        let head = Head(branch: outcome.branch, checkpoint: outcome.checkpoint.id)
        if head != before.head, head != after.head {
            found.append(
                "recovered \(describe(head)), announced \(describe(before.head)), under way \(describe(after.head))")
        }
        if outcome.isFallback || outcome.explanation != "resumed from \(head.checkpoint)" {
            found.append("fell back: \(outcome.explanation)")
        }
        if let image = try? CrashScenario.image(of: head.checkpoint), outcome.checkpoint.image != image {
            found.append("\(head.checkpoint) holds another state")
        }
        return found
    }

    private func describe(_ head: Head?) -> String { head.map { "\($0.branch) at \($0.checkpoint)" } ?? "nothing" }

    /// Goes on as a writer does: recovers, saves, and at a cut loses the power on the way. After a power loss all that is
    /// there is durable; after a kill, what the killed process did not sync is `unsynced` still.
    func violationsGoingOn(
        _ nodes: [Int: DiskModel.Node], unsynced: PowerLoss? = nil, cut: inout SeededGenerator
    ) -> [String] {
        let disk = DiskModel(nodes: nodes)
        do {
            let store = try CrashScenario.store(disk)
            let leftovers = disk.contents().keys.filter { $0.contains("/.saving-") || $0.contains("/.deleting-") }
            guard leftovers.isEmpty else { return ["left behind: \(leftovers.sorted())"] }
            guard let outcome = try Recovery.recover(in: store) else { return [] }
            let head = outcome.checkpoint.id
            var resumed = try CrashScenario.announced(store, disk.logCount)
            resumed.head = Head(branch: outcome.branch, checkpoint: head)
            let next = CheckpointID(branch: outcome.branch, step: head.step + 9)
            try CrashScenario.save(next, parent: head, in: store)
            try store.prune(RetentionPolicy(keepLast: 1, perDoubling: 0))
            let done = try CrashScenario.announced(store, disk.logCount)
            guard done.head == Head(branch: outcome.branch, checkpoint: next) else { return ["the next save is lost"] }

            var loss = unsynced ?? PowerLoss(start: nodes)
            let log = disk.log
            // What recovery found is relied on from when it was told, or if it had survived a power loss already.
            let place = Int.random(in: (unsynced == nil ? 0 : resumed.logCount)...log.count, using: &cut)
            for change in log.prefix(place) { loss.apply(change) }
            let check = CrashCheck(before: resumed, after: done)
            return check.violations(loss.state(&cut), isThorough: false).map { "after a second power loss: \($0)" }
        } catch {
            return ["going on: \(error)"]
        }
    }
}
