import Checkpoint
import Foundation
import Testing

/// How much the seeded harnesses do: 1 in the suite, more when `.build/effort` holds a number.
enum Effort {
    static let factor: Int = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try? String(contentsOf: root.appendingPathComponent(".build/effort"), encoding: .utf8)
        return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }.map { max(1, $0) } ?? 1
    }()
}

/// Power losses: from the record of what a store wrote, legal states of the disk are rebuilt and opened.
@Suite struct CrashStateTests {
    private static let operations = 24
    private static let statesPerScenario = 100

    struct Tally {
        var states: Set<Int> = []
        var violations: [String] = []
    }

    /// Opens states of one scenario, at cuts spread over all its changes. `isSynced` false makes the disk lie.
    static func explore(
        seed: UInt64, states: Int, isSynced: (String) -> Bool = { _ in true }
    ) throws -> Tally {
        let scenario = try CrashScenario(seed: seed, operations: operations)
        var generator = SeededGenerator(seed: seed ^ 0x5eed)
        var loss = PowerLoss(start: scenario.start)
        var tally = Tally()
        let log = scenario.disk.log
        var taken = 0
        for (index, change) in log.enumerated() {
            if case .sync(_, let path) = change, !isSynced(path) { continue }
            loss.apply(change)
            let due = (index + 1) * states / log.count
            while taken < due {
                taken += 1
                let nodes = loss.state(&generator)
                guard tally.states.insert(nodes.hashValue).inserted else { continue }
                let (before, after) = scenario.expectations(at: index + 1)
                let check = CrashCheck(before: before, after: after)
                var found = check.violations(nodes, isThorough: taken % 4 == 0)
                if found.isEmpty, taken % 4 == 1 { found = check.violationsGoingOn(nodes, cut: &generator) }
                if found.isEmpty, taken % 4 == 3 {
                    let killed = loss.everything
                    found = check.violations(killed, isThorough: false)
                    if found.isEmpty { found = check.violationsGoingOn(killed, unsynced: loss, cut: &generator) }
                }
                tally.violations += found.map { "seed \(seed), change \(index + 1): \($0)" }
            }
        }
        return tally
    }

    @Test func noPowerLossTakesWhatWasAnnounced() throws {
        var states = 0
        for seed in 1...UInt64(6 * Effort.factor) {
            let tally = try Self.explore(seed: seed, states: Self.statesPerScenario)
            states += tally.states.count
            #expect(tally.violations.isEmpty, "\(tally.violations.prefix(5).joined(separator: "\n"))")
        }
        #expect(states > 200 * Effort.factor)
        if Effort.factor > 1 { print("\(states) different states of the disk were opened") }
    }

    /// A process is killed when a checkpoint has its name, and nothing says so yet. What recovery then tells is relied on.
    @Test func whatRecoveryFoundOutlivesAPowerLoss() throws {
        let disk = DiskModel()
        _ = disk.calls.mkdir("/voice", 0o755)
        let start = disk.nodes
        try CrashScenario.store(disk).saveLine([10])
        let isKilled = Counter()
        let layer = FaultLayer(base: disk.calls) { call, _ in
            if isKilled.count > 0 { return -Int(EIO) }
            if call.name == "rename", call.path.hasSuffix("main/g_0000020") { _ = isKilled.next() }
            return nil
        }
        let killed = try CheckpointStore(
            directory: CrashScenario.directory, fileSystem: FileSystem(calls: layer.calls))
        let sentence = message {
            try killed.save(try image(step: 20), as: try request("g_0000020", parent: "g_0000010"))
        }
        #expect(sentence.contains("the disk reports an error"))
        #expect(try Recovery.recover(in: CrashScenario.store(disk))?.explanation == "resumed from main/g_0000020")
        var loss = PowerLoss(start: start)
        for change in disk.log.dropFirst() { loss.apply(change) }
        let left = try CrashScenario.store(DiskModel(nodes: loss.worst), .readOnly)
        #expect(try Recovery.newestSound(in: left)?.explanation == "resumed from main/g_0000020")
    }

    /// The harness notices each kind of sync that is left out: none of them is for show.
    @Test(arguments: [".safetensors", "manifest.json", "/.saving-g_", "/main", "/checkpoints", "/.saving-HEAD-"])
    func everySyncIsNeeded(kind: String) throws {
        let isKind: (String) -> Bool = { path in
            kind == "/.saving-g_"
                ? (path as NSString).lastPathComponent.hasPrefix(".saving-g_")
                : path.hasSuffix(kind) || (kind.hasSuffix("-") && path.contains(kind))
        }
        for seed in 1...UInt64(40) {
            let tally = try Self.explore(seed: seed, states: 60) { !isKind($0) }
            if !tally.violations.isEmpty { return }
        }
        Issue.record("a disk that never syncs \(kind) was not noticed")
    }
}
