import TerminalKit
import Training

/// Draws the studio: a pure function of the state, the size and the characters that can be shown.
package func drawStudio(_ state: StudioState, size: TerminalSize, glyphs: ChartGlyphs) -> CellGrid {
    var grid = CellGrid(size: size)
    if size.rows < 10 || size.columns < 40 {
        drawSmallest(state, on: &grid)
        return grid
    }
    let (header, rest) = grid.bounds.splitTop(1)
    // A long sentence gets the lines it needs: a file's path must be readable to its end.
    let notice = noticeLines(state, columns: size.columns - 2, limit: size.rows < 24 ? 2 : 3)
    let (body, footer) = rest.splitTop(rest.rows - 1 - max(1, notice.count))
    drawHeader(state, on: &grid, in: header)
    switch state.screen {
    case .train: drawTrain(state, on: &grid, in: body, glyphs: glyphs)
    case .history: drawHistory(state, on: &grid, in: body, glyphs: glyphs)
    case .audition: drawAudition(state, on: &grid, in: body, glyphs: glyphs)
    case .data: drawData(state, on: &grid, in: body, glyphs: glyphs)
    case .log: drawLogScreen(state, on: &grid, in: body)
    case .settings: drawSettings(state, on: &grid, in: body)
    }
    drawStatus(state, on: &grid, row: footer.row)
    drawNotice(state, notice, on: &grid, row: footer.row + 1)
    drawOverlay(state, on: &grid, glyphs: glyphs)
    return grid
}

/// Below 40×10: one status line, or what is being asked.
private func drawSmallest(_ state: StudioState, on grid: inout CellGrid) {
    let columns = 0..<grid.size.columns
    switch state.overlay {
    case .question(let question): grid.write(question.short + " y n", row: 0, column: 0, style: .accent)
    case .sentence: state.audition.form.editor.draw(on: &grid, row: 0, columns: columns)
    case .prompt(let prompt): prompt.editor.draw(on: &grid, row: 0, columns: columns)
    case .palette(let palette): palette.editor.draw(on: &grid, row: 0, columns: columns)
    case .recorder:
        if let recorder = state.data.recorder { drawSmallestRecorder(recorder, on: &grid) }
    case .filter: state.history.filter.draw(on: &grid, row: 0, columns: columns)
    case .thinning(let preview, _):
        let text = preview.leaving.isEmpty ? "All stay. esc" : "\(preview.leaving.count) go. d esc"
        grid.write(text, row: 0, column: 0, style: .accent)
    case .choice(let choice): choice.editor.draw(on: &grid, row: 0, columns: columns)
    case .blindTest: grid.write("A/B: a b 1 2 0", row: 0, column: 0, style: .accent)
    case .help, .comparison, .figures, .themes, nil:
        let items = statusItems(state, columns: columns.count, withPhase: true)
        grid.drawStatusLine(items, row: 0, columns: columns)
    }
}
