import TerminalKit
import Training

/// Rows of the sentence with its border and settings: as many lines as it takes, up to a fifth of the screen.
func sentenceRows(_ state: StudioState, in rect: CellRect, isReduced: Bool) -> Int {
    let columns = max(1, rect.columns - 4)
    let isTyped = state.overlay == .sentence && state.screen == .audition
    let lines =
        isTyped
        ? state.audition.form.editor.lineCount(columns: columns)
        : LineEditor.lines(of: state.audition.form.text, columns: columns).count
    let text = max(1, min(lines, max(1, rect.rows / 5)))
    return 2 + text + (isReduced ? 0 : formLines(state, columns: columns).count)
}

/// The sentence, in the editor while it is typed, and below it how it is to be spoken.
func drawSentence(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, withForm: Bool) {
    let form = state.audition.form
    let isTyped = state.overlay == .sentence
    let count = isTyped ? form.editor.text.count : form.text.count
    grid.drawBox(
        rect, title: "Sentence", focused: isTyped, note: count == 0 ? "" : "\(count) character\(count == 1 ? "" : "s")")
    grid.addTarget(rect, StudioTarget.action(.audition(isTyped ? .closeEditor : .openEditor)))
    let inside = rect.inside
    let room = CellRect(
        row: inside.row, column: inside.column + 1, rows: inside.rows, columns: max(0, inside.columns - 2))
    let fields = withForm ? formLines(state, columns: room.columns) : []
    let (text, below) = room.splitTop(room.rows - fields.count)
    if isTyped {
        let style = CellStyle(.text, on: .selection)
        grid.fill(text, style: style)
        form.editor.drawWrapped(on: &grid, in: text, style: style)
    } else if form.text.allSatisfy(\.isWhitespace) {
        grid.write(
            "Nothing yet: press a, type a sentence, press enter.", row: text.row, column: text.column, style: .dim,
            within: text.columnRange)
    } else {
        let characters = Array(form.text)
        let lines = LineEditor.lines(of: form.text, columns: text.columns)
        for (offset, line) in lines.prefix(text.rows).enumerated() {
            var part = String(characters[line])
            if offset == text.rows - 1, lines.count > text.rows {
                part = CharacterWidth.shortened(part + "…", columns: text.columns)
            }
            grid.write(part, row: text.row + offset, column: text.column, within: text.columnRange)
        }
    }
    for (offset, line) in fields.enumerated() {
        drawFields(line, state, on: &grid, row: below.row + offset, columns: below.columnRange)
    }
}

/// The settings, as many on a line as there is room for.
private func formLines(_ state: StudioState, columns: Int) -> [[AuditionField]] {
    var lines: [[AuditionField]] = []
    var used = columns + 1
    for field in AuditionField.allCases {
        let width = CharacterWidth.columns(of: field.name) + CharacterWidth.columns(of: state.text(of: field)) + 4
        if used + width > columns + 3 {
            lines.append([])
            used = 0
        }
        lines[lines.count - 1].append(field)
        used += width
    }
    return lines
}

/// "temperature ‹1.00›": the marks are where the arrow keys go.
private func drawFields(
    _ fields: [AuditionField], _ state: StudioState, on grid: inout CellGrid, row: Int, columns: Range<Int>
) {
    var place = columns.lowerBound
    for field in fields {
        let start = place
        let isChosen = state.audition.focus == .form && state.audition.field == field && state.overlay == nil
        place = grid.write(field.name, row: row, column: place, style: .dim, within: columns) + 1
        if isChosen { grid.write("‹", row: row, column: place - 1, style: .accent, within: columns) }
        let style = isChosen ? CellStyle(.text, on: .selection) : CellStyle(.text)
        place = grid.write(state.text(of: field), row: row, column: place, style: style, within: columns)
        if isChosen { grid.write("›", row: row, column: place, style: .accent, within: columns) }
        grid.addTarget(
            CellRect(row: row, column: start, rows: 1, columns: place - start + 1), StudioTarget.auditionField(field))
        place += 3
    }
}
