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
    /// Median of the last steps; nil before the first.
    package var secondsPerStep: Double?
    /// Where training went on from and why, e.g. "resumed main/g_0000120 (autosave)"; empty for a fresh start.
    package var origin: String
    package var checkpoints: [CheckpointSummary]
    /// The stage that alone is trained, by the user's wish; nil follows the schedule.
    package var stageOverride: Stage?
    /// What the schedule's learning rates are multiplied with, by the user's wish.
    package var learningRateFactor: Double
    package var safety: Safety

    /// What would be lost if the power failed now, and what it costs that it is not more.
    package struct Safety: Sendable, Equatable {
        /// The step of the newest checkpoint on the disk; nil when there is none.
        package var savedStep: Int?
        package var isSaving: Bool
        /// Seconds from one save to the next at this pace.
        package var interval: Double
        /// The share of the wall time that saving takes; nil before the first save.
        package var cost: Double?

        package init(savedStep: Int? = nil, isSaving: Bool = false, interval: Double = 0, cost: Double? = nil) {
            self.savedStep = savedStep
            self.isSaving = isSaving
            self.interval = interval
            self.cost = cost
        }
    }

    /// Steps that only memory has.
    package var stepsAtRisk: Int { max(0, step - (safety.savedStep ?? 0)) }

    package init(
        phase: Phase, voiceName: String, branch: String, step: Int, targetStep: Int?, stage: Stage, epoch: Int,
        batch: Int, batchesInEpoch: Int, learningRate: Double, secondsPerStep: Double?, origin: String,
        checkpoints: [CheckpointSummary], stageOverride: Stage? = nil, learningRateFactor: Double = 1,
        safety: Safety = Safety()
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
        self.stageOverride = stageOverride
        self.learningRateFactor = learningRateFactor
        self.safety = safety
    }

    /// Seconds until `targetStep`, when both it and the speed are known.
    package var secondsLeft: Double? {
        guard let targetStep, let secondsPerStep else { return nil }
        return Double(max(0, targetStep - step)) * secondsPerStep
    }
}

/// One line of the checkpoint history.
package struct CheckpointSummary: Sendable, Codable, Equatable, Identifiable {
    /// `[branch/]g_0000120`, with the branch always written here.
    package var id: String
    package var branch: String
    package var step: Int
    package var date: Date
    /// autosave, user, pause, signal, rollback
    package var reason: String
    package var bytes: Int
    package var parent: String?
    package var isPinned: Bool
    package var tags: [String]
    package var note: String?

    package init(
        id: String, branch: String, step: Int, date: Date, reason: String, bytes: Int, parent: String?, isPinned: Bool,
        tags: [String] = [], note: String? = nil
    ) {
        self.id = id
        self.branch = branch
        self.step = step
        self.date = date
        self.reason = reason
        self.bytes = bytes
        self.parent = parent
        self.isPinned = isPinned
        self.tags = tags
        self.note = note
    }
}

/// What leaves the trainer.
package enum TrainingUpdate: Sendable {
    case snapshot(TrainingSnapshot)
    case step(StepRecord)
    case event(JournalEvent)
}

/// What the studio asks of the trainer; each is obeyed between two steps.
package enum TrainingCommand: Sendable, Equatable {
    case pause, resume, snapshot
    /// Goes back to a checkpoint and starts a new branch there, paused or training as before.
    case rollBack(to: String)
    /// nil follows the schedule of voice.toml; a stage trains that one only.
    case setStage(Stage?)
    /// Multiplies the schedule's learning rate.
    case setLearningRateFactor(Double)
    /// Saves, then ends.
    case stop
    /// The same because of a signal or a lost terminal, which the checkpoint then gives as its reason.
    case interrupt
}

/// The trainer as the studio sees it; tests put a scripted one in its place.
package protocol TrainingSession: AnyObject, Sendable {
    /// All updates from now on; one consumer.
    var updates: AsyncStream<TrainingUpdate> { get }
    /// The journal's rows so far of the current branch and its ancestors, oldest first, thinned to at most `limit`.
    func history(limit: Int) async throws -> [StepRecord]
    /// The last `limit` events, oldest first.
    func recentEvents(limit: Int) async throws -> [JournalEvent]
    func send(_ command: TrainingCommand)
    /// Synthesizes on a background thread with the current weights (nil) or a checkpoint's, saves the take, returns it.
    /// Training goes on meanwhile.
    func audition(_ request: AuditionRequest) async throws -> Take
}

/// A sentence to hear.
package struct AuditionRequest: Sendable, Equatable {
    package var text: String
    /// A checkpoint's ID, or nil for the weights of this moment.
    package var checkpoint: String?
    package var seed: UInt64
    /// True to resynthesize a held-out clip from its own tokens instead of asking the prior.
    package var fromHeldOutClip: Bool

    package init(text: String, checkpoint: String?, seed: UInt64, fromHeldOutClip: Bool) {
        self.text = text
        self.checkpoint = checkpoint
        self.seed = seed
        self.fromHeldOutClip = fromHeldOutClip
    }
}

/// One synthesized utterance with all that made it.
package struct Take: Sendable, Codable, Equatable {
    package var path: String
    package var text: String
    package var checkpoint: String
    package var step: Int
    package var seed: UInt64
    /// "prior", or the held-out clip's id whose own tokens were resynthesized.
    package var source: String
    package var date: Date
    package var sampleRate: Int
    package var sampleCount: Int

    package init(
        path: String, text: String, checkpoint: String, step: Int, seed: UInt64, source: String, date: Date,
        sampleRate: Int, sampleCount: Int
    ) {
        self.path = path
        self.text = text
        self.checkpoint = checkpoint
        self.step = step
        self.seed = seed
        self.source = source
        self.date = date
        self.sampleRate = sampleRate
        self.sampleCount = sampleCount
    }
}
