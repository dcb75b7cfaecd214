import TerminalKit
import Training

// What the user asks of the trainer.
extension StudioState {
    mutating func command(_ action: StudioAction) -> [StudioEffect] {
        if action == .pauseOrResume, snapshot?.phase == .watching(owner: nil) { return leave(.reopened) }
        if let refusal = refusesCommands() { return refusal }
        switch action {
        case .pauseOrResume:
            if steadyPhase == .training || steadyPhase == nil {
                return say("Pausing after this step.", then: .send(.pause))
            }
            return say("Going on.", then: .send(.resume))
        case .snapshot: return say("Making a checkpoint after this step.", then: .send(.snapshot))
        case .switchStage:
            switch onlyStage {
            case nil: onlyStage = .sovits
            case .sovits: onlyStage = .prior
            case .prior, .speaker: onlyStage = nil
            }
            let what = onlyStage.map { "only \($0.rawValue)" } ?? "what the schedule says"
            return say("From the next step on: \(what).", then: .send(.setStage(onlyStage)))
        case .setLearningRate:
            overlay = .prompt(
                Prompt(
                    .learningRate, title: "Learning rate", label: "factor",
                    lines: ["× the schedule's rate; 1 follows it"]))
        default: break
        }
        return []
    }

    /// Why the trainer cannot be asked for anything now, said on the notification line; nil when it can.
    mutating func refusesCommands() -> [StudioEffect]? {
        if leaving != nil { return say("Saving, then leaving.") }
        switch snapshot?.phase {
        case nil, .preparing: return say("Training has not begun yet.")
        case .stopped: return say("Training has ended. Press q to leave.")
        case .failed(let sentence): return say(sentence, .bad)
        case .watching: return refusesChanges()
        case .training, .paused, .halted, .saving: return nil
        }
    }

    /// Why the voice cannot be changed from here, said on the notification line; nil when it can.
    mutating func refusesChanges() -> [StudioEffect]? {
        guard case .watching(let owner) = snapshot?.phase else { return nil }
        return say("\(SessionError.looksOn(owner: owner))", .warning)
    }

    mutating func say(
        _ sentence: String, _ role: ColorRole = .text, then effect: StudioEffect? = nil
    ) -> [StudioEffect] {
        notice = Notice(sentence, role)
        return effect.map { [$0] } ?? []
    }

    /// Saves and leaves; asked a second time, or with nothing left to save, leaves at once.
    mutating func leave(_ exit: StudioExit) -> [StudioEffect] {
        if case .failed(let sentence) = snapshot?.phase { return [.leave(.failed(sentence))] }
        if sessionEnded || snapshot?.phase == .stopped { return [.leave(exit)] }
        // There is nothing to save.
        if case .watching = snapshot?.phase { return [.stopPlaying, .send(.stop), .leave(exit)] }
        if leaving != nil {
            // A lost terminal and a signal often come together: only a person asks twice.
            if exit == .terminalLost || leaving == .terminalLost { return [] }
            return [.leave(.abandoned)]
        }
        leaving = exit
        overlay = nil
        let next = exit == .reopened ? "reading the clips anew" : "leaving"
        notice = Notice("Saving, then \(next). Press q again to leave at once.", .accent)
        switch exit {
        case .interrupted, .terminalLost: return [.stopPlaying, .send(.interrupt)]
        case .finished, .reopened, .abandoned, .leftInStep, .failed: return [.stopPlaying, .send(.stop)]
        }
    }
}
