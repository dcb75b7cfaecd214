import TerminalKit
import Training

/// The checkpoints, newest first: ID, reason, age, size.
func drawCheckpoints(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, focused: Bool) {
    let checkpoints = state.checkpoints
    let count = checkpoints.count
    grid.drawBox(
        rect, title: "History", focused: focused,
        note: count == 0 ? "" : "\(min(count, state.selectedIndex + 1))/\(count)")
    grid.addTarget(rect, StudioTarget.pane(.history))
    let inside = rect.inside
    guard count > 0 else {
        let room = inside.column + 1..<inside.lastColumn
        for (offset, line) in CellGrid.wrap(
            "No checkpoint yet. One is made by itself, or now with s.", columns: room.count
        )
        .enumerated() where offset < inside.rows {
            grid.write(line, row: inside.row + offset, column: room.lowerBound, style: .dim, within: room)
        }
        return
    }
    let idColumns = max(8, inside.columns - 8 - 4 - 6 - 3)
    let columns = [
        TableColumn(width: idColumns), TableColumn(width: 8, role: .dim),
        TableColumn(width: 4, alignsRight: true), TableColumn(width: 6, alignsRight: true, role: .dim),
    ]
    let lines = checkpoints.map { checkpoint in
        let mark = checkpoint.isPinned ? "★" : ""
        return [
            mark + Wording.endOf(checkpoint.id, columns: idColumns - mark.count), checkpoint.reason,
            Wording.age(of: checkpoint.date, at: state.now), Wording.bytes(checkpoint.bytes),
        ]
    }
    let selection = ListSelection(index: state.selectedIndex)
    grid.drawTable(lines, columns: columns, selection: selection, in: inside)
    grid.addLineTargets(
        place: state.screen.place, visible: selection.visible(count: count, rows: inside.rows), in: inside)
}

extension CellGrid {
    /// Lets the mouse choose among the lines of a list that `drawTable` drew.
    mutating func addLineTargets(place: KeyPlace, visible: Range<Int>, in rect: CellRect) {
        for (offset, index) in visible.enumerated() {
            addTarget(
                CellRect(row: rect.row + offset, column: rect.column, rows: 1, columns: rect.columns),
                StudioTarget.line(place, index))
        }
    }
}
