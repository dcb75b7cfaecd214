import TerminalKit
import Training

func drawOverlay(_ state: StudioState, on grid: inout CellGrid) {
    switch state.overlay {
    case nil: return
    case .help(let first): grid.drawHelp(title: "Keys", entries: KeyTable.help(at: .dashboard), from: first)
    case .rollBack(let checkpoint):
        grid.drawDialog(
            title: "Roll back",
            lines: [
                "Go back to \(checkpoint.id) (\(checkpoint.reason), step \(checkpoint.step))?",
                "This starts a new branch there. \(state.snapshot?.branch ?? "The present branch") stays as it is; "
                    + "nothing is deleted.",
            ], keys: keyLine(.question), role: .warning)
    case .learningRate(let editor):
        drawPrompt(
            on: &grid, title: "Learning rate", label: "factor",
            lines: [("× the schedule's rate; 1 follows it", .dim)], editor: editor, place: .learningRate)
    case .audition:
        let form = state.form
        let weights = "this moment (step \(state.snapshot?.step ?? 0))"
        let checkpoint = state.selectedCheckpoint?.id ?? "no checkpoint yet"
        let room = min(promptColumns, grid.size.columns) - 4
        drawPrompt(
            on: &grid, title: "Audition", label: "say",
            lines: [
                (choice("weights", weights, checkpoint, second: form.usesCheckpoint, columns: room), .text),
                (
                    choice("source ", "the sentence", "a held-out clip", second: form.fromHeldOutClip, columns: room),
                    .text
                ),
            ], editor: form.editor, place: .audition)
    }
}

private let promptColumns = 72

/// Two things to choose from; only the chosen one where there is no room for both.
private func choice(_ label: String, _ first: String, _ other: String, second: Bool, columns: Int) -> String {
    let both = "\(label)  \(second ? "○" : "●") \(first)  \(second ? "●" : "○") \(other)"
    return CharacterWidth.columns(of: both) <= columns ? both : "\(label)  ● \(second ? other : first)"
}

private func keyLine(_ place: KeyPlace) -> String {
    KeyTable.hints(at: place).map { "\($0.key) \($0.hint)" }.joined(separator: "   ")
}

/// A box with a line to type into, what else is chosen, and the keys.
private func drawPrompt(
    on grid: inout CellGrid, title: String, label: String, lines: [(String, ColorRole)], editor: LineEditor,
    place: KeyPlace
) {
    let rect = grid.bounds.centered(rows: lines.count + 4, columns: promptColumns)
    grid.fill(rect)
    grid.drawBox(rect, title: title, focused: true)
    let inside = rect.inside
    let start = grid.write(label, row: inside.row, column: inside.column + 1, style: .dim) + 1
    let room = inside.column + 1..<inside.lastColumn
    for (offset, line) in lines.enumerated() {
        let text = CharacterWidth.shortened(line.0, columns: room.count)
        grid.write(text, row: inside.row + 1 + offset, column: room.lowerBound, style: CellStyle(line.1), within: room)
    }
    grid.write(
        CharacterWidth.shortened(keyLine(place), columns: room.count), row: inside.lastRow, column: room.lowerBound,
        style: .dim, within: room)
    let field = start..<inside.lastColumn
    let underlined = CellStyle(.text, on: .selection)
    grid.fill(CellRect(row: inside.row, column: start, rows: 1, columns: field.count), style: underlined)
    editor.draw(on: &grid, row: inside.row, columns: field, style: underlined)
}
