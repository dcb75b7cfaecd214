import TerminalKit
import Training

/// What two checkpoints have in common and what not, in lines: what it is, the first, the second.
struct ComparisonTable {
    let comparison: CheckpointComparison

    /// As many lines at any width.
    func lines(columns: Int) -> [StyledLine] {
        let (first, second) = (comparison.first, comparison.second)
        let name = min(24, max(10, columns / 4))
        let side = max(8, min(26, (columns - name - 14) / 2))
        func line(_ what: String, _ one: String, _ other: String, _ change: (String, CellStyle) = ("", .dim))
            -> StyledLine
        {
            StyledLine([
                (CharacterWidth.padded(what, columns: name), .dim),
                (CharacterWidth.padded(Wording.endOf(one, columns: side - 1), columns: side), .text),
                (CharacterWidth.padded(Wording.endOf(other, columns: side - 1), columns: side), .text), change,
            ])
        }
        var lines = [line("", first.id, second.id)]
        let steps = comparison.steps
        lines.append(line("step", "\(first.step)", "\(second.step)", ("\(steps < 0 ? "" : "+")\(steps)", .text)))
        lines.append(line("reason", first.reason, second.reason))
        let bytes = second.bytes - first.bytes
        lines.append(
            line(
                "size", Wording.bytes(first.bytes), Wording.bytes(second.bytes),
                bytes == 0 ? ("equal", .dim) : ((bytes < 0 ? "-" : "+") + Wording.bytes(abs(bytes)), .text)))
        for loss in comparison.losses {
            lines.append(
                line(Wording.name(of: loss.metric), Self.text(loss.first), Self.text(loss.second), Self.change(loss)))
        }
        for figure in comparison.figures {
            func text(_ value: Double?) -> String { value.map(figure.figure.text) ?? "-" }
            lines.append(
                line(Wording.name(of: figure.figure), text(figure.first), text(figure.second), Self.change(figure)))
        }
        lines.append(StyledLine())
        let differing = comparison.texts.compactMap(Self.settings)
        if differing.isEmpty { lines.append(StyledLine([("Settings  ", .accent), ("the same", .dim)])) }
        for text in differing {
            lines.append(StyledLine(text.name, .accent))
            lines += text.removed.map { StyledLine("  - \($0)", CellStyle(.warning)) }
            lines += text.added.map { StyledLine("  + \($0)", CellStyle(.good)) }
            if text.more > 0 {
                lines.append(StyledLine("  and \(text.more) further line\(text.more == 1 ? "" : "s")", .dim))
            }
        }
        lines.append(StyledLine())
        let changed = comparison.tensors.count
        lines.append(
            StyledLine([
                ("Tensors  ", .accent), ("\(changed) differ, \(comparison.equalTensors) are equal to the bit", .dim),
            ]))
        lines += comparison.tensors.prefix(200).map { tensor in
            StyledLine([("  \(tensor.file) ", .dim), (tensor.name, .text), ("  \(tensor.change)", .dim)])
        }
        return lines
    }

    /// Of the place in the data only what was wished for; the rest always differs. nil when nothing is left.
    private static func settings(_ text: CheckpointComparison.Text) -> CheckpointComparison.Text? {
        guard text.name.hasSuffix(".json") else { return text }
        func isWish(_ line: String) -> Bool { line.contains("stageOverride") || line.contains("learningRateFactor") }
        let wishes = CheckpointComparison.Text(
            name: text.name, removed: text.removed.filter(isWish), added: text.added.filter(isWish))
        return wishes.removed.isEmpty && wishes.added.isEmpty ? nil : wishes
    }

    private static func text(_ loss: Float?) -> String { loss.map { LineChart.short(Double($0)) } ?? "-" }

    private static func change(_ pair: CheckpointComparison.EvaluatedFigure) -> (String, CellStyle) {
        guard let first = pair.first, let second = pair.second else { return ("", .dim) }
        let isBetter = pair.figure.isBetterHigh ? second > first : second < first
        let mark = second < first ? "↓" : second > first ? "↑" : "="
        let style = CellStyle(second == first ? .dim : isBetter ? .good : .warning)
        return ("\(mark) \(pair.figure.text(abs(second - first)))", style)
    }

    /// Every loss is better when it is lower, an accuracy when it is higher.
    private static func change(_ loss: CheckpointComparison.Loss) -> (String, CellStyle) {
        guard let first = loss.first, let second = loss.second, first.isFinite, second.isFinite else {
            return ("", .dim)
        }
        let change = Double(second) - Double(first)
        let mark = change < 0 ? "↓" : change > 0 ? "↑" : "="
        let isBetter = [.topThreeAccuracy, .validationTopThree].contains(loss.metric) ? change > 0 : change < 0
        let style = CellStyle(change == 0 ? .dim : isBetter ? .good : .warning)
        return ("\(mark) \(LineChart.short(abs(change)))", style)
    }
}

/// What thinning out would delete, what it would keep and why.
struct ThinningTable {
    let preview: PrunePreview
    let state: StudioState

    func lines(columns: Int) -> [StyledLine] {
        let width = min(
            columns / 2,
            (preview.kept.map(\.checkpoint.id) + preview.leaving.map(\.checkpoint.id)).map {
                CharacterWidth.columns(of: $0)
            }.max() ?? 0)
        func line(_ checkpoint: CheckpointSummary, _ rest: String, _ style: CellStyle) -> StyledLine {
            let id = CharacterWidth.padded(Wording.endOf(checkpoint.id, columns: width), columns: width)
            let age = CharacterWidth.padded(Wording.age(of: checkpoint.date, at: state.now), columns: 5, toRight: true)
            return StyledLine([("  " + id, .text), (age + "  ", .dim), (rest, style)])
        }
        let (going, staying) = (preview.leaving.count, preview.kept.count)
        if going == 0 {
            return [StyledLine("Nothing would go: all \(staying) stay.", .text), StyledLine()] + kept(line)
        }
        var lines = [
            StyledLine([
                ("\(going) of \(going + staying) go", .accent),
                (", and \(Wording.bytes(preview.bytesFreed)) of the disk come back. This cannot be undone.", .text),
            ])
        ]
        lines += preview.leaving.reversed().map {
            line($0.checkpoint, "- \(Wording.bytes($0.bytesFreed))", CellStyle(.warning))
        }
        lines.append(StyledLine())
        lines.append(StyledLine([("\(staying) stay", .accent), (", and why:", .text)]))
        return lines + kept(line)
    }

    private func kept(_ line: (CheckpointSummary, String, CellStyle) -> StyledLine) -> [StyledLine] {
        preview.kept.reversed().map { line($0.checkpoint, $0.reasons.joined(separator: ", "), CellStyle(.good)) }
    }
}

/// A table over the screen that can be scrolled, with its keys on the last line.
func drawHistoryTable(
    _ title: String, _ place: KeyPlace, from first: Int, on grid: inout CellGrid, lines: (Int) -> [StyledLine]
) {
    let width = min(grid.size.columns, max(60, min(110, grid.size.columns - 8)))
    let all = lines(width - 4)
    let rect = grid.bounds.centered(rows: min(all.count + 3, max(5, grid.size.rows - 2)), columns: width)
    grid.fill(rect)
    grid.drawBox(rect, title: title, focused: true)
    let list = CellRect(row: rect.row + 1, column: rect.column + 2, rows: rect.rows - 3, columns: rect.columns - 4)
    let visible = grid.scrolled(to: first, count: all.count, rows: list.rows)
    for (offset, line) in all[visible].enumerated() {
        grid.write(line, row: list.row + offset, column: list.column, within: list.columnRange)
    }
    let border = CellRect(row: list.row, column: rect.column, rows: list.rows, columns: rect.columns - 1)
    grid.drawScrollMark(visible: visible, count: all.count, in: border)
    var column = list.column
    for hint in KeyTable.hints(at: place) {
        let text = "\(hint.key) \(hint.hint)"
        grid.addTarget(
            CellRect(row: rect.lastRow - 1, column: column, rows: 1, columns: CharacterWidth.columns(of: text)),
            StudioTarget.action(hint.action))
        column =
            grid.write(text, row: rect.lastRow - 1, column: column, style: .accent, within: list.columnRange) + 3
    }
    grid.cursor = nil
}
