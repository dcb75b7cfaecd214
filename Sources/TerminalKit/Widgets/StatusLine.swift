/// A piece of a status line. When room is short the least important pieces go first.
package struct StatusItem: Sendable {
    package var text: String
    package var style: CellStyle
    /// 0 stays longest.
    package var rank: Int

    package init(_ text: String, style: CellStyle = .text, rank: Int) {
        self.text = text
        self.style = style
        self.rank = rank
    }
}

extension CellGrid {
    /// Draws pieces from the left, two spaces apart, leaving out whole pieces that do not fit.
    package mutating func drawStatusLine(_ items: [StatusItem], row: Int, columns: Range<Int>) {
        var shown = items.filter { !$0.text.isEmpty }
        func width() -> Int {
            shown.reduce(0) { $0 + CharacterWidth.columns(of: $1.text) } + 2 * max(0, shown.count - 1)
        }
        while shown.count > 1, width() > columns.count {
            guard let worst = shown.indices.max(by: { shown[$0].rank < shown[$1].rank }) else { break }
            shown.remove(at: worst)
        }
        var place = columns.lowerBound
        for item in shown {
            let text = CharacterWidth.shortened(item.text, columns: columns.upperBound - place)
            place = write(text, row: row, column: place, style: item.style, within: columns) + 2
        }
    }
}
