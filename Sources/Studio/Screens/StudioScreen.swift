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
    if size.rows >= 24, size.columns >= 80 {
        drawDashboard(state, on: &grid, in: body, glyphs: glyphs)
    } else {
        // Too small for all panes: the one that has the focus, Tab shows the next.
        switch state.focus {
        case .chart: drawChart(state, group: state.chart, on: &grid, in: body, glyphs: glyphs)
        case .history: drawHistory(state, on: &grid, in: body)
        case .log: drawLog(state, on: &grid, in: body)
        }
    }
    drawStatus(state, on: &grid, row: footer.row)
    drawNotice(state, notice, on: &grid, row: footer.row + 1)
    drawOverlay(state, on: &grid)
    return grid
}

private func drawDashboard(_ state: StudioState, on grid: inout CellGrid, in body: CellRect, glyphs: ChartGlyphs) {
    let logRows = min(14, max(7, body.rows * 3 / 10))
    let (upper, log) = body.splitTop(body.rows - logRows)
    let historyColumns = min(52, max(38, body.columns * 3 / 10))
    let (charts, history) = upper.splitLeft(upper.columns - historyColumns)
    if charts.rows >= 22 {
        // Room for two: the chosen chart, and the one after it.
        let (first, second) = charts.splitTop((charts.rows + 1) / 2)
        drawChart(state, group: state.chart, on: &grid, in: first, glyphs: glyphs)
        let below = state.chart == .prior ? ChartGroup.mel : .prior
        drawChart(state, group: below, on: &grid, in: second, glyphs: glyphs, isCompanion: true)
    } else {
        drawChart(state, group: state.chart, on: &grid, in: charts, glyphs: glyphs)
    }
    drawHistory(state, on: &grid, in: history)
    drawLog(state, on: &grid, in: log)
}

/// Below 40×10: one status line, or what is being asked.
private func drawSmallest(_ state: StudioState, on grid: inout CellGrid) {
    let columns = 0..<grid.size.columns
    switch state.overlay {
    case .rollBack(let checkpoint):
        grid.write("To \(Wording.endOf(checkpoint.id, columns: 10))? y n", row: 0, column: 0, style: .accent)
    case .audition: state.form.editor.draw(on: &grid, row: 0, columns: columns)
    case .learningRate(let editor): editor.draw(on: &grid, row: 0, columns: columns)
    case .help, nil:
        let items = statusItems(state, columns: columns.count, withPhase: true)
        grid.drawStatusLine(items, row: 0, columns: columns)
    }
}

func drawChart(
    _ state: StudioState, group: ChartGroup, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs,
    isCompanion: Bool = false
) {
    let place = (ChartGroup.allCases.firstIndex(of: group) ?? 0) + 1
    let scale = state.isLogarithmic ? "log " : ""
    grid.drawBox(
        rect, title: group.rawValue, focused: state.focus == .chart && !isCompanion,
        note: isCompanion ? "" : "\(scale)‹ \(place)/\(ChartGroup.allCases.count) ›")
    if case .preparing(let what, let fraction) = state.snapshot?.phase, state.curves.series.isEmpty {
        drawPreparation(what, fraction: fraction, on: &grid, in: rect.inside)
        return
    }
    let waiting =
        state.snapshot == nil
        ? "Opening the voice …" : group == .prior ? "No step of the prior yet." : "No step of SoVITS yet."
    state.curves.chart(group, glyphs: glyphs, isLogarithmic: state.isLogarithmic, emptyText: waiting)
        .draw(on: &grid, in: rect.inside)
}

/// What is being prepared, with a bar where it is known how far it is.
private func drawPreparation(_ what: String, fraction: Double?, on grid: inout CellGrid, in rect: CellRect) {
    let row = rect.row + max(0, rect.rows / 2 - 1)
    let room = rect.column + 1..<max(rect.column + 1, rect.lastColumn)
    grid.write(CharacterWidth.shortened(what, columns: room.count), row: row, column: room.lowerBound)
    guard let fraction, fraction.isFinite, room.count > 10 else { return }
    let width = room.count - 5
    let done = Int(min(1, max(0, fraction)) * Double(width))
    grid.write(String(repeating: "█", count: done), row: row + 1, column: room.lowerBound, style: CellStyle(.accent))
    grid.write(
        String(repeating: "·", count: width - done), row: row + 1, column: room.lowerBound + done, style: .dim)
    let percent = "\(Int(min(1, max(0, fraction)) * 100))%"
    grid.write(
        CharacterWidth.padded(percent, columns: 5, toRight: true), row: row + 1, column: room.lowerBound + width)
}
