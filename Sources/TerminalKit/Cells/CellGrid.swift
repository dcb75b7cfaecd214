/// One character place on the screen.
package struct Cell: Sendable, Equatable {
    /// The spacing character; the right half of a wide one has none.
    package var scalar: Unicode.Scalar
    /// Marks drawn over it.
    package var marks: CombiningMarks
    package var style: CellStyle
    /// True for the right half of the wide character before it.
    package var isContinuation: Bool

    package init(_ scalar: Unicode.Scalar = " ", style: CellStyle = .text) {
        self.scalar = scalar
        self.marks = []
        self.style = style
        self.isContinuation = false
    }
}

/// A place on the screen; row 0 and column 0 are the upper left corner.
package struct CellPosition: Sendable, Hashable {
    package var row: Int
    package var column: Int

    package init(row: Int, column: Int) {
        self.row = row
        self.column = column
    }
}

/// Rows and columns of a terminal.
package struct TerminalSize: Sendable, Hashable {
    package var rows: Int
    package var columns: Int

    package init(columns: Int, rows: Int) {
        self.rows = max(1, rows)
        self.columns = max(1, columns)
    }
}

/// A part of the screen that does something when it is clicked.
package struct MouseTarget: Sendable {
    package var rect: CellRect
    /// What it stands for, in the words of whoever drew it.
    package var value: any Hashable & Sendable
}

/// A picture of the whole screen: what the drawing functions make and a backend shows.
///
/// Writing outside it is cut off, never an error; a wide character that would be cut in half is left out.
package struct CellGrid: Sendable, Equatable {
    package let size: TerminalSize
    package private(set) var cells: [Cell]
    /// Where the terminal's cursor stands; hidden when nil.
    package var cursor: CellPosition?
    /// What the mouse meets where; the last one added lies on top.
    package private(set) var targets: [MouseTarget] = []
    /// Which line of a list too long for its frame stands at its top, as far as it could be scrolled: there whoever moves
    /// in it goes on.
    package internal(set) var topLine: Int?

    package init(size: TerminalSize) {
        self.size = size
        self.cells = Array(repeating: Cell(), count: size.rows * size.columns)
    }

    package var bounds: CellRect { CellRect(row: 0, column: 0, rows: size.rows, columns: size.columns) }

    package subscript(row: Int, column: Int) -> Cell {
        cells[row * size.columns + column]
    }

    /// The cells of one row, from left to right.
    package func row(_ row: Int) -> ArraySlice<Cell> {
        cells[row * size.columns..<(row + 1) * size.columns]
    }

    /// Puts one spacing character; both halves of any wide character it covers are blanked.
    package mutating func put(_ scalar: Unicode.Scalar, row: Int, column: Int, style: CellStyle) {
        guard row >= 0, row < size.rows, column >= 0, let width = CharacterWidth.columns(of: scalar), width > 0,
            column + width <= size.columns
        else { return }
        let index = row * size.columns + column
        for offset in 0..<width { separate(index + offset, column: column + offset) }
        cells[index] = Cell(scalar, style: style)
        if width == 2 {
            cells[index + 1] = Cell(" ", style: style)
            cells[index + 1].isContinuation = true
        }
    }

    /// Blanks the other half of a wide character that stands at `index`.
    private mutating func separate(_ index: Int, column: Int) {
        if cells[index].isContinuation {
            cells[index].isContinuation = false
            cells[index - 1] = Cell(" ", style: cells[index - 1].style)
        } else if column + 1 < size.columns, cells[index + 1].isContinuation {
            cells[index + 1].isContinuation = false
        }
    }

    /// Writes text on one line and returns the column after it. Nothing is written outside `columns`, when given.
    @discardableResult
    package mutating func write(
        _ text: some StringProtocol, row: Int, column: Int, style: CellStyle = .text, within columns: Range<Int>? = nil
    ) -> Int {
        let limits = (columns ?? 0..<size.columns).clamped(to: 0..<size.columns)
        var position = column
        var lastWritten: Int?
        for scalar in text.unicodeScalars {
            guard let width = CharacterWidth.columns(of: scalar) else { continue }
            if width == 0 {
                if let lastWritten, row >= 0, row < size.rows {
                    let index = row * size.columns + lastWritten
                    cells[index].marks.append(scalar)
                }
                continue
            }
            if position >= limits.lowerBound, position + width <= limits.upperBound {
                put(scalar, row: row, column: position, style: style)
                lastWritten = position
            } else {
                lastWritten = nil
            }
            position += width
        }
        return position
    }

    /// Says what the mouse meets in a rectangle, over what was said before.
    package mutating func addTarget(_ rect: CellRect, _ value: some Hashable & Sendable) {
        targets.append(MouseTarget(rect: rect, value: value))
    }

    /// What lies on top at a place.
    package func target(at position: CellPosition) -> MouseTarget? {
        targets.last { $0.rect.contains(position) }
    }

    package static func == (one: CellGrid, other: CellGrid) -> Bool {
        one.size == other.size && one.cursor == other.cursor && one.cells == other.cells
    }

    /// Blanks a rectangle.
    package mutating func fill(_ rect: CellRect, style: CellStyle = .text) {
        for row in rect.rowRange {
            for column in rect.columnRange { put(" ", row: row, column: column, style: style) }
        }
    }

    /// Changes the background under what is already written.
    package mutating func paint(_ rect: CellRect, background: ColorRole) {
        for row in rect.rowRange.clamped(to: 0..<size.rows) {
            for column in rect.columnRange.clamped(to: 0..<size.columns) {
                cells[row * size.columns + column].style.background = background
            }
        }
    }

    /// Underlines a cell in bold, on another ground: what a search found.
    package mutating func setOff(row: Int, column: Int) {
        guard (0..<size.rows).contains(row), (0..<size.columns).contains(column) else { return }
        for place in column..<min(size.columns, column + 2) {
            let index = row * size.columns + place
            if place > column, !cells[index].isContinuation { break }
            cells[index].style.foreground = .accent
            cells[index].style.attributes.formUnion([.bold, .underline])
        }
    }

    /// The same picture without a character above 0x7E, for terminals that do not take UTF-8. Columns stay in place.
    package func asciiOnly() -> CellGrid {
        var result = self
        for index in result.cells.indices {
            result.cells[index].marks = []
            let cell = result.cells[index]
            if cell.isContinuation {
                result.cells[index].isContinuation = false
            } else if cell.scalar.value > 0x7E {
                result.cells[index].scalar = AsciiForm.replacement(for: cell.scalar)
            }
        }
        return result
    }
}
