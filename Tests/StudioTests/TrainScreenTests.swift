import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// The charts of the training screen in all their views.
@Suite struct TrainScreenTests {
    static let large = [(80, 24), (120, 40), (200, 60)]

    /// A line that left `main` at step 80, with the rest of `main` behind it.
    static func branched() -> StudioState {
        var state = Fixture.state()
        var snapshot = Fixture.snapshot(
            step: 80, branch: "b2",
            checkpoints: Fixture.checkpoints + [Fixture.checkpoint(100, branch: "b2", minutesAgo: 2)])
        snapshot.branches = [
            BranchSummary(name: "b2", parent: "main/g_0000080", date: Fixture.now), BranchSummary(name: "main"),
        ]
        for effect in state.reduce(.update(.snapshot(snapshot))) {
            guard case .loadCurves(let request) = effect else { continue }
            var slice = CurveSlice(steps: request.steps, count: 60)
            for step in 81...140 { slice.append(Fixture.step(step)) }
            _ = state.reduce(.curves(slice, request))
        }
        for step in 81...112 {
            var record = Fixture.step(step, branch: "b2")
            if let mel = record.metrics[.mel] { record.metrics[.mel] = mel * 0.8 }
            _ = state.reduce(.update(.step(record)))
        }
        return state
    }

    /// A base of many speakers, which trains nothing but to tell them apart.
    static func ofSpeakers() -> StudioState {
        var state = StudioState(now: Fixture.now, timeZone: Fixture.timeZone)
        _ = state.reduce(.update(.snapshot(Fixture.snapshot(step: 0, checkpoints: []))))
        for step in 1...60 {
            var record = Fixture.step(step)
            record.stage = .speaker
            record.metrics = [
                .speakerLoss: 12 / (1 + Float(step) / 20), .speakerAccuracy: Float(step) / 80,
                .speakerGradientNorm: 4.5,
            ]
            if step % 20 == 0 { record.metrics[.validationSpeakerError] = 0.3 - Float(step) / 300 }
            _ = state.reduce(.update(.step(record)))
        }
        return state
    }

    static func timed() -> StudioState {
        var state = Fixture.state()
        var snapshot = Fixture.snapshot()
        snapshot.timeSplit = [
            .init(stage: .sovits, part: "generator forward", share: 0.2),
            .init(stage: .sovits, part: "discriminator step", share: 0.18),
            .init(stage: .sovits, part: "generator backward", share: 0.41),
            .init(stage: .prior, part: "forward", share: 0.07), .init(stage: .prior, part: "backward", share: 0.14),
        ]
        _ = state.reduce(.update(.snapshot(snapshot)))
        return state
    }

    static let scenes = [
        Scene(name: "charts-smoothed", sizes: large) { Fixture.state().pressing("e", "e") },
        Scene(name: "charts-alone", sizes: large + [(40, 10)]) { Fixture.state().pressing("z", "g") },
        Scene(name: "charts-crosshair", sizes: large) { Fixture.state().pressing(.left, .left, .left, .left) },
        Scene(name: "charts-recent", sizes: [(80, 24), (120, 40)]) { Fixture.state().pressing("+", "+", "e") },
        Scene(name: "charts-from-here", sizes: [(80, 24)]) { Fixture.state().pressing(.down, .down, "h") },
        Scene(name: "charts-branches", sizes: large) { branched() },
        Scene(name: "charts-gap", sizes: [(80, 24)]) {
            var state = Fixture.state()
            for step in 141...170 {
                var record = Fixture.step(step)
                if step > 150, step < 160 { record.metrics[.mel] = .nan }
                _ = state.reduce(.update(.step(record)))
            }
            return state.pressing("z")
        },
        Scene(name: "charts-speakers", sizes: large, state: ofSpeakers),
        Scene(name: "charts-picker", sizes: large + [(40, 10)]) { Fixture.state().pressing("m", .down, " ", .down) },
        Scene(name: "charts-time", sizes: large) { timed().pressing("C", "z") },
        Scene(name: "charts-wall", sizes: [(300, 80)]) { timed() },
        Scene(name: "charts-block", sizes: [(80, 24)], glyphs: .block) { Fixture.state().pressing("e", .left) },
        Scene(name: "charts-ascii", sizes: [(80, 24), (120, 40)], glyphs: .ascii) { branched().pressing("e", .left) },
    ]

    @MainActor @Test(arguments: scenes) func looksAsItDid(scene: Scene) throws { try scene.expectLooksAsItDid() }

    @Test(arguments: scenes) func everySizeIsDrawnWithoutHarm(scene: Scene) {
        scene.expectEverySizeIsDrawnWithoutHarm()
    }
}
