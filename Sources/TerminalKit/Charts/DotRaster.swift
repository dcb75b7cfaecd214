/// Which characters a chart is drawn with.
package enum ChartGlyphs: String, Sendable, CaseIterable {
    /// 2×4 dots a cell.
    case braille
    /// 2×2 quarters a cell.
    case block
    /// 1×2 marks a cell, no character above 0x7E.
    case ascii

    package var dotsAcross: Int { self == .ascii ? 1 : 2 }
    package var dotsDown: Int { self == .braille ? 4 : 2 }
}

/// Dots finer than cells; each cell takes the look of the last curve that set a dot in it.
///
/// Layers lie over each other: the first dot of a higher layer clears the cell, so that a line stays sharp before what
/// stands behind it.
struct DotRaster {
    let glyphs: ChartGlyphs
    let rows: Int
    let columns: Int
    private var bits: [UInt8]
    private var styles: [CellStyle]
    private var layers: [UInt8]
    /// What the next dots look like, and how far in front they stand.
    var style = CellStyle.text
    var layer: UInt8 = 0

    var width: Int { columns * glyphs.dotsAcross }
    var height: Int { rows * glyphs.dotsDown }

    init(rows: Int, columns: Int, glyphs: ChartGlyphs) {
        self.glyphs = glyphs
        (self.rows, self.columns) = (max(0, rows), max(0, columns))
        let count = self.rows * self.columns
        bits = Array(repeating: 0, count: count)
        styles = Array(repeating: .text, count: count)
        layers = Array(repeating: 0, count: count)
    }

    /// Unicode's order of the dots: two columns of three, then the lowest row.
    private static let brailleBits: [UInt8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]

    /// The bits of one cell's dots in column `right`, from `first` down to `last`.
    private func mask(right: Int, from first: Int, to last: Int) -> UInt8 {
        var mask: UInt8 = 0
        for down in first...last {
            mask |=
                glyphs == .braille ? Self.brailleBits[down * 2 + right] : UInt8(1 << (down * glyphs.dotsAcross + right))
        }
        return mask
    }

    /// Sets one dot; `y` counts from the top.
    mutating func set(x: Int, y: Int) { setColumn(x: x, from: y, to: y) }

    /// Sets the dots of one column between two heights, cell by cell.
    mutating func setColumn(x: Int, from first: Int, to last: Int) {
        guard x >= 0, x < width else { return }
        let (top, bottom) = (max(0, min(first, last)), min(height - 1, max(first, last)))
        guard top <= bottom else { return }
        let down = glyphs.dotsDown
        let right = x % glyphs.dotsAcross
        for row in top / down...bottom / down {
            let cell = row * columns + x / glyphs.dotsAcross
            guard layer >= layers[cell] || bits[cell] == 0 else { continue }
            if layer > layers[cell] { bits[cell] = 0 }
            bits[cell] |= mask(right: right, from: max(top - row * down, 0), to: min(bottom - row * down, down - 1))
            layers[cell] = layer
            styles[cell] = style
        }
    }

    private static let quarters: [Unicode.Scalar] = [
        " ", "▘", "▝", "▀", "▖", "▌", "▞", "▛", "▗", "▚", "▐", "▜", "▄", "▙", "▟", "█",
    ]

    func isEmpty(row: Int, column: Int) -> Bool { bits[row * columns + column] == 0 }

    func draw(on grid: inout CellGrid, row: Int, column: Int) {
        for y in 0..<rows {
            for x in 0..<columns {
                let value = bits[y * columns + x]
                guard value != 0 else { continue }
                let scalar: Unicode.Scalar
                switch glyphs {
                case .braille: scalar = Unicode.Scalar(0x2800 + UInt32(value)) ?? "*"
                case .block: scalar = Self.quarters[Int(value)]
                case .ascii: scalar = value == 1 ? "'" : value == 2 ? "." : ":"
                }
                grid.put(scalar, row: row + y, column: column + x, style: styles[y * columns + x])
            }
        }
    }
}
