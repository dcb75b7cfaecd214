import TerminalKit
import Training

/// The log screen: what is shown of the log, its lines, and all of the chosen one.
func drawLogScreen(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    let lines = state.log.lines
    let chosen = lines.isEmpty ? nil : lines[min(state.log.index, lines.count - 1)]
    if rect.rows < 14 || rect.columns < 60 {
        // Where there is no room for both, details take the place of the list when they are asked for.
        if !state.log.hasDetail, let chosen {
            drawDetail(chosen, state, on: &grid, in: rect)
        } else {
            drawLines(lines, state, on: &grid, in: rect)
        }
    } else if !state.log.hasDetail || chosen == nil {
        drawLines(lines, state, on: &grid, in: rect)
    } else if let chosen, rect.columns >= 150 {
        let (list, detail) = rect.splitLeft(rect.columns - 52)
        drawLines(lines, state, on: &grid, in: list)
        drawDetail(chosen, state, on: &grid, in: detail)
    } else if let chosen {
        let (list, detail) = rect.splitTop(rect.rows - (rect.rows >= 30 ? 9 : 8))
        drawLines(lines, state, on: &grid, in: list)
        drawDetail(chosen, state, on: &grid, in: detail)
    }
}

private func drawLines(_ lines: [LogEntry], _ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    let log = state.log
    var note = lines.isEmpty ? "" : "\(lines.count - log.chosen)/\(lines.count)\(log.reachesStart ? "" : "+")"
    if log.pending != nil { note = "reading … " + note }
    let title = log.term.isEmpty ? "Log" : "Log: \(log.term)"
    grid.drawBox(rect, title: title, focused: true, note: note)
    var inside = rect.inside
    if inside.rows >= 6 {
        let (bar, rest) = inside.splitTop(1)
        drawFilters(log.filter, on: &grid, in: bar)
        inside = rest
    }
    guard inside.rows > 0, inside.columns > 4 else { return }
    let columns = inside.column + 1..<inside.lastColumn
    guard !lines.isEmpty else {
        let sentence =
            log.pending != nil
            ? "Reading the journal …"
            : log.filter == .everything
                ? "Nothing has happened yet. Every step and event is listed here."
                : "Nothing of this kind. Press f for another kind, escape for everything."
        for (offset, line) in CellGrid.wrap(sentence, columns: columns.count).enumerated() where offset < inside.rows {
            grid.write(line, row: inside.row + offset, column: columns.lowerBound, style: .dim, within: columns)
        }
        return
    }
    let selection = ListSelection(index: log.index)
    let visible = selection.visible(count: lines.count, rows: inside.rows)
    for (offset, index) in visible.enumerated() {
        let row = inside.row + offset
        drawEntry(lines[index], state, on: &grid, row: row, columns: columns, isMarked: true)
        if index == log.index {
            grid.paint(
                CellRect(row: row, column: inside.column, rows: 1, columns: inside.columns), background: .selection)
        }
        grid.highlight(log.term, row: row, columns: columns)
    }
    grid.addLineTargets(place: .log, visible: visible, in: inside)
    grid.drawScrollMark(visible: visible, count: lines.count, in: inside)
}

/// The kinds of lines beside each other, the shown one set off; as many as there is room for.
private func drawFilters(_ shown: LogFilter, on grid: inout CellGrid, in rect: CellRect) {
    let columns = rect.column + 1..<max(rect.column + 1, rect.lastColumn)
    var all = LogFilter.allCases[...]
    func width(_ filters: ArraySlice<LogFilter>) -> Int { filters.reduce(0) { $0 + $1.name.count + 2 } }
    // The shown one must be among them.
    while width(all) > columns.count, all.count > 1 {
        if all.last != shown { all.removeLast() } else { all.removeFirst() }
    }
    var place = columns.lowerBound
    for filter in all {
        let label = filter == shown ? "[\(filter.name)]" : " \(filter.name) "
        let style = filter == shown ? CellStyle.accent : .dim
        grid.addTarget(
            CellRect(row: rect.row, column: place, rows: 1, columns: label.count),
            StudioTarget.action(.log(.filter(filter))))
        place = grid.write(label, row: rect.row, column: place, style: style, within: columns)
    }
}

// MARK: Details

/// All that is known of a line: figures with all their digits, sentences to their end.
private func drawDetail(_ entry: LogEntry, _ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    let inside = rect.inside
    let columns = inside.column + 1..<max(inside.column + 1, inside.lastColumn)
    switch entry {
    case .event(let event):
        grid.drawBox(rect, title: "\(LogWording.name(of: event.kind)) at step \(event.step)", note: event.branch)
        let when = LogWording.moment(event.date, timeZone: state.timeZone)
        grid.write(when, row: inside.row, column: columns.lowerBound, style: .dim, within: columns)
        var lines = CellGrid.wrap(event.message, columns: columns.count)
        if lines.count > inside.rows - 1, inside.rows > 1 {
            let rest = lines[(inside.rows - 2)...].joined(separator: " ")
            lines = lines.prefix(inside.rows - 2) + [CharacterWidth.shortened(rest, columns: columns.count)]
        }
        let style = CellStyle(LogWording.role(of: event.kind))
        for (offset, line) in lines.prefix(max(0, inside.rows - 1)).enumerated() {
            grid.write(line, row: inside.row + 1 + offset, column: columns.lowerBound, style: style, within: columns)
        }
    case .step(let record):
        grid.drawBox(rect, title: "step \(record.step), \(record.stage.rawValue)", note: record.branch)
        drawFigures(LogWording.details(of: record), on: &grid, in: inside, columns: columns)
    }
}

/// Pairs of name and value in as many columns as there is room for, read downwards.
private func drawFigures(
    _ figures: [(name: String, value: String, isBad: Bool)], on grid: inout CellGrid, in rect: CellRect,
    columns: Range<Int>
) {
    let nameWidth = figures.map { CharacterWidth.columns(of: $0.name) }.max() ?? 0
    let valueWidth = figures.map { CharacterWidth.columns(of: $0.value) }.max() ?? 0
    let width = nameWidth + 1 + valueWidth + 3
    let most = max(1, (columns.count + 3) / width)
    let perColumn = max(1, min(rect.rows, max((figures.count + most - 1) / most, 1)))
    for (index, figure) in figures.enumerated() {
        let start = columns.lowerBound + index / perColumn * width
        let row = rect.row + index % perColumn
        guard row <= rect.lastRow, start + nameWidth + 1 < columns.upperBound else { continue }
        grid.write(figure.name, row: row, column: start, style: .dim, within: columns)
        let style = figure.isBad ? CellStyle(.bad, on: .background, .bold) : .text
        grid.write(figure.value, row: row, column: start + nameWidth + 1, style: style, within: columns)
    }
}

extension CellGrid {
    /// Sets off every place of a row where a text stands, small and large letters alike.
    mutating func highlight(_ term: String, row: Int, columns: Range<Int>) {
        let wanted = term.lowercased().unicodeScalars.map { $0 }
        guard !wanted.isEmpty, row >= 0, row < size.rows else { return }
        // Spacing characters with their columns: the right half of a wide one is no character.
        let cells = columns.clamped(to: 0..<size.columns).filter { !self[row, $0].isContinuation }
        let letters = cells.map { String(self[row, $0].scalar).lowercased().unicodeScalars.first }
        guard letters.count >= wanted.count else { return }
        var start = 0
        while start + wanted.count <= letters.count {
            if zip(letters[start..<start + wanted.count], wanted).allSatisfy({ $0 == $1 }) {
                for place in start..<start + wanted.count { setOff(row: row, column: cells[place]) }
                start += wanted.count
            } else {
                start += 1
            }
        }
    }
}
