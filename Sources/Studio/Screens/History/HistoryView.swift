import TerminalKit
import Training

/// The checkpoints and the moment of the selected one: beside each other, one above the other, or one of them.
func drawHistory(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
    guard let checkpoint = state.selectedCheckpoint else { return drawNoHistory(state, on: &grid, in: rect) }
    if rect.columns >= 110, rect.rows >= 16 {
        let width = min(110, max(62, rect.columns / 2))
        let (list, moment) = rect.splitLeft(width)
        drawTree(state, on: &grid, in: list)
        drawMoment(state, checkpoint, on: &grid, in: moment, glyphs: glyphs)
    } else if rect.rows >= 18 {
        let lines = (state.history.isFlat ? state.history.listed.count : state.checkpoints.count + 1) + 3
        let (list, moment) = rect.splitTop(max(rect.rows / 3, min(lines, rect.rows / 2)))
        drawTree(state, on: &grid, in: list)
        drawMoment(state, checkpoint, on: &grid, in: moment, glyphs: glyphs)
    } else if state.history.pane == .moment {
        drawMoment(state, checkpoint, on: &grid, in: rect, glyphs: glyphs)
    } else {
        drawTree(state, on: &grid, in: rect)
    }
}

/// There is nothing to go back to yet: what will be here, and how.
private func drawNoHistory(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    grid.drawBox(rect, title: "History", focused: true)
    let minutes = (state.snapshot?.safety.interval).flatMap { $0 > 0 ? "every \(Wording.duration($0))" : nil }
    let text = [
        "No checkpoint yet.",
        "One is made by itself\(minutes.map { " \($0)" } ?? ""), when you pause or leave, and now with s.",
        "Here you will then go back to any of them, branch off, compare, and hear what the voice was like.",
    ]
    let columns = min(70, rect.columns - 4)
    let lines = text.flatMap { CellGrid.wrap($0, columns: columns) }
    let start = rect.row + max(1, (rect.rows - lines.count) / 2)
    for (offset, line) in lines.enumerated() where start + offset < rect.lastRow {
        let column = rect.column + max(2, (rect.columns - columns) / 2)
        grid.write(line, row: start + offset, column: column, style: offset == 0 ? .text : .dim)
    }
}

/// The tree of checkpoints, or those that were found.
private func drawTree(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    let history = state.history
    let listed = history.listed, isFlat = history.isFlat
    let selected = listed.firstIndex(of: state.selectedIndex)
    let place = selected.map { "\($0 + 1)/\(listed.count)" } ?? "\(listed.count)"
    let branches = history.tree.branchCount
    let order = history.order.map { ", best \(Wording.name(of: $0)) first" } ?? ""
    let note =
        history.found != nil
        ? "\(place) found\(order)"
        : isFlat ? "\(place)\(order)" : branches > 1 ? "\(place), \(branches) branches" : place
    grid.drawBox(rect, title: "History", focused: history.pane == .list, note: note)
    grid.addTarget(rect, StudioTarget.action(.history(.focus(.list))))
    var inside = rect.inside
    if history.found != nil || state.overlay == .filter {
        let (line, rest) = inside.splitTop(1)
        drawFilter(state, on: &grid, in: line)
        inside = rest
    }
    let room = CellRect(
        row: inside.row, column: inside.column + 1, rows: inside.rows, columns: max(0, inside.columns - 2))
    let columns = CheckpointColumns(history.tree, isFlat: isFlat, order: history.order, columns: room.columns)
    if inside.rows > 4 {
        columns.drawTitles(on: &grid, row: inside.row, in: room)
        inside = inside.splitTop(1).1
    }
    guard !listed.isEmpty else {
        grid.write(
            "None has all of this. Esc shows all again.", row: inside.row, column: room.column, style: .dim,
            within: room.columnRange)
        return
    }
    // The present stands above all: it takes one line of the list.
    let lead = isFlat ? 0 : 1
    let selection = ListSelection(index: (selected ?? 0) + lead)
    let visible = selection.visible(count: listed.count + lead, rows: inside.rows)
    for (offset, line) in visible.enumerated() {
        let row = inside.row + offset
        let whole = CellRect(row: row, column: inside.column, rows: 1, columns: inside.columns)
        guard line >= lead else {
            if let snapshot = state.snapshot { columns.drawPresent(snapshot, on: &grid, row: row, in: room) }
            continue
        }
        columns.draw(listed[line - lead], state, isFlat: isFlat, on: &grid, row: row, in: room)
        if line - lead == selected { grid.paint(whole, background: .selection) }
        grid.addTarget(whole, StudioTarget.line(.history, listed[line - lead]))
    }
    grid.drawScrollMark(visible: visible, count: listed.count + lead, in: inside)
}

private func drawFilter(_ state: StudioState, on grid: inout CellGrid, in line: CellRect) {
    let start = grid.write("/", row: line.row, column: line.column + 1, style: .accent)
    let columns = start..<line.lastColumn
    if state.overlay == .filter {
        let style = CellStyle(.text, on: .selection)
        grid.fill(CellRect(row: line.row, column: start, rows: 1, columns: columns.count), style: style)
        state.history.filter.draw(on: &grid, row: line.row, columns: columns, style: style)
    } else {
        let text = CharacterWidth.shortened(state.history.filter.text, columns: columns.count)
        grid.write(text, row: line.row, column: start, within: columns)
    }
    grid.addTarget(line, StudioTarget.action(.history(.filter)))
}
