/// Which characters a chart is drawn with.
package enum ChartGlyphs: String, Sendable, CaseIterable {
    /// 2×4 dots a cell.
    case braille
    /// 2×2 quarters a cell.
    case block
    /// 1×2 marks a cell, no character above 0x7E.
    case ascii

    var dotsAcross: Int { self == .ascii ? 1 : 2 }
    var dotsDown: Int { self == .braille ? 4 : 2 }
}

/// Dots finer than cells; each cell takes the colour of the last curve that set a dot in it.
struct DotRaster {
    let glyphs: ChartGlyphs
    let rows: Int
    let columns: Int
    private var bits: [UInt8]
    private var roles: [ColorRole]

    var width: Int { columns * glyphs.dotsAcross }
    var height: Int { rows * glyphs.dotsDown }

    init(rows: Int, columns: Int, glyphs: ChartGlyphs) {
        self.rows = rows
        self.columns = columns
        self.glyphs = glyphs
        bits = Array(repeating: 0, count: rows * columns)
        roles = Array(repeating: .text, count: rows * columns)
    }

    /// Unicode's order of the dots: two columns of three, then the lowest row.
    private static let brailleBits: [UInt8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]

    /// Sets one dot; `y` counts from the top.
    mutating func set(x: Int, y: Int, role: ColorRole) {
        guard x >= 0, x < width, y >= 0, y < height else { return }
        let cell = y / glyphs.dotsDown * columns + x / glyphs.dotsAcross
        let (right, down) = (x % glyphs.dotsAcross, y % glyphs.dotsDown)
        switch glyphs {
        case .braille: bits[cell] |= Self.brailleBits[down * 2 + right]
        case .block, .ascii: bits[cell] |= UInt8(1 << (down * glyphs.dotsAcross + right))
        }
        roles[cell] = role
    }

    /// Sets the dots of one column between two heights.
    mutating func setColumn(x: Int, from first: Int, to last: Int, role: ColorRole) {
        for y in min(first, last)...max(first, last) { set(x: x, y: y, role: role) }
    }

    private static let quarters: [Unicode.Scalar] = [
        " ", "▘", "▝", "▀", "▖", "▌", "▞", "▛", "▗", "▚", "▐", "▜", "▄", "▙", "▟", "█",
    ]

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
                grid.put(scalar, row: row + y, column: column + x, style: CellStyle(roles[y * columns + x]))
            }
        }
    }
}
