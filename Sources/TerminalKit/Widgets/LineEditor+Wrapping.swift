// A long sentence on several lines of sight; it stays one line of text.
extension LineEditor {
    /// Cuts text into lines of at most `columns`, after spaces where there are any: ranges of characters that together are
    /// the whole text. The spaces at a line's end may stand outside it.
    package static func lines(of text: String, columns: Int) -> [Range<Int>] {
        guard columns > 0 else { return [0..<text.count] }
        var lines: [Range<Int>] = []
        var (start, breakAfter, width) = (0, 0, 0)
        var widths: [Int] = []
        for (index, character) in text.enumerated() {
            let columnsOfIt = CharacterWidth.columns(of: String(character))
            widths.append(columnsOfIt)
            if width + columnsOfIt > columns, character != " ", index > start {
                let end = breakAfter > start ? breakAfter : index
                lines.append(start..<end)
                start = end
                width = widths[start..<index].reduce(0, +)
            }
            width += columnsOfIt
            if character == " " { breakAfter = index + 1 }
        }
        lines.append(start..<widths.count)
        return lines
    }

    /// The lines it takes at this width, at least one.
    package func lineCount(columns: Int) -> Int { Self.lines(of: text, columns: max(1, columns - 1)).count }

    /// Draws as many lines around the cursor as there is room for, and puts the terminal's cursor there.
    package func drawWrapped(on grid: inout CellGrid, in rect: CellRect, style: CellStyle = .text) {
        guard rect.rows > 0, rect.columns > 1 else { return }
        // The last column stays free for the cursor behind a full line.
        let lines = Self.lines(of: text, columns: rect.columns - 1)
        let characters = Array(text)
        let current = lines.lastIndex { $0.lowerBound <= cursor } ?? 0
        let first = max(0, min(current - rect.rows / 2, lines.count - rect.rows))
        for (offset, line) in lines[first..<min(lines.count, first + rect.rows)].enumerated() {
            grid.write(
                String(characters[line]), row: rect.row + offset, column: rect.column, style: style,
                within: rect.columnRange)
        }
        let before = CharacterWidth.columns(of: String(characters[lines[current].lowerBound..<cursor]))
        grid.cursor = CellPosition(
            row: rect.row + current - first, column: rect.column + min(before, rect.columns - 1))
    }
}
