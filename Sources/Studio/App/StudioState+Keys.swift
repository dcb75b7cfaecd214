import Foundation
import TerminalKit
import Training

extension StudioState {
    mutating func reduceTerminal(_ event: TerminalEvent) -> [StudioEffect] {
        switch event {
        case .key(let key): return press(key)
        case .paste(let text):
            paste(text)
            return []
        case .resized: return []
        case .lost: return leave(.terminalLost)
        case .signal(SIGTSTP): return [.suspend]
        case .signal(SIGCONT): return [.redrawAll]
        case .signal(let number): return leave(.interrupted(number))
        }
    }

    private mutating func press(_ key: Key) -> [StudioEffect] {
        guard let action = KeyTable.action(for: key, at: place) else {
            edit(key)
            return []
        }
        if overlay == nil, leaving == nil { notice = nil }
        switch action {
        case .interrupt: return leave(.interrupted(SIGINT))
        case .suspend: return [.suspend]
        case .redraw: return [.redrawAll]
        case .quit: return leave(.finished)
        case .help:
            overlay = .help(from: 0)
            return []
        case .confirm: return confirm()
        case .cancel:
            overlay = nil
            return []
        case .chooseWeights:
            form.usesCheckpoint = !form.usesCheckpoint && selectedCheckpoint != nil
            return []
        case .chooseSource:
            form.fromHeldOutClip.toggle()
            return []
        case .nextPane, .previousPane:
            let step = action == .nextPane ? 1 : Pane.allCases.count - 1
            focus = Pane(rawValue: (focus.rawValue + step) % Pane.allCases.count) ?? .chart
            return []
        case .nextChart, .previousChart:
            chart = chart.moved(by: action == .nextChart ? 1 : -1)
            return []
        case .toggleLogarithmic:
            isLogarithmic.toggle()
            return []
        case .up, .down, .pageUp, .pageDown, .first, .last:
            scroll(action)
            return []
        case .replay:
            guard let lastTake else { return say("There is no take yet; press a and type a sentence.") }
            activity = .playing
            notice = Notice("Playing \(lastTake.path)", .accent)
            return [.play(lastTake)]
        case .stopPlaying:
            guard activity == .playing else { return [] }
            activity = .none
            return say("Stopped.", then: .stopPlaying)
        case .audition:
            overlay = .audition
            return []
        case .pauseOrResume, .snapshot, .rollBack, .switchStage, .setLearningRate: return command(action)
        }
    }

    // MARK: Commands to the trainer

    private mutating func command(_ action: StudioAction) -> [StudioEffect] {
        if leaving != nil { return say("Saving, then leaving.") }
        switch snapshot?.phase {
        case nil, .preparing: return say("Training has not begun yet.")
        case .stopped: return say("Training has ended. Press q to leave.")
        case .failed(let sentence): return say(sentence, .bad)
        case .training, .paused, .halted, .saving: break
        }
        switch action {
        case .pauseOrResume:
            if steadyPhase == .training || steadyPhase == nil {
                return say("Pausing after this step.", then: .send(.pause))
            }
            return say("Going on.", then: .send(.resume))
        case .snapshot: return say("Making a checkpoint after this step.", then: .send(.snapshot))
        case .rollBack:
            guard let checkpoint = selectedCheckpoint else {
                return say("There is no checkpoint yet; press s to make one.")
            }
            overlay = .rollBack(checkpoint)
        case .switchStage:
            switch onlyStage {
            case nil: onlyStage = .sovits
            case .sovits: onlyStage = .prior
            case .prior: onlyStage = nil
            }
            let what = onlyStage.map { "only \($0.rawValue)" } ?? "what the schedule says"
            return say("From the next step on: \(what).", then: .send(.setStage(onlyStage)))
        case .setLearningRate: overlay = .learningRate(LineEditor())
        default: break
        }
        return []
    }

    private mutating func say(
        _ sentence: String, _ role: ColorRole = .text, then effect: StudioEffect? = nil
    ) -> [StudioEffect] {
        notice = Notice(sentence, role)
        return effect.map { [$0] } ?? []
    }

    /// Saves and leaves; asked a second time, or with nothing left to save, leaves at once.
    mutating func leave(_ exit: StudioExit) -> [StudioEffect] {
        if case .failed(let sentence) = snapshot?.phase { return [.leave(.failed(sentence))] }
        if sessionEnded || snapshot?.phase == .stopped { return [.leave(exit)] }
        if leaving != nil {
            // A lost terminal and a signal often come together: only a person asks twice.
            if exit == .terminalLost || leaving == .terminalLost { return [] }
            return [.leave(.abandoned)]
        }
        leaving = exit
        overlay = nil
        notice = Notice("Saving, then leaving. Press q again to leave at once.", .accent)
        switch exit {
        case .interrupted, .terminalLost: return [.stopPlaying, .send(.interrupt)]
        case .finished, .abandoned, .leftInStep, .failed: return [.stopPlaying, .send(.stop)]
        }
    }

    // MARK: Overlays

    private mutating func confirm() -> [StudioEffect] {
        switch overlay {
        case .rollBack(let checkpoint):
            overlay = nil
            return say("Going back to \(checkpoint.id).", then: .send(.rollBack(to: checkpoint.id)))
        case .learningRate(let editor):
            let typed = editor.text.replacing(",", with: ".")
            guard let factor = Double(typed), factor.isFinite, factor > 0, factor <= 10 else {
                return say("A factor is a number above 0 and up to 10; 1 is the schedule's own rate.", .warning)
            }
            overlay = nil
            return say("Learning rate × \(typed) from the next step on.", then: .send(.setLearningRateFactor(factor)))
        case .audition: return audition()
        case .help, nil:
            overlay = nil
            return []
        }
    }

    private mutating func audition() -> [StudioEffect] {
        if activity == .synthesizing {
            return say("One sentence at a time: the last one is still being made.", .warning)
        }
        let text = form.editor.text
        if text.allSatisfy(\.isWhitespace), !form.fromHeldOutClip { return say("Type a sentence first.", .warning) }
        _ = form.editor.submit()
        overlay = nil
        activity = .synthesizing
        let checkpoint = form.usesCheckpoint ? selectedCheckpoint?.id : nil
        let request = AuditionRequest(
            text: text, checkpoint: checkpoint, seed: 1, fromHeldOutClip: form.fromHeldOutClip)
        return say("Speaking with \(checkpoint ?? "the weights of this moment") …", .accent, then: .audition(request))
    }

    private mutating func edit(_ key: Key) {
        switch overlay {
        case .audition: form.editor.handle(key)
        case .learningRate(var editor):
            editor.handle(key)
            overlay = .learningRate(editor)
        case .help, .rollBack, nil: break
        }
    }

    private mutating func paste(_ text: String) {
        switch overlay {
        case .audition: form.editor.insert(text)
        case .learningRate(var editor):
            editor.insert(text)
            overlay = .learningRate(editor)
        // Pasted text is never taken for commands.
        case .help, .rollBack, nil: break
        }
    }

    // MARK: Lists

    private mutating func scroll(_ action: StudioAction) {
        if case .help(let first) = overlay {
            let last = KeyTable.help(at: .dashboard).count - 1
            overlay = .help(from: max(0, min(last, first + (action == .up ? -1 : 1))))
            return
        }
        let lines: Int
        switch action {
        case .up: lines = -1
        case .down: lines = 1
        case .pageUp: lines = -10
        case .pageDown: lines = 10
        case .first: lines = -1_000_000
        default: lines = 1_000_000
        }
        if focus == .log {
            logScroll = max(0, min(log.count - 1, logScroll - lines))
            return
        }
        let all = checkpoints
        guard !all.isEmpty else { return }
        var selection = ListSelection(index: selectedIndex)
        selection.move(by: lines, count: all.count)
        selectedCheckpointID = selection.index == 0 ? nil : all[selection.index].id
    }
}
