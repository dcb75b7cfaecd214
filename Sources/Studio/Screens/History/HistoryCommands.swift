import Foundation
import TerminalKit
import Training

/// What a line is typed for in the history; each carries the checkpoint it is about.
package enum HistoryPrompt: Sendable, Equatable {
    case branch(String)
    case tag(String), untag(String), note(String)
    /// On the line of a branch.
    case step(String)
}

// What the history asks of the trainer.
extension StudioState {
    mutating func change(_ action: HistoryAction) -> [StudioEffect] {
        if let refusal = refusesCommands() { return refusal }
        switch action {
        case .undo: return say("Taking the last roll-back back.", then: .send(.undoRollBack))
        case .redo: return say("Doing the roll-back again.", then: .send(.redoRollBack))
        default: break
        }
        guard let checkpoint = selectedCheckpoint else {
            return say("There is no checkpoint yet; press s to make one.")
        }
        let id = checkpoint.id
        switch action {
        case .restore:
            overlay = .question(
                Question(
                    title: "Roll back",
                    lines: [
                        "Go back to \(id) (\(checkpoint.reason), step \(checkpoint.step))?",
                        "This starts a new branch there. \(snapshot?.branch ?? "The present branch") stays as it is; "
                            + "nothing is deleted.",
                    ], short: "To \(Wording.endOf(id, columns: 10))?", answer: "Going back to \(id).",
                    effects: [.send(.rollBack(to: id))]))
        case .branch:
            let factor = AxisTicks.plain(snapshot?.learningRateFactor ?? 1, decimals: 4)
            ask(
                .branch(id), title: "Branch from \(id)", label: "learning rate ×", text: trimmed(factor),
                lines: ["1 is the schedule; u takes it back"])
        case .goTo:
            ask(
                .step(checkpoint.branch), title: "Go to a step of \(checkpoint.branch)", label: "step",
                lines: ["Unsaved ones are done again exactly."])
        case .pin:
            return say(
                checkpoint.isPinned ? "\(id) may be thinned out again." : "\(id) stays from now on.",
                then: .send(.pin(id, !checkpoint.isPinned)))
        case .tag: ask(.tag(id), title: "Tag \(id)", label: "tag", lines: ["A name it is found by, e.g. best"])
        case .untag:
            guard let tag = checkpoint.tags.first else { return say("\(id) has no tag.") }
            if checkpoint.tags.count == 1 { return say("Taking the tag \(tag) off.", then: .send(.untag(id, tag))) }
            ask(
                .untag(id), title: "Take a tag off \(id)", label: "tag", text: tag,
                lines: [checkpoint.tags.joined(separator: ", ")])
        case .note:
            ask(
                .note(id), title: "Note on \(id)", label: "note", text: checkpoint.note ?? "",
                lines: ["An empty line takes it off."])
        case .verify:
            return say("Reading every byte of \(id), \(Wording.bytes(checkpoint.bytes)) …", then: .send(.verify(id)))
        case .evaluate:
            if pending.isWaiting(for: .evaluate(id)) {
                return say("Ending the evaluation.", then: .send(.stopEvaluating))
            }
            return say("Evaluating \(id) beside training; e again ends that.", then: .send(.evaluate(id)))
        case .delete:
            overlay = .question(
                Question(
                    title: "Delete a checkpoint",
                    lines: [
                        "Delete \(id) (\(checkpoint.reason), step \(checkpoint.step))?",
                        "This cannot be undone. What is pinned, tagged or needed is refused.",
                    ], short: "Delete \(Wording.endOf(id, columns: 10))?", answer: "Deleting \(id).",
                    effects: [.send(.prune([id]))]))
        default: break
        }
        return []
    }

    private mutating func ask(
        _ purpose: HistoryPrompt, title: String, label: String, text: String = "", lines: [String]
    ) {
        overlay = .prompt(Prompt(.history(purpose), title: title, label: label, lines: lines, text: text))
    }

    /// Takes what was typed, or says why it cannot and leaves the prompt open.
    mutating func answer(_ purpose: HistoryPrompt, _ text: String) -> [StudioEffect] {
        let typed = text.trimmingCharacters(in: .whitespaces)
        switch purpose {
        case .branch(let id):
            guard let factor = Self.learningRateFactor(typed) else {
                return say("A factor is a number above 0 and up to 10; 1 is the schedule's own rate.", .warning)
            }
            overlay = nil
            return say(
                "Branching from \(id) with learning rate × \(trimmed(AxisTicks.plain(factor, decimals: 4))).",
                then: .send(.branch(from: id, learningRateFactor: factor)))
        case .tag(let id):
            guard !typed.isEmpty else { return say("A tag has at least one letter.", .warning) }
            overlay = nil
            return say("\(id) gets the tag \(typed).", then: .send(.tag(id, add: typed)))
        case .untag(let id):
            let tags = history.tree.number(of: id).map { checkpoints[$0].tags } ?? []
            guard tags.contains(typed) else {
                return say("\(id) has no tag \(typed); it has \(tags.joined(separator: ", ")).", .warning)
            }
            overlay = nil
            return say("Taking the tag \(typed) off.", then: .send(.untag(id, typed)))
        case .note(let id):
            overlay = nil
            return say("Writing on \(id).", then: .send(.note(id, typed.isEmpty ? nil : typed)))
        case .step(let branch): return go(toStep: typed, of: branch)
        }
    }

    private mutating func go(toStep text: String, of branch: String) -> [StudioEffect] {
        let line = history.tree.line(of: branch)
        let last = branch == snapshot?.branch ? snapshot?.step ?? 0 : line.first.map { checkpoints[$0].step } ?? 0
        guard let step = Int(text), step >= 0 else { return say("A step is a whole number, e.g. \(last).", .warning) }
        guard step <= last else {
            return say("Step \(step) was not trained on \(branch): its last is \(last).", .warning)
        }
        guard let nearest = line.first(where: { checkpoints[$0].step <= step }) else {
            return say("There is no checkpoint before step \(step) any more to do it again from.", .warning)
        }
        overlay = nil
        let start = checkpoints[nearest]
        if start.step == step { return say("Going back to \(start.id).", then: .send(.rollBack(to: start.id))) }
        let digits = "\(step)"
        let id = "\(branch)/g_" + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
        let count = step - start.step
        return say(
            "Going to step \(step): \(count) step\(count == 1 ? " is" : "s are") done again from \(start.id).",
            then: .send(.rollBack(to: id)))
    }

    mutating func deleteThinnedOut() -> [StudioEffect] {
        guard case .thinning(let preview, _) = overlay else { return [] }
        overlay = nil
        if let refusal = refusesCommands() { return refusal }
        let count = preview.leaving.count
        guard count > 0 else { return say("All checkpoints stay.") }
        let what = "\(count) checkpoint\(count == 1 ? "" : "s")"
        overlay = .question(
            Question(
                title: "Thin out",
                lines: [
                    "Delete \(what) for \(Wording.bytes(preview.bytesFreed))?", "This cannot be undone.",
                ], short: "Delete \(count)?", answer: "Deleting \(what).",
                effects: [.send(.prune(preview.leaving.map(\.checkpoint.id)))]))
        return []
    }

    /// A factor as it is typed; nil when it is none.
    static func learningRateFactor(_ text: String) -> Double? {
        guard let factor = Double(text.replacing(",", with: ".")), factor.isFinite, factor > 0, factor <= 10 else {
            return nil
        }
        return factor
    }

    /// "0.5" of "0.500".
    private func trimmed(_ number: String) -> String {
        guard number.contains(".") else { return number }
        var text = number
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
