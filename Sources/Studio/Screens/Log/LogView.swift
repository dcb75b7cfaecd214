import TerminalKit
import Training

/// The log as a part of the training screen: the newest at the bottom.
func drawLog(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    grid.drawBox(
        rect, title: "Log", focused: state.train.focus == .log,
        note: state.log.scroll > 0 ? "\(state.log.scroll) below" : "")
    grid.addTarget(rect, StudioTarget.pane(.log))
    let inside = rect.inside
    guard inside.rows > 0, inside.columns > 4 else { return }
    let end = max(min(inside.rows, state.log.entries.count), state.log.entries.count - state.log.scroll)
    let start = max(0, end - inside.rows)
    let columns = inside.column + 1..<inside.lastColumn
    for (offset, entry) in state.log.entries[start..<end].enumerated() {
        drawEntry(entry, state, on: &grid, row: inside.row + offset, columns: columns)
    }
    grid.drawScrollMark(visible: start..<end, count: state.log.entries.count, in: inside)
}

/// - Parameter isMarked: whether an event shows its kind by a mark before it.
func drawEntry(
    _ entry: LogEntry, _ state: StudioState, on grid: inout CellGrid, row: Int, columns: Range<Int>,
    isMarked: Bool = false
) {
    switch entry {
    case .step(let record): drawStep(record, on: &grid, row: row, columns: columns)
    case .event(let event): drawEvent(event, state, on: &grid, row: row, columns: columns, isMarked: isMarked)
    }
}

private func drawStep(_ record: StepRecord, on grid: inout CellGrid, row: Int, columns: Range<Int>) {
    var place = grid.write(
        CharacterWidth.padded("\(record.step)", columns: 7, toRight: true), row: row, column: columns.lowerBound,
        style: .text, within: columns)
    let name = record.stage.rawValue
    let stage = CharacterWidth.padded(name, columns: max(6, CharacterWidth.columns(of: name)))
    place = grid.write(stage, row: row, column: place + 1, style: .dim, within: columns) + 1
    let time = Wording.stepTime(record.seconds)
    let timeStart = columns.upperBound - CharacterWidth.columns(of: time)
    for metric in LogWording.figures[record.stage] ?? [] {
        guard let value = record.metrics[metric] else { continue }
        let name = Wording.shortName(of: metric)
        // Five columns for every figure keep the lines in step.
        let text = CharacterWidth.padded(LineChart.short(Double(value)), columns: 5)
        guard place + CharacterWidth.columns(of: name) + 1 + CharacterWidth.columns(of: text) < timeStart else { break }
        place = grid.write(name, row: row, column: place + 1, style: .dim, within: columns)
        let style = value.isFinite ? CellStyle.text : CellStyle(.bad, on: .background, .bold)
        place = grid.write(text, row: row, column: place + 1, style: style, within: columns)
    }
    grid.write(time, row: row, column: timeStart, style: .dim, within: columns)
}

private func drawEvent(
    _ event: JournalEvent, _ state: StudioState, on grid: inout CellGrid, row: Int, columns: Range<Int>,
    isMarked: Bool
) {
    let style = CellStyle(LogWording.role(of: event.kind))
    let clock = CharacterWidth.padded(Wording.clock(event.date, timeZone: state.timeZone), columns: 7, toRight: true)
    var place = grid.write(clock, row: row, column: columns.lowerBound, style: .dim, within: columns) + 1
    if isMarked {
        place = grid.write(LogWording.mark(of: event.kind), row: row, column: place, style: style, within: columns) + 1
    }
    let text = CharacterWidth.shortened(event.message, columns: max(0, columns.upperBound - place))
    grid.write(text, row: row, column: place, style: style, within: columns)
}
