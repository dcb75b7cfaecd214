/// A part of the screen.
package struct CellRect: Sendable, Hashable {
    package var row: Int
    package var column: Int
    package var rows: Int
    package var columns: Int

    package init(row: Int, column: Int, rows: Int, columns: Int) {
        self.row = row
        self.column = column
        self.rows = max(0, rows)
        self.columns = max(0, columns)
    }

    package var rowRange: Range<Int> { row..<row + rows }
    package var columnRange: Range<Int> { column..<column + columns }
    package var lastRow: Int { row + rows - 1 }
    package var lastColumn: Int { column + columns - 1 }
    package func contains(_ position: CellPosition) -> Bool {
        rowRange.contains(position.row) && columnRange.contains(position.column)
    }
    package var isEmpty: Bool { rows == 0 || columns == 0 }

    /// The part inside a border of one cell.
    package var inside: CellRect { CellRect(row: row + 1, column: column + 1, rows: rows - 2, columns: columns - 2) }

    /// The upper `count` rows, and the rest.
    package func splitTop(_ count: Int) -> (CellRect, CellRect) {
        let top = min(max(0, count), rows)
        return (
            CellRect(row: row, column: column, rows: top, columns: columns),
            CellRect(row: row + top, column: column, rows: rows - top, columns: columns)
        )
    }

    /// The left `count` columns, and the rest.
    package func splitLeft(_ count: Int) -> (CellRect, CellRect) {
        let left = min(max(0, count), columns)
        return (
            CellRect(row: row, column: column, rows: rows, columns: left),
            CellRect(row: row, column: column + left, rows: rows, columns: columns - left)
        )
    }

    /// A rectangle of at most this size in the middle of this one.
    package func centered(rows wantedRows: Int, columns wantedColumns: Int) -> CellRect {
        let height = min(rows, wantedRows)
        let width = min(columns, wantedColumns)
        return CellRect(
            row: row + (rows - height) / 2, column: column + (columns - width) / 2, rows: height, columns: width)
    }
}
