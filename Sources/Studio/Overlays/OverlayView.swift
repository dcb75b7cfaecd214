import TerminalKit
import Training

func drawOverlay(_ state: StudioState, on grid: inout CellGrid, glyphs: ChartGlyphs) {
    switch state.overlay {
    case nil, .filter: return
    case .help(let place, let first):
        grid.drawHelp(title: "Keys: \(place.rawValue)", entries: KeyTable.help(at: place), from: first)
    case .question(let question):
        grid.drawDialog(title: question.title, lines: question.lines, keys: keyLine(.question), role: .warning)
    case .prompt(let prompt):
        drawPrompt(
            on: &grid, title: prompt.title, label: prompt.label, lines: prompt.lines.map { ($0, .dim) },
            editor: prompt.editor, place: .prompt)
    case .palette(let palette): drawPalette(palette, on: &grid)
    case .comparison(let comparison, let first):
        drawHistoryTable("Compared", .comparison, from: first, on: &grid) {
            ComparisonTable(comparison: comparison).lines(columns: $0)
        }
    case .thinning(let preview, let first):
        drawHistoryTable("Thin out", preview.leaving.isEmpty ? .comparison : .thinning, from: first, on: &grid) {
            ThinningTable(preview: preview, state: state).lines(columns: $0)
        }
    case .recorder:
        if let recorder = state.data.recorder { drawRecorder(recorder, on: &grid, glyphs: glyphs) }
    case .choice(let choice): drawChoice(choice, on: &grid)
    case .blindTest: drawBlindTest(state, on: &grid)
    // On its own screen the sentence is typed where it stands.
    case .sentence where state.screen == .audition: return
    case .figures(let picker): drawFigurePicker(picker, state, on: &grid)
    case .themes(let chooser): drawThemes(chooser, on: &grid)
    case .sentence:
        let form = state.audition.form
        let weights = "this moment (step \(state.snapshot?.step ?? 0))"
        let checkpoint = state.auditionCheckpoint ?? state.selectedCheckpoint?.id ?? "no checkpoint yet"
        let room = min(promptColumns, grid.size.columns) - 4
        drawPrompt(
            on: &grid, title: "Audition", label: "say",
            lines: [
                (choice("weights", weights, checkpoint, second: form.weights != .moment, columns: room), .text),
                (
                    choice("source ", "the sentence", "a held-out clip", second: form.fromHeldOutClip, columns: room),
                    .text
                ),
            ], editor: form.editor, place: .sentence)
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
    drawField(editor, on: &grid, row: inside.row, columns: start..<inside.lastColumn)
}

private func drawField(_ editor: LineEditor, on grid: inout CellGrid, row: Int, columns: Range<Int>) {
    let underlined = CellStyle(.text, on: .selection)
    grid.fill(CellRect(row: row, column: columns.lowerBound, rows: 1, columns: columns.count), style: underlined)
    editor.draw(on: &grid, row: row, columns: columns, style: underlined)
}

/// A list to choose from, narrowed by what is typed.
private func drawChoice(_ choice: Choice, on grid: inout CellGrid) {
    let lines = choice.matches
    let rect = grid.bounds.centered(
        rows: min(choice.lines.count + 3, max(4, grid.size.rows - 4)), columns: promptColumns)
    grid.fill(rect)
    grid.drawBox(rect, title: choice.title, focused: true, note: "\(lines.count)")
    let inside = rect.inside
    let start = grid.write("/", row: inside.row, column: inside.column + 1, style: .accent)
    drawField(choice.editor, on: &grid, row: inside.row, columns: start..<inside.lastColumn)
    let (_, below) = inside.splitTop(1)
    let list = CellRect(
        row: below.row, column: below.column + 1, rows: below.rows, columns: max(0, below.columns - 1))
    let widest = lines.map { CharacterWidth.columns(of: $0.detail) }.max() ?? 0
    let detailColumns = min(widest, list.columns / 2)
    let selection = ListSelection(index: min(choice.selected, max(0, lines.count - 1)))
    grid.drawTable(
        lines.map { [$0.text, $0.detail] },
        columns: [
            TableColumn(width: max(0, list.columns - detailColumns - 2)),
            TableColumn(width: detailColumns, alignsRight: true, role: .dim),
        ], selection: selection, in: list)
    grid.addLineTargets(place: .choice, visible: selection.visible(count: lines.count, rows: list.rows), in: list)
}

/// The commands that match what is typed, with their keys.
private func drawPalette(_ palette: Palette, on grid: inout CellGrid) {
    let rect = grid.bounds.centered(rows: min(20, grid.size.rows - 4), columns: promptColumns)
    grid.fill(rect)
    let entries = palette.entries
    grid.drawBox(rect, title: "Commands: \(palette.place.rawValue)", focused: true, note: "\(entries.count)")
    let inside = rect.inside
    let start = grid.write(":", row: inside.row, column: inside.column + 1, style: .accent)
    drawField(palette.editor, on: &grid, row: inside.row, columns: start..<inside.lastColumn)
    let (_, list) = inside.splitTop(1)
    let keyColumns = min(14, list.columns / 4)
    let columns = [
        TableColumn(width: max(0, list.columns - keyColumns - 3)), TableColumn(width: keyColumns, role: .dim),
    ]
    let index = min(palette.selected, max(0, entries.count - 1))
    grid.drawTable(
        entries.map { [$0.name, $0.keys] }, columns: columns, selection: ListSelection(index: index), in: list)
    for (offset, shown) in ListSelection(index: index).visible(count: entries.count, rows: list.rows).enumerated() {
        let target = CellRect(row: list.row + offset, column: list.column, rows: 1, columns: list.columns)
        grid.addTarget(target, StudioTarget.action(entries[shown].action))
    }
}
