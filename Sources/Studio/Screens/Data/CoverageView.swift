import TerminalKit
import Training

/// How often each symbol of the language occurs in the clips that train: bars, the rarest first.
func drawCoverage(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
    guard let listing = state.data.listing else { return }
    let counts = state.data.counts
    let extra = counts.keys.filter { !listing.symbols.contains($0) && isSound($0) }
    let symbols = listing.symbols + extra.sorted()
    let missing = symbols.filter { counts[$0] == nil }
    grid.drawBox(
        rect, title: "Phonemes of \(listing.language)", note: "\(symbols.count - missing.count)/\(symbols.count) occur")
    let inside = rect.inside
    let room = inside.column + 1..<max(inside.column + 1, inside.lastColumn)
    guard room.count > 12, inside.rows > 0 else { return }
    let isWhole = state.data.inspections.count >= listing.entries.count
    let heading =
        !isWhole
        ? "Reading the clips …"
        : missing.isEmpty
            ? "Every phoneme occurs; the rarest first:"
            : "Missing: \(missing.map { name($0, glyphs) }.joined(separator: " ")) (n records clips with them)"
    var row = inside.row
    let role: ColorRole = !isWhole ? .dim : missing.isEmpty ? .good : .warning
    for line in CellGrid.wrap(heading, columns: room.count).prefix(2) {
        grid.write(line, row: row, column: room.lowerBound, style: CellStyle(role), within: room)
        row += 1
    }
    let shown = symbols.filter { counts[$0] != nil }.sorted { (counts[$0] ?? 0, $0) < (counts[$1] ?? 0, $1) }
    let bars = CellRect(
        row: row, column: room.lowerBound, rows: inside.lastRow - row + 1, columns: room.count)
    drawBars(shown.map { (name($0, glyphs), counts[$0] ?? 0) }, on: &grid, in: bars)
}

/// Bars in columns, read downwards; the rarest ones where there is no room for all.
private func drawBars(_ bars: [(name: String, count: Int)], on grid: inout CellGrid, in rect: CellRect) {
    guard rect.rows > 0, let most = bars.map(\.count).max() else { return }
    let needed = (bars.count + rect.rows - 1) / rect.rows
    let columns = max(1, min(needed, rect.columns / 14))
    let width = rect.columns / columns
    let nameColumns = bars.map { CharacterWidth.columns(of: $0.name) }.max() ?? 1
    let countColumns = "\(most)".count
    for (index, bar) in bars.prefix(columns * rect.rows).enumerated() {
        let row = rect.row + index % rect.rows
        var place = rect.column + index / rect.rows * width
        let room = place..<place + width - 1
        grid.write(bar.name, row: row, column: place, style: .accent, within: room)
        place += nameColumns + 1
        grid.write(
            CharacterWidth.padded("\(bar.count)", columns: countColumns, toRight: true), row: row, column: place,
            style: .dim, within: room)
        place += countColumns + 1
        let longest = max(0, room.upperBound - place)
        let length = max(1, Int((Double(bar.count) / Double(most) * Double(longest)).rounded()))
        grid.write(
            String(repeating: "■", count: length), row: row, column: place,
            style: CellStyle(bar.count < 3 ? .warning : .series1), within: room)
    }
}

/// A mark stands over a circle, and where there is no such letter, its number is shown.
private func name(_ symbol: String, _ glyphs: ChartGlyphs) -> String {
    guard let scalar = symbol.unicodeScalars.first else { return symbol }
    if glyphs == .ascii, scalar.value > 0x7E {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
    return CharacterWidth.columns(of: scalar) == 0 ? "◌" + symbol : symbol
}

/// Letters, tones, stress and length; not punctuation and spaces.
private func isSound(_ symbol: String) -> Bool {
    guard let scalar = symbol.unicodeScalars.first else { return false }
    switch scalar.properties.generalCategory {
    case .otherPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .spaceSeparator, .initialPunctuation,
        .finalPunctuation:
        return false
    default: return true
    }
}
