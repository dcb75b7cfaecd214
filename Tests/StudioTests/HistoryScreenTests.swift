import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// The history screen and what lies over it.
@Suite struct HistoryScreenTests {
    private static let sizes = [(80, 24), (120, 40), (200, 60), (40, 10)]

    static let scenes = [
        Scene(name: "history", sizes: sizes + [(300, 80), (20, 3)]) { HistoryFixture.state() },
        Scene(name: "history-block", sizes: [(120, 40)], glyphs: .block) { HistoryFixture.state() },
        Scene(name: "history-ascii", sizes: [(80, 24), (120, 40)], glyphs: .ascii) { HistoryFixture.state() },
        Scene(name: "history-back-in-time", sizes: sizes) {
            HistoryFixture.state().pressing(.left, .left, .left, "m", .left)
        },
        Scene(name: "history-evaluated", sizes: sizes + [(300, 80)]) {
            HistoryFixture.state(HistoryFixture.snapshot(checkpoints: HistoryFixture.evaluated))
        },
        Scene(name: "history-best-first", sizes: sizes + [(20, 3)]) {
            HistoryFixture.state(HistoryFixture.snapshot(checkpoints: HistoryFixture.evaluated))
                .pressing("f", "f", "f", "f")
        },
        Scene(name: "history-narrow", sizes: [(120, 40)]) { HistoryFixture.state().pressing(.left, .left, "w") },
        Scene(name: "history-damaged", sizes: [(80, 24), (120, 40)]) {
            HistoryFixture.state().pressing("/", "d", "a", "m", "a", "g", .enter, .escape)
        },
        Scene(name: "history-find", sizes: sizes + [(20, 3)]) {
            HistoryFixture.state().pressing("/", "m", "a", "i", "n")
        },
        Scene(name: "history-found-nothing", sizes: [(80, 24)]) {
            HistoryFixture.state().pressing("/", "z", "z", .enter)
        },
        Scene(name: "history-empty", sizes: sizes) {
            HistoryFixture.state(HistoryFixture.snapshot(step: 12, branch: "main", checkpoints: []))
        },
        Scene(name: "history-moment", sizes: [(40, 10)]) { HistoryFixture.state().pressing(.tab) },
        Scene(name: "history-reading", sizes: [(120, 40)]) {
            var state = StudioState(now: Fixture.now, timeZone: Fixture.timeZone)
            _ = state.reduce(.update(.snapshot(HistoryFixture.snapshot())))
            return state.pressing("2")
        },
        Scene(name: "history-many", sizes: sizes) { many(2_000, branches: 40).pressing("2", .down, .down, .down) },
        Scene(name: "history-restore", sizes: sizes + [(20, 3)]) { HistoryFixture.state().pressing(.left, .enter) },
        Scene(name: "history-branch", sizes: [(80, 24), (40, 10), (20, 3)]) {
            HistoryFixture.state().pressing(.left, "b")
        },
        Scene(name: "history-go-to-step", sizes: [(80, 24), (40, 10)]) {
            HistoryFixture.state().pressing("g", "2", "3")
        },
        Scene(name: "history-note", sizes: [(80, 24)]) {
            HistoryFixture.state().pressing(.end, .up, .up, .up, .up, .up, "n")
        },
        Scene(name: "history-compare", sizes: sizes) {
            var state = HistoryFixture.state()
            _ = state.reduce(.answered(.comparison(HistoryFixture.comparison)))
            return state
        },
        Scene(name: "history-thin-out", sizes: sizes + [(20, 3)]) {
            var state = HistoryFixture.state()
            _ = state.reduce(.answered(.thinning(HistoryFixture.preview)))
            return state
        },
        Scene(name: "history-thin-out-asks", sizes: [(80, 24), (20, 3)]) {
            var state = HistoryFixture.state()
            _ = state.reduce(.answered(.thinning(HistoryFixture.preview)))
            return state.pressing("d")
        },
        Scene(name: "history-nothing-to-thin-out", sizes: [(80, 24)]) {
            var state = HistoryFixture.state()
            var preview = HistoryFixture.preview
            (preview.leaving, preview.bytesFreed) = ([], 0)
            _ = state.reduce(.answered(.thinning(preview)))
            return state
        },
        Scene(name: "history-pending", sizes: [(80, 24), (120, 40)]) {
            HistoryFixture.state().pressing("v", "p", .left, "b", .enter, .right)
        },
        Scene(name: "history-redoing", sizes: sizes + [(20, 3)]) {
            var snapshot = HistoryFixture.snapshot()
            snapshot.redoing = TrainingSnapshot.Redoing(from: 240, to: 256)
            return HistoryFixture.state(snapshot)
        },
        Scene(name: "history-help", sizes: [(80, 24), (120, 40)]) { HistoryFixture.state().pressing("?") },
    ]

    /// A long life: every branch leaves the one before it, or `main`.
    static func many(_ count: Int, branches: Int) -> StudioState {
        var checkpoints: [CheckpointSummary] = []
        var lines: [BranchSummary] = [BranchSummary(name: "main")]
        let length = count / branches
        for number in 0..<branches {
            let name = number == 0 ? "main" : "branch-\(number)"
            let start = number == 0 ? 0 : (number % 3 == 0 ? 400 : 300 + 20 * number)
            let before = number % 3 == 0 || number == 1 ? "main" : "branch-\(number - 1)"
            let digits = String(start)
            let parent = number == 0 ? nil : "\(before)/g_" + String(repeating: "0", count: 7 - digits.count) + digits
            if number > 0 { lines.append(BranchSummary(name: name, parent: parent)) }
            for place in 1...length {
                checkpoints.append(
                    HistoryFixture.checkpoint(
                        start + 20 * place, name, hoursAgo: Double(count - number * length - place) / 10,
                        parent: place == 1 ? parent : nil))
            }
        }
        var state = StudioState(now: Fixture.now, timeZone: Fixture.timeZone)
        var snapshot = HistoryFixture.snapshot(step: 2090, branch: "branch-\(branches - 1)", checkpoints: checkpoints)
        snapshot.branches = lines
        _ = state.reduce(.update(.snapshot(snapshot)))
        return state
    }

    @MainActor @Test(arguments: scenes) func looksAsItDid(scene: Scene) throws { try scene.expectLooksAsItDid() }

    @Test(arguments: scenes) func everySizeIsDrawnWithoutHarm(scene: Scene) {
        scene.expectEverySizeIsDrawnWithoutHarm()
    }
}
