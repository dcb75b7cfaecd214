import Foundation

/// One line of the checkpoint history.
package struct CheckpointSummary: Sendable, Codable, Equatable, Identifiable {
    /// `[branch/]g_0000120`, with the branch always written here.
    package var id: String
    package var branch: String
    package var step: Int
    package var date: Date
    /// autosave, user, pause, signal, rollback, import
    package var reason: String
    package var bytes: Int
    /// The checkpoint it grew from, which may be gone by now; of a branch's first one, the one the branch begins at.
    package var parent: String?
    package var isPinned: Bool
    package var tags: [String]
    package var note: String?
    package var verification: Verification
    /// Losses at its step, from the journal: `mel` and `crossEntropy` as means of the last steps of their stage,
    /// those of held-out clips as last measured. One that was not measured lately is missing.
    package var losses: [Metric: Float]
    /// What a deeper look at it measured; nil when nobody took one.
    package var evaluation: CheckpointEvaluation?

    package init(
        id: String, branch: String, step: Int, date: Date, reason: String, bytes: Int, parent: String?, isPinned: Bool,
        tags: [String] = [], note: String? = nil, verification: Verification = .notYet, losses: [Metric: Float] = [:],
        evaluation: CheckpointEvaluation? = nil
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
        self.verification = verification
        self.losses = losses
        self.evaluation = evaluation
    }
}

/// What is known of a checkpoint's bytes on the disk.
package enum Verification: Sendable, Equatable {
    /// It was written and synced, and nobody has read it back.
    case notYet
    /// Every byte was read back from the disk and matched its checksum, then.
    case sound(Date)
    /// What is wrong, by file and tensor; what could be repaired is repaired.
    case damaged(String)
}

extension Verification: Codable {
    private enum CodingKeys: String, CodingKey { case state, date, defect }
    private enum State: String, Codable { case notYet, sound, damaged }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        switch try values.decode(State.self, forKey: .state) {
        case .notYet: self = .notYet
        case .sound: self = .sound(try values.decode(Date.self, forKey: .date))
        case .damaged: self = .damaged(try values.decode(String.self, forKey: .defect))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .notYet: try values.encode(State.notYet, forKey: .state)
        case .sound(let date):
            try values.encode(State.sound, forKey: .state)
            try values.encode(date, forKey: .date)
        case .damaged(let defect):
            try values.encode(State.damaged, forKey: .state)
            try values.encode(defect, forKey: .defect)
        }
    }
}

/// A line of checkpoints and where it begins.
package struct BranchSummary: Sendable, Codable, Equatable, Identifiable {
    package var name: String
    /// The checkpoint it begins at; nil for the first one.
    package var parent: String?
    package var date: Date?
    /// Why it was begun, e.g. "roll-back"; nil when nobody said.
    package var reason: String?

    package var id: String { name }

    package init(name: String, parent: String? = nil, date: Date? = nil, reason: String? = nil) {
        self.name = name
        self.parent = parent
        self.date = date
        self.reason = reason
    }
}

/// What thinning out the checkpoints would come to.
package struct PrunePreview: Sendable, Equatable {
    package struct Kept: Sendable, Equatable {
        package var checkpoint: CheckpointSummary
        /// Why, e.g. "pinned" or "spaced by age".
        package var reasons: [String]

        package init(checkpoint: CheckpointSummary, reasons: [String]) {
            self.checkpoint = checkpoint
            self.reasons = reasons
        }
    }

    package struct Leaving: Sendable, Equatable {
        package var checkpoint: CheckpointSummary
        /// Bytes of the disk that come back when it and those before it in the list are gone.
        package var bytesFreed: Int

        package init(checkpoint: CheckpointSummary, bytesFreed: Int) {
            self.checkpoint = checkpoint
            self.bytesFreed = bytesFreed
        }
    }

    /// The oldest save first.
    package var kept: [Kept]
    package var leaving: [Leaving]
    /// All of it: less than the sum when contents must be copied so that two copies of them stay.
    package var bytesFreed: Int

    package init(kept: [Kept], leaving: [Leaving], bytesFreed: Int) {
        self.kept = kept
        self.leaving = leaving
        self.bytesFreed = bytesFreed
    }
}

/// The settings a checkpoint holds.
package struct CheckpointSettings: Sendable, Equatable {
    /// The stage that alone is trained; nil follows the schedule.
    package var stage: Stage?
    package var learningRateFactor: Double
    /// `voice.toml` as it was, without the defaults it leaves out.
    package var configuration: String
    /// What was changed of it while training, by the setting's dotted name.
    package var changes: [String: String]

    package init(
        stage: Stage?, learningRateFactor: Double, configuration: String, changes: [String: String] = [:]
    ) {
        self.stage = stage
        self.learningRateFactor = learningRateFactor
        self.configuration = configuration
        self.changes = changes
    }
}
