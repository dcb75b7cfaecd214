import Training

/// What was asked of the trainer and is not done yet: it looks at its letters between two steps, and a step may take
/// minutes.
package struct PendingCommands: Sendable, Equatable {
    package private(set) var commands: [TrainingCommand] = []
    /// The one that is under way, and how much of it is done.
    private var current: TrainingCommand?
    private var share = 0.0

    package init() {}

    mutating func sent(_ command: TrainingCommand) { commands.append(command) }

    mutating func obeyed(_ command: TrainingCommand) {
        if let index = commands.firstIndex(of: command) { commands.remove(at: index) }
        if command == current { current = nil }
    }

    mutating func progressed(_ command: TrainingCommand, _ share: Double) {
        (current, self.share) = (command, share)
    }

    package func isWaiting(for command: TrainingCommand) -> Bool { commands.contains(command) }

    mutating func removeAll() { commands = [] }

    /// One sentence; nil when nothing is waited for.
    package var sentence: String? {
        let underWay = commands.compactMap { command in
            Self.underWay(command).map { $0 + (command == current ? ", \(Wording.percent(share))" : "") }
        }
        let waiting = commands.compactMap(Self.waiting)
        var parts = underWay.map { $0 + " …" }
        if !waiting.isEmpty { parts.append("After this step: " + waiting.joined(separator: ", ") + ".") }
        return parts.isEmpty ? nil : parts.joined(separator: "  ")
    }

    /// What goes on beside training.
    private static func underWay(_ command: TrainingCommand) -> String? {
        switch command {
        case .verify(let id): "Reading every byte of \(id)"
        case .evaluate(let id): "Evaluating \(id)"
        case .prune(let ids): "Deleting \(ids.count == 1 ? ids[0] : "\(ids.count) checkpoints")"
        default: nil
        }
    }

    /// What waits for the end of a step.
    private static func waiting(_ command: TrainingCommand) -> String? {
        switch command {
        case .pause: "pause"
        case .resume: "go on"
        case .snapshot: "a checkpoint"
        case .rollBack(let id): "back to \(id)"
        case .branch(let id, _): "a branch from \(id)"
        case .undoRollBack: "undo the roll-back"
        case .redoRollBack: "redo the roll-back"
        case .pin(let id, let isPinned): "\(isPinned ? "pin" : "unpin") \(id)"
        case .tag(let id, let tag): "tag \(id) \(tag)"
        case .untag(_, let tag): "take the tag \(tag) off"
        case .note(let id, _): "the note on \(id)"
        case .setStage(let stage): stage.map { "only \($0.rawValue)" } ?? "the schedule's stages"
        case .setLearningRateFactor(let factor): "learning rate × \(factor)"
        case .verify, .evaluate, .stopEvaluating, .prune, .stop, .interrupt: nil
        }
    }
}
