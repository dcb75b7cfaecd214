import TerminalKit
import Training

/// What the history shows.
package struct HistoryState: Sendable, Equatable {
    /// nil chooses the newest, also when newer ones come.
    package var selectedID: String?

    package init() {}
}

extension StudioState {
    /// The checkpoints, newest first.
    package var checkpoints: [CheckpointSummary] {
        (snapshot?.checkpoints ?? []).sorted { ($0.date, $0.step) > ($1.date, $1.step) }
    }

    package var selectedIndex: Int {
        guard let selected = history.selectedID else { return 0 }
        return checkpoints.firstIndex { $0.id == selected } ?? 0
    }

    package var selectedCheckpoint: CheckpointSummary? {
        let all = checkpoints
        return all.isEmpty ? nil : all[min(selectedIndex, all.count - 1)]
    }

    mutating func perform(_ action: HistoryAction) -> [StudioEffect] {
        switch action {
        case .restore:
            if let refusal = refusesCommands() { return refusal }
            guard let checkpoint = selectedCheckpoint else {
                return say("There is no checkpoint yet; press s to make one.")
            }
            overlay = .question(
                Question(
                    title: "Roll back",
                    lines: [
                        "Go back to \(checkpoint.id) (\(checkpoint.reason), step \(checkpoint.step))?",
                        "This starts a new branch there. \(snapshot?.branch ?? "The present branch") stays as it is; "
                            + "nothing is deleted.",
                    ], short: "To \(Wording.endOf(checkpoint.id, columns: 10))?",
                    answer: "Going back to \(checkpoint.id).",
                    effects: [.send(.rollBack(to: checkpoint.id))]))
            return []
        }
    }

    mutating func moveInHistory(_ movement: Movement) {
        let all = checkpoints
        guard !all.isEmpty else { return }
        var selection = ListSelection(index: selectedIndex)
        selection.move(by: movement.lines, count: all.count)
        history.selectedID = selection.index == 0 ? nil : all[selection.index].id
    }
}
