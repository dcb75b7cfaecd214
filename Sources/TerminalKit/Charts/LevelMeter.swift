#if canImport(Glibc)
    import Glibc
#endif

/// Levels in decibels of full scale.
package enum Decibels {
    /// The quietest that is told apart.
    package static let floor = -60.0

    /// Of a magnitude or a root mean square, 1 being full scale; never below the floor.
    package static func of(_ magnitude: Float) -> Double {
        guard magnitude.isFinite, magnitude > 0 else { return floor }
        return max(floor, 20 * log10(Double(magnitude)))
    }
}

/// A bar that says how loud it is: a level, and a mark at the peak, from -60 dB to full scale.
package struct LevelMeter: Sendable {
    /// dB of full scale; nil when there is no sound.
    package var level: Double?
    package var peak: Double?

    /// Louder than this is loud, and than that nearly clipped.
    private static let loud = -12.0, tooLoud = -3.0

    package init(level: Double?, peak: Double? = nil) {
        self.level = level
        self.peak = peak
    }

    /// Draws the bar and the figure behind it on one row.
    package func draw(on grid: inout CellGrid, row: Int, columns: Range<Int>) {
        let text = level.map { $0 <= Decibels.floor ? "silent" : "\(Int($0.rounded())) dB" } ?? ""
        let room = columns.lowerBound..<max(columns.lowerBound, columns.upperBound - 7)
        let end = position(of: level, width: room.count)
        for column in room {
            let decibels = Decibels.floor * (1 - Double(column - room.lowerBound) / Double(max(1, room.count)))
            let role: ColorRole = decibels >= Self.tooLoud ? .bad : decibels >= Self.loud ? .warning : .good
            let isLit = column - room.lowerBound < end
            grid.put(isLit ? "■" : "·", row: row, column: column, style: isLit ? CellStyle(role) : .dim)
        }
        if let peak, peak > Decibels.floor, !room.isEmpty {
            let column = room.lowerBound + min(room.count - 1, position(of: peak, width: room.count))
            let role: ColorRole = peak >= Self.tooLoud ? .bad : .text
            grid.put("│", row: row, column: column, style: CellStyle(role, on: .background, .bold))
        }
        grid.write(
            CharacterWidth.padded(text, columns: 7, toRight: true), row: row, column: room.upperBound, style: .text,
            within: columns)
    }

    private func position(of decibels: Double?, width: Int) -> Int {
        guard let decibels, decibels.isFinite else { return 0 }
        return Int((max(0, min(1, 1 - decibels / Decibels.floor)) * Double(width)).rounded())
    }
}
