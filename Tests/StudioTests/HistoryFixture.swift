import Foundation
import Studio
import Training

/// A voice that went back twice: `main` to step 200, `branch-1` from its 120th, `branch-2` from branch-1's 160th.
enum HistoryFixture {
    static func checkpoint(
        _ step: Int, _ branch: String, hoursAgo: Double, reason: String = "autosave", parent: String? = nil
    ) -> CheckpointSummary {
        var result = Fixture.checkpoint(step, branch: branch, reason: reason, minutesAgo: 60 * hoursAgo)
        result.parent = parent
        result.verification = .sound(Fixture.now.addingTimeInterval(-60 * 40))
        let progress = Double(step) + (branch == "main" ? 0 : 10)
        result.losses = [
            .mel: Float(0.5 + 12 / (12 + progress)), .crossEntropy: Float(2 + 60 / (15 + progress)),
            .validationMel: Float(0.62 + 12 / (12 + progress)),
            .validationCrossEntropy: Float(2.3 + 60 / (15 + progress)),
        ]
        return result
    }

    static let checkpoints: [CheckpointSummary] = {
        var all = [
            checkpoint(40, "main", hoursAgo: 66), checkpoint(80, "main", hoursAgo: 30, reason: "user"),
            checkpoint(120, "main", hoursAgo: 26), checkpoint(160, "main", hoursAgo: 25),
            checkpoint(200, "main", hoursAgo: 24, reason: "rollback"),
            checkpoint(160, "branch-1", hoursAgo: 9, parent: "main/g_0000120"),
            checkpoint(180, "branch-1", hoursAgo: 8, reason: "pause"),
            checkpoint(210, "branch-1", hoursAgo: 7, reason: "rollback"),
            checkpoint(200, "branch-2", hoursAgo: 2, parent: "branch-1/g_0000160"),
            checkpoint(240, "branch-2", hoursAgo: 0.2),
        ]
        all[1].isPinned = true
        all[1].tags = ["first", "声"]
        all[1].note = "the first that can be understood"
        all[3].verification = .damaged("generator.safetensors: decoder.upsample.0.weight does not match its checksum.")
        all[9].verification = .notYet
        all[6].tags = ["calm"]
        return all
    }()

    static let branches = [
        BranchSummary(name: "branch-1", parent: "main/g_0000120", reason: "roll-back"),
        BranchSummary(name: "branch-2", parent: "branch-1/g_0000160", reason: "roll-back"), BranchSummary(name: "main"),
    ]

    static func snapshot(
        _ phase: TrainingSnapshot.Phase = .training, step: Int = 244, branch: String = "branch-2",
        checkpoints: [CheckpointSummary] = HistoryFixture.checkpoints
    ) -> TrainingSnapshot {
        var snapshot = Fixture.snapshot(phase, step: step, branch: branch, checkpoints: checkpoints)
        snapshot.branches = branches
        snapshot.origin = "resumed branch-2/g_0000240 (autosave)"
        snapshot.safety = TrainingSnapshot.Safety(savedStep: 240, isSaving: false, interval: 180, cost: 0.004)
        return snapshot
    }

    static func steps(_ branch: String, to last: Int) -> [StepRecord] {
        (1...last).map { Fixture.step($0, branch: branch) }
    }

    static let settings = CheckpointSettings(
        stage: nil, learningRateFactor: 0.5,
        configuration: "[voice]\nname = \"ada\"\npreset = \"nano\"\n\n[training]\nbatch = 8\nautosave_steps = 40\n")

    static let takes = [
        Fixture.take(text: "Good morning.", checkpoint: "branch-2/g_0000240"),
        Fixture.take(text: "日本語も話せます。", checkpoint: "branch-2/g_0000240"),
    ]

    /// The history screen, with all of it read.
    static func state(_ snapshot: TrainingSnapshot = HistoryFixture.snapshot()) -> StudioState {
        var state = StudioState(now: Fixture.now, timeZone: Fixture.timeZone)
        _ = state.reduce(.update(.snapshot(snapshot)))
        _ = state.reduce(.history(steps(snapshot.branch, to: snapshot.step), events: []))
        return read(state.pressing("2"))
    }

    /// Answers what the screen asks for.
    static func read(_ state: StudioState) -> StudioState {
        var state = state
        for (branch, last) in [("main", 200), ("branch-1", 210), ("branch-2", 244)] {
            _ = state.reduce(.answered(.line(branch, steps(branch, to: last))))
        }
        for checkpoint in checkpoints { _ = state.reduce(.answered(.settings(checkpoint.id, settings))) }
        _ = state.reduce(.answered(.takes(takes)))
        return state
    }

    static let comparison = CheckpointComparison(
        first: checkpoints[2], second: checkpoints[9],
        losses: [
            CheckpointComparison.Loss(metric: .mel, first: 0.812, second: 0.621),
            CheckpointComparison.Loss(metric: .crossEntropy, first: nil, second: 2.87),
            CheckpointComparison.Loss(metric: .validationMel, first: 0.88, second: 0.91),
        ],
        texts: [
            CheckpointComparison.Text(
                name: "voice.toml", removed: ["autosave_steps = 20"], added: ["autosave_steps = 40"], more: 2)
        ],
        tensors: (1...30).map {
            CheckpointComparison.TensorChange(
                file: "generator.safetensors", name: "decoder.block.\($0).weight", change: "by at most 0.0123")
        }, equalTensors: 412)

    /// The same, half of them evaluated: the fourth hears best, the last looks best.
    static let evaluated: [CheckpointSummary] = checkpoints.enumerated().map { number, checkpoint in
        guard number % 2 == 1 else { return checkpoint }
        var evaluation = CheckpointEvaluation(
            date: Fixture.now.addingTimeInterval(-60 * 20), clips: 8, basis: "a",
            figures: [
                .mel: 0.7 + Double(10 - number) / 100, .topThree: 0.3 + Double(number) / 50,
                .characterError: number == 3 ? 0.312 : 0.5 + Double(number) / 100,
            ], recordings: [.characterError: 0.204],
            notes: [.similarity: "the voice has no base that many speakers trained"])
        (evaluation.figures[.repeats], evaluation.figures[.skips]) = (Double(9 - number), Double(4 * number))
        (evaluation.recordings[.repeats], evaluation.recordings[.skips]) = (0, 2)
        var result = checkpoint
        result.evaluation = evaluation
        return result
    }

    static let preview = PrunePreview(
        kept: checkpoints.enumerated().filter { ![0, 3, 5].contains($0.offset) }.map {
            PrunePreview.Kept(
                checkpoint: $0.element,
                reasons: $0.offset == 1
                    ? ["pinned", "tagged"] : $0.offset == 9 ? ["head", "recent"] : ["spaced by age"])
        },
        leaving: [0, 3, 5].map { PrunePreview.Leaving(checkpoint: checkpoints[$0], bytesFreed: 48_300_000) },
        bytesFreed: 144_900_000)
}
