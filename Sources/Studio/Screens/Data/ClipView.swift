import TerminalKit
import Training

/// The chosen clip: its figures, its outline, what is said, and what is odd about it.
func drawClip(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
    guard let clip = state.selectedClip else { return grid.drawBox(rect, title: "Clip") }
    let inspection = state.data.inspections[clip.id]
    let isPlaying = state.data.playing == clip.id
    grid.drawBox(rect, title: "Clip \(clip.id)", note: isPlaying ? "▸ playing" : figures(clip, inspection))
    grid.addTarget(rect, StudioTarget.action(.data(.play)))
    let inside = rect.inside
    let room = inside.column + 1..<max(inside.column + 1, inside.lastColumn)
    guard room.count > 8 else { return }
    var lines: [(label: String, text: String, role: ColorRole)] = [("text", clip.text, .text)]
    if let inspection {
        let own = clip.ownPhonemes == nil ? "" : " (yours)"
        lines.append(("sounds", inspection.symbols.joined() + own, .accent))
        lines += inspection.warnings.map { ("▲", $0.sentence, $0.stopsTraining ? .bad : .warning) }
    } else {
        lines.append(("", "Reading it …", .dim))
    }
    if clip.isExcluded { lines.append(("", "It is left out: nothing is learned from it. d takes it in again.", .dim)) }
    let labelColumns = 7
    let wrapped = lines.map { CellGrid.wrap($0.text, columns: room.count - labelColumns) }
    let wanted = wrapped.reduce(0) { $0 + $1.count }
    // At least two rows for the outline, and no more than it needs.
    let picture = max(min(2, inside.rows), min(inside.rows - wanted, max(3, inside.rows / 2)))
    let (top, bottom) = inside.splitTop(picture)
    if let inspection, !inspection.outline.low.isEmpty {
        let plot = WaveformPlot(
            inspection.outline.peaks, glyphs: glyphs, role: clip.isExcluded ? .dim : isPlaying ? .accent : .series1)
        plot.draw(on: &grid, in: CellRect(row: top.row, column: room.lowerBound, rows: top.rows, columns: room.count))
    }
    var row = bottom.row
    for (line, texts) in zip(lines, wrapped) {
        for (number, text) in texts.enumerated() where row <= bottom.lastRow {
            if number == 0 { grid.write(line.label, row: row, column: room.lowerBound, style: .dim, within: room) }
            grid.write(
                text, row: row, column: room.lowerBound + labelColumns, style: CellStyle(line.role), within: room)
            row += 1
        }
    }
}

private func figures(_ clip: ClipListing.Entry, _ inspection: ClipInspection?) -> String {
    guard let inspection else { return "" }
    let level = inspection.outline.level.map { "\(Int($0.rounded())) dB, " } ?? ""
    let peak = Decibels.of(inspection.outline.peak)
    return "\(Wording.seconds(inspection.seconds)), \(level)peak \(Int(peak.rounded())) dB"
}
