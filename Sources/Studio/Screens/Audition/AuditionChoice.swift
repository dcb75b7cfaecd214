import TerminalKit
import Training

/// A list to choose one line from; typed letters narrow it.
package struct Choice: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case weights(WeightsChoice)
        case reference(String?)
        /// The same sentence with each of these checkpoints.
        case series([String])
    }

    package struct Line: Sendable, Equatable {
        package var text: String
        /// What is said on the right, quietly.
        package var detail: String
        package var value: Value
    }

    package var title: String
    package var lines: [Line]
    package private(set) var editor = LineEditor()
    package var selected: Int

    init(title: String, lines: [Line], selected: Int = 0) {
        self.title = title
        self.lines = lines
        self.selected = selected
    }

    /// What matches every typed word.
    package var matches: [Line] {
        let words = editor.text.lowercased().split(separator: " ")
        return lines.filter { line in
            words.allSatisfy { "\(line.text) \(line.detail)".lowercased().contains($0) }
        }
    }

    package var chosen: Value? {
        let all = matches
        return all.isEmpty ? nil : all[min(selected, all.count - 1)].value
    }

    mutating func move(_ movement: Movement) {
        var selection = ListSelection(index: min(selected, max(0, matches.count - 1)))
        selection.move(by: movement.lines, count: matches.count)
        selected = max(0, selection.index)
    }

    mutating func type(_ key: Key) {
        let before = editor.text
        editor.handle(key)
        if editor.text != before { selected = 0 }
    }

    mutating func paste(_ text: String) {
        editor.insert(text)
        selected = 0
    }
}

extension StudioState {
    private func detail(of checkpoint: CheckpointSummary) -> String {
        let names = (checkpoint.isPinned ? ["★"] : []) + checkpoint.tags
        return (names + [Wording.age(of: checkpoint.date, at: now)]).joined(separator: " ")
    }

    func weightsChoice() -> Choice {
        var lines = [
            Choice.Line(
                text: "this moment", detail: "step \(snapshot?.step ?? 0)", value: .weights(.moment))
        ]
        lines += checkpoints.map {
            Choice.Line(text: $0.id, detail: detail(of: $0), value: .weights(.checkpoint($0.id)))
        }
        let now = auditionCheckpoint.map { WeightsChoice.checkpoint($0) } ?? .moment
        return Choice(
            title: "Weights that speak", lines: lines, selected: lines.firstIndex { $0.value == .weights(now) } ?? 0)
    }

    func referenceChoice() -> Choice {
        var lines = [
            Choice.Line(text: "the longest clip", detail: "the voice's default", value: .reference(nil))
        ]
        lines += audition.references.map {
            let length = $0.seconds.map { AxisTicks.plain($0, decimals: 1) + " s" } ?? ""
            return Choice.Line(text: "\($0.id)  \($0.text)", detail: length, value: .reference($0.id))
        }
        let now = lines.firstIndex { $0.value == .reference(audition.form.reference) }
        return Choice(title: "Clip whose style is taken", lines: lines, selected: now ?? 0)
    }

    /// Sets of checkpoints to hear one after the other, the oldest first, so that the ear hears the voice grow.
    func seriesChoice() -> Choice {
        let all = checkpoints
        func line(_ text: String, _ chosen: [CheckpointSummary]) -> Choice.Line {
            let ids = chosen.sorted { ($0.step, $0.date) < ($1.step, $1.date) }.map(\.id)
            let names = ids.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
            return Choice.Line(text: text, detail: names.joined(separator: " "), value: .series(ids))
        }
        var lines: [Choice.Line] = []
        for count in [2, 3, 5, 8] where count < all.count {
            lines.append(line("the last \(count)", Array(all.prefix(count))))
        }
        lines.append(line("all \(all.count)", all))
        let named = all.filter { $0.isPinned || !$0.tags.isEmpty }
        if !named.isEmpty { lines.append(line("pinned and tagged (\(named.count))", named)) }
        return Choice(title: "The same sentence across checkpoints", lines: lines)
    }

    mutating func take(_ choice: Choice) -> [StudioEffect] {
        overlay = nil
        switch choice.chosen {
        case nil: return []
        case .weights(let weights):
            audition.form.weights = weights
            return []
        case .reference(let id):
            audition.form.reference = id
            return []
        case .series(let checkpoints): return beginSeries(checkpoints)
        }
    }
}
