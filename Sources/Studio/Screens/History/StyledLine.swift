import TerminalKit

/// A line of text in more than one style.
struct StyledLine {
    var parts: [(text: String, style: CellStyle)]

    init(_ parts: [(String, CellStyle)]) { self.parts = parts.map { (text: $0.0, style: $0.1) } }
    init(_ text: String = "", _ style: CellStyle = .text) { parts = [(text: text, style: style)] }

    /// A text in lines of at most so many columns, those after the first set in.
    static func wrapped(_ text: String, _ style: CellStyle = .text, columns: Int, indent: Int = 0) -> [StyledLine] {
        CellGrid.wrap(text, columns: max(1, columns - indent)).enumerated().map { offset, line in
            StyledLine((offset == 0 ? "" : String(repeating: " ", count: indent)) + line, style)
        }
    }
}

extension CellGrid {
    mutating func write(_ line: StyledLine, row: Int, column: Int, within columns: Range<Int>) {
        var place = column
        for part in line.parts {
            let room = columns.upperBound - place
            guard room > 0 else { return }
            place = write(
                CharacterWidth.shortened(part.text, columns: room), row: row, column: place, style: part.style,
                within: columns)
        }
    }
}
