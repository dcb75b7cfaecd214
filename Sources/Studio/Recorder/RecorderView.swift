import TerminalKit
import Training

/// The recorder over the middle of the screen: the sentence, the level or the outline of the sound, what there is to say.
func drawRecorder(_ recorder: RecorderState, on grid: inout CellGrid, glyphs: ChartGlyphs) {
    let rect = grid.bounds.centered(rows: 15, columns: 76)
    grid.fill(rect)
    let count = recorder.keptCount
    grid.drawBox(
        rect, title: "Record", focused: true, note: count == 0 ? "" : "\(count) kept")
    let inside = rect.inside
    let room = inside.column + 1..<max(inside.column + 1, inside.lastColumn)
    var row = inside.row
    func write(_ text: String, _ style: CellStyle) {
        guard row <= inside.lastRow else { return }
        grid.write(text, row: row, column: room.lowerBound, style: style, within: room)
        row += 1
    }
    let isTall = inside.rows >= 12
    let heading = recorder.phase == .recording ? "● Recording. Say:" : "Say:"
    if inside.rows >= 6 {
        write(heading, recorder.phase == .recording ? CellStyle(.bad, on: .background, .bold) : .dim)
    }
    let sentence =
        recorder.sentence.isEmpty ? "There are no sentences for this language yet; type one with e." : recorder.sentence
    for line in CellGrid.wrap(sentence, columns: room.count).prefix(isTall ? 3 : 2) {
        write(line, CellStyle(.text, on: .background, .bold))
    }
    if isTall { row += 1 }
    let keysRow = inside.lastRow
    let remarks = remarkLines(recorder, columns: room.count).prefix(isTall ? 3 : 2)
    let picture = CellRect(
        row: row, column: room.lowerBound, rows: max(0, keysRow - row - max(1, remarks.count)), columns: room.count)
    drawSound(recorder, on: &grid, in: picture, glyphs: glyphs)
    for (offset, line) in remarks.enumerated() {
        let remarkRow = keysRow - remarks.count + offset
        guard remarkRow > inside.row else { continue }
        grid.write(line.0, row: remarkRow, column: room.lowerBound, style: CellStyle(line.1), within: room)
    }
    var place = room.lowerBound
    for hint in hints(recorder.phase) {
        let text = "\(hint.key) \(hint.text)"
        guard place + text.count <= room.upperBound else { break }
        grid.addTarget(
            CellRect(row: keysRow, column: place, rows: 1, columns: text.count),
            StudioTarget.action(.recorder(hint.action)))
        place = grid.write(hint.key, row: keysRow, column: place, style: .accent, within: room) + 1
        place = grid.write(hint.text, row: keysRow, column: place, style: .dim, within: room) + 2
    }
    grid.cursor = nil
}

private func hints(_ phase: RecorderState.Phase) -> [(key: String, text: String, action: RecorderAction)] {
    switch phase {
    case .ready:
        [
            ("space", "record", .recordOrStop), ("n", "next sentence", .next), ("e", "own text", .ownSentence),
            ("esc", "end", .close),
        ]
    case .recording: [("space", "stop", .recordOrStop), ("esc", "throw away", .close)]
    case .checking, .keeping: [("esc", "end", .close)]
    case .review(let draft):
        (draft.refusal == nil ? [("enter", "keep", .keep)] : []) + [
            ("r", "again", .again), ("p", "hear", .hear), ("n", "next sentence", .next),
            ("esc", "end", .close),
        ]
    }
}

private func remarkLines(_ recorder: RecorderState, columns: Int) -> [(String, ColorRole)] {
    var lines: [(String, ColorRole)] = []
    if case .review(let draft) = recorder.phase {
        let level = draft.outline.level.map { "\(Int($0.rounded())) dB" } ?? "silent"
        if draft.refusal == nil {
            lines.append(("\(Wording.seconds(draft.sound.seconds)) after trimming, recorded at \(level)", .dim))
        }
        lines += draft.warnings.flatMap { CellGrid.wrap("▲ " + $0.sentence, columns: columns) }.map { ($0, .warning) }
    }
    if let remark = recorder.remark {
        let text = (remark.isBad ? "▲ " : "") + remark.text
        lines += CellGrid.wrap(text, columns: columns).map { ($0, remark.isBad ? .bad : .good) }
    }
    return lines
}

/// The level while it is recorded, the outline afterwards.
private func drawSound(_ recorder: RecorderState, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
    guard rect.rows > 0 else { return }
    switch recorder.phase {
    case .ready, .checking: return
    case .recording:
        let peak = recorder.peaks.suffix(4).max() ?? 0
        let meter = LevelMeter(level: Decibels.of(peak), peak: recorder.peaks.max().map(Decibels.of))
        let time = CharacterWidth.padded(Wording.seconds(recorder.seconds), columns: 7)
        let start = grid.write(time, row: rect.row, column: rect.column, style: .accent, within: rect.columnRange)
        meter.draw(on: &grid, row: rect.row, columns: start..<rect.column + rect.columns)
        let (_, below) = rect.splitTop(2)
        WaveformPlot(WaveformPeaks(recorder.peaks.flatMap { [$0, -$0] }, count: recorder.peaks.count), glyphs: glyphs)
            .draw(on: &grid, in: below)
    case .review(let draft), .keeping(let draft):
        WaveformPlot(
            draft.outline.peaks, glyphs: glyphs, role: draft.refusal == nil ? .series1 : .dim
        ).draw(on: &grid, in: rect)
    }
}

extension SoundOutline {
    /// The same for a plot.
    var peaks: WaveformPeaks {
        WaveformPeaks(zip(low, high).flatMap { [Float($0) / 127, Float($1) / 127] }, count: low.count)
    }
}

/// The recorder where there is room for one line.
func drawSmallestRecorder(_ recorder: RecorderState, on grid: inout CellGrid) {
    let text =
        switch recorder.phase {
        case .ready: recorder.remark?.text ?? recorder.sentence
        case .recording: "● \(Wording.seconds(recorder.seconds))"
        case .checking, .keeping: "…"
        case .review(let draft): draft.refusal ?? "keep \(Wording.seconds(draft.sound.seconds))?"
        }
    grid.write(CharacterWidth.shortened(text, columns: grid.size.columns), row: 0, column: 0, style: .accent)
}
