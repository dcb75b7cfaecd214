import TerminalKit
import Training

/// Charts, checkpoints and log beside each other; where there is no room for all, the one that has the focus.
func drawTrain(_ state: StudioState, on grid: inout CellGrid, in body: CellRect, glyphs: ChartGlyphs) {
    guard body.rows >= 21, body.columns >= 80 else {
        switch state.train.focus {
        case .chart: drawChart(state, group: state.train.chart, on: &grid, in: body, glyphs: glyphs)
        case .history: drawCheckpoints(state, on: &grid, in: body, focused: true)
        case .log: drawLog(state, on: &grid, in: body)
        }
        return
    }
    let logRows = min(14, max(7, body.rows * 3 / 10))
    let (upper, log) = body.splitTop(body.rows - logRows)
    let historyColumns = min(52, max(38, body.columns * 3 / 10))
    let (charts, history) = upper.splitLeft(upper.columns - historyColumns)
    if charts.rows >= 22 {
        // Room for two: the chosen chart, and the one after it.
        let (first, second) = charts.splitTop((charts.rows + 1) / 2)
        drawChart(state, group: state.train.chart, on: &grid, in: first, glyphs: glyphs)
        let below = state.train.chart == .prior ? ChartGroup.mel : .prior
        drawChart(state, group: below, on: &grid, in: second, glyphs: glyphs, isCompanion: true)
    } else {
        drawChart(state, group: state.train.chart, on: &grid, in: charts, glyphs: glyphs)
    }
    drawCheckpoints(state, on: &grid, in: history, focused: state.train.focus == .history)
    drawLog(state, on: &grid, in: log)
}

func drawChart(
    _ state: StudioState, group: ChartGroup, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs,
    isCompanion: Bool = false
) {
    grid.addTarget(rect, StudioTarget.pane(.chart))
    let place = (ChartGroup.allCases.firstIndex(of: group) ?? 0) + 1
    let scale = state.train.isLogarithmic ? "log " : ""
    grid.drawBox(
        rect, title: group.rawValue, focused: state.train.focus == .chart && !isCompanion,
        note: isCompanion ? "" : "\(scale)‹ \(place)/\(ChartGroup.allCases.count) ›")
    if case .preparing(let what, let fraction) = state.snapshot?.phase, state.curves.series.isEmpty {
        drawPreparation(what, fraction: fraction, on: &grid, in: rect.inside)
        return
    }
    let waiting =
        state.snapshot == nil
        ? "Opening the voice …" : group == .prior ? "No step of the prior yet." : "No step of SoVITS yet."
    state.curves.chart(group, glyphs: glyphs, isLogarithmic: state.train.isLogarithmic, emptyText: waiting)
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
