/// Which line of a list is chosen, and how far the list is scrolled.
package struct ListSelection: Sendable, Equatable {
    package private(set) var index: Int

    package init(index: Int = 0) { self.index = index }

    /// Moves by some lines and stays inside a list of `count`.
    package mutating func move(by lines: Int, count: Int) {
        index = max(0, min(count - 1, index + lines))
    }

    /// The lines that are visible in `rows` rows: the chosen one among them, and no empty row while there are lines.
    package func visible(count: Int, rows: Int) -> Range<Int> {
        guard count > 0, rows > 0 else { return 0..<0 }
        let start = max(0, min(index - rows / 2, count - rows))
        return start..<min(count, start + rows)
    }
}

/// One column of a table.
package struct TableColumn: Sendable {
    package var width: Int
    package var alignsRight: Bool
    package var role: ColorRole

    package init(width: Int, alignsRight: Bool = false, role: ColorRole = .text) {
        self.width = width
        self.alignsRight = alignsRight
        self.role = role
    }
}

extension CellGrid {
    /// Draws lines of cells in columns, one space between them; the chosen line is painted over its whole width.
    package mutating func drawTable(
        _ lines: [[String]], columns: [TableColumn], selection: ListSelection?, in rect: CellRect
    ) {
        let visible = (selection ?? ListSelection()).visible(count: lines.count, rows: rect.rows)
        for (offset, index) in visible.enumerated() {
            let row = rect.row + offset
            var place = rect.column
            for (text, column) in zip(lines[index], columns) {
                let shown = CharacterWidth.padded(text, columns: column.width, toRight: column.alignsRight)
                write(shown, row: row, column: place, style: CellStyle(column.role), within: rect.columnRange)
                place += column.width + 1
            }
            if let selection, selection.index == index {
                paint(CellRect(row: row, column: rect.column, rows: 1, columns: rect.columns), background: .selection)
            }
        }
        drawScrollMark(visible: visible, count: lines.count, in: rect)
    }

    /// Arrows on the border to the right of a list that goes on outside its rectangle.
    package mutating func drawScrollMark(visible: Range<Int>, count: Int, in rect: CellRect) {
        guard rect.rows > 0, visible.count < count else { return }
        let border = rect.lastColumn + 1
        if visible.lowerBound > 0 { write("↑", row: rect.row, column: border, style: .accent) }
        if visible.upperBound < count { write("↓", row: rect.lastRow, column: border, style: .accent) }
    }
}
