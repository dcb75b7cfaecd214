import Foundation

/// Where the trainer stands, as one immutable value for the screen.
package struct TrainingSnapshot: Sendable, Equatable {
    package enum Phase: Sendable, Equatable {
        /// Preparing clips, tokens or weights; what is being done, and how far (0 ... 1) where it is known.
        case preparing(String, fraction: Double?)
        case training
        case paused
        /// Paused by itself: one sentence that says what happened and what can be done.
        case halted(String)
        case saving
        case stopped
        /// Cannot go on; one sentence.
        case failed(String)
        /// Looks on while another process trains the voice; nil when none does.
        case watching(owner: String?)
    }

    package var phase: Phase
    package var voiceName: String
    package var branch: String
    package var step: Int
    /// Train until this global step; nil for no end.
    package var targetStep: Int?
    package var stage: Stage
    package var epoch: Int
    package var batch: Int
    package var batchesInEpoch: Int
    package var learningRate: Double
    /// The mean of the schedule's round by the last steps of each stage; nil before the first.
    package var secondsPerStep: Double?
    /// Where training went on from and why, e.g. "resumed main/g_0000120 (autosave)"; empty for a fresh start.
    package var origin: String
    /// The oldest save first.
    package var checkpoints: [CheckpointSummary]
    /// Every line there is, sorted by name.
    package var branches: [BranchSummary]
    /// The stage that alone is trained, by the user's wish; nil follows the schedule.
    package var stageOverride: Stage?
    /// What the schedule's learning rates are multiplied with, by the user's wish.
    package var learningRateFactor: Double
    package var safety: Safety
    /// Set while steps are done that were done before.
    package var redoing: Redoing?

    /// Steps done again: after an interruption those that only the journal has, after going back to a step that was
    /// not saved those that lead to it.
    package struct Redoing: Sendable, Equatable {
        /// The step they begin after, and the last of them.
        package var from: Int
        package var to: Int

        package init(from: Int, to: Int) {
            self.from = from
            self.to = to
        }
    }
    /// Where the time of the last steps went; empty before the first.
    package var timeSplit: [TimeShare]

    /// What would be lost if the power failed now, and what it costs that it is not more.
    package struct Safety: Sendable, Equatable {
        /// The step of the newest checkpoint on the disk; nil when there is none.
        package var savedStep: Int?
        package var isSaving: Bool
        /// Seconds from one save to the next at this pace.
        package var interval: Double
        /// The share of the wall time that saving takes; nil before the first save.
        package var cost: Double?
        /// What a save takes of the disk, about, and what is free there; nil before the model is built, or where
        /// the system does not say.
        package var nextBytes: Int?
        package var freeBytes: Int?

        package init(
            savedStep: Int? = nil, isSaving: Bool = false, interval: Double = 0, cost: Double? = nil,
            nextBytes: Int? = nil, freeBytes: Int? = nil
        ) {
            self.savedStep = savedStep
            self.isSaving = isSaving
            self.interval = interval
            self.cost = cost
            self.nextBytes = nextBytes
            self.freeBytes = freeBytes
        }
    }

    /// A part of training and its share of the time in steps.
    package struct TimeShare: Sendable, Equatable {
        package var stage: Stage
        /// What is done, e.g. "generator forward".
        package var part: String
        package var share: Double

        package init(stage: Stage, part: String, share: Double) {
            (self.stage, self.part, self.share) = (stage, part, share)
        }
    }

    /// Steps that only memory has.
    package var stepsAtRisk: Int { max(0, step - (safety.savedStep ?? 0)) }

    package init(
        phase: Phase, voiceName: String, branch: String, step: Int, targetStep: Int?, stage: Stage, epoch: Int,
        batch: Int, batchesInEpoch: Int, learningRate: Double, secondsPerStep: Double?, origin: String,
        checkpoints: [CheckpointSummary], branches: [BranchSummary] = [], stageOverride: Stage? = nil,
        learningRateFactor: Double = 1,
        safety: Safety = Safety(), redoing: Redoing? = nil, timeSplit: [TimeShare] = []
    ) {
        self.phase = phase
        self.voiceName = voiceName
        self.branch = branch
        self.step = step
        self.targetStep = targetStep
        self.stage = stage
        self.epoch = epoch
        self.batch = batch
        self.batchesInEpoch = batchesInEpoch
        self.learningRate = learningRate
        self.secondsPerStep = secondsPerStep
        self.origin = origin
        self.checkpoints = checkpoints
        self.branches = branches
        self.stageOverride = stageOverride
        self.learningRateFactor = learningRateFactor
        self.safety = safety
        self.redoing = redoing
        self.timeSplit = timeSplit
    }

    /// How much of the way to `targetStep` is done, 0 … 1; nil without one.
    package var progress: Double? {
        targetStep.map { $0 > 0 ? min(1, Double(step) / Double($0)) : 1 }
    }

    /// Seconds until `targetStep`, when both it and the speed are known.
    package var secondsLeft: Double? {
        guard let targetStep, let secondsPerStep else { return nil }
        return Double(max(0, targetStep - step)) * secondsPerStep
    }
}

/// What leaves the trainer.
package enum TrainingUpdate: Sendable {
    case snapshot(TrainingSnapshot)
    case step(StepRecord)
    case event(JournalEvent)
    /// How much of a command that goes on beside training is done, 0 ... 1.
    case progress(TrainingCommand, Double)
    /// A command was done, or could not be, which an event then says.
    case obeyed(TrainingCommand)
}
