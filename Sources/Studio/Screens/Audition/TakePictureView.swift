import TerminalKit
import Training

/// What the selected take is, what it looks like, and how loud it is where it is heard.
func drawTakePicture(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
    guard let take = state.audition.selectedTake else {
        grid.drawBox(rect, title: "Take")
        return drawHowTo(on: &grid, in: rect.inside)
    }
    let place = state.audition.place
    grid.drawBox(
        rect, title: take.checkpoint,
        note: "\(AxisTicks.plain(place, decimals: 2)) / \(AxisTicks.plain(take.duration, decimals: 2)) s")
    let inside = CellRect(
        row: rect.row + 1, column: rect.column + 2, rows: rect.rows - 2, columns: max(0, rect.columns - 4))
    guard inside.rows >= 5, inside.columns >= 16 else { return }
    let text = take.text.isEmpty ? "Held-out clip \(take.source), resynthesized" : "“\(take.text)”"
    let lines = CellGrid.wrap(text, columns: inside.columns)
    let textRows = min(lines.count, inside.rows >= 24 ? 3 : 1)
    for (offset, line) in lines.prefix(textRows).enumerated() {
        let isCut = offset == textRows - 1 && lines.count > textRows
        grid.write(
            isCut ? CharacterWidth.shortened(line + " …", columns: inside.columns) : line, row: inside.row + offset,
            column: inside.column, within: inside.columnRange)
    }
    let (_, rest) = inside.splitTop(textRows)
    let details = CharacterWidth.shortened(details(of: take, state), columns: rest.columns)
    grid.write(details, row: rest.row, column: rest.column, style: .dim, within: rest.columnRange)
    let (_, below) = rest.splitTop(1)
    let (picture, transport) = below.splitTop(below.rows - 1)
    switch state.audition.pictures[take.path] {
    case nil:
        grid.write("Reading the sound …", row: picture.row + picture.rows / 2, column: picture.column, style: .dim)
    case .failure(let error):
        let lines = CellGrid.wrap(error.description, columns: picture.columns)
        for (offset, line) in lines.prefix(picture.rows).enumerated() {
            grid.write(line, row: picture.row + offset, column: picture.column, style: CellStyle(.bad))
        }
    case .success(let sound):
        drawSound(sound, place: place / max(1e-9, take.duration), on: &grid, in: picture, glyphs: glyphs)
        drawTransport(state, take, sound, on: &grid, row: transport.row, columns: transport.columnRange)
    }
}

/// Outline above, spectrogram below, time under both; the mouse goes to a place in them.
func drawSound(
    _ sound: SoundPicture, place: Double, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs
) {
    let (pictures, axis) = rect.splitTop(rect.rows - 1)
    let (wave, spectrogram) = pictures.splitTop(pictures.rows < 6 ? pictures.rows : max(3, pictures.rows * 2 / 5))
    WaveformPlot(sound.peaks, glyphs: glyphs, played: place).draw(on: &grid, in: wave)
    SpectrogramPlot(sound.spectrogram, glyphs: glyphs).draw(on: &grid, in: spectrogram)
    grid.drawPlace(place, in: pictures)
    drawTimes(sound.seconds, on: &grid, row: axis.row, columns: axis.columnRange)
    let column = axis.column + min(axis.columns - 1, Int(max(0, min(1, place)) * Double(axis.columns)))
    grid.write("▲", row: axis.row, column: column, style: .accent)
    grid.addTarget(rect, StudioTarget.takePicture)
}

private func drawTimes(_ seconds: Double, on grid: inout CellGrid, row: Int, columns: Range<Int>) {
    guard seconds > 0 else { return }
    let ticks = AxisTicks(range: 0...seconds, count: max(1, columns.count / 12))
    var free = columns.lowerBound
    for value in ticks.values {
        let label = ticks.label(value) + (value == ticks.values.last ? " s" : "")
        let place = columns.lowerBound + Int(value / seconds * Double(columns.count))
        guard place >= free, place + label.count <= columns.upperBound else { continue }
        free = grid.write(label, row: row, column: place, style: .dim, within: columns) + 2
    }
}

/// Playing or not, looping or not, and the level meter.
private func drawTransport(
    _ state: StudioState, _ take: Take, _ sound: SoundPicture, on grid: inout CellGrid, row: Int, columns: Range<Int>
) {
    let isHeard = state.audition.playing?.order.path == take.path && state.audition.blind == nil
    let mode = (isHeard ? "▸ playing" : "■ stopped") + (state.audition.isLooping ? ", loop" : "")
    let target = CellRect(row: row, column: columns.lowerBound, rows: 1, columns: 9)
    grid.addTarget(target, StudioTarget.action(.audition(.playOrStop)))
    var place = grid.write(
        mode, row: row, column: columns.lowerBound, style: isHeard ? .accent : .dim, within: columns)
    if let series = state.audition.series {
        place = grid.write(
            "  \(series.next) of \(series.items.count)", row: row, column: place, style: .dim, within: columns)
    }
    let meter = max(place + 2, columns.lowerBound + 17)..<columns.upperBound
    guard meter.count > 12 else { return }
    meterAt(isHeard ? state.audition.place : nil, of: sound).draw(on: &grid, row: row, columns: meter)
}

/// The level of what is heard at a second: of the tenth of a second around it.
func meterAt(_ second: Double?, of sound: SoundPicture) -> LevelMeter {
    guard let second, sound.seconds > 0,
        let loudness = sound.peaks.loudness(at: second / sound.seconds, width: 0.1 / sound.seconds)
    else { return LevelMeter(level: nil) }
    return LevelMeter(level: loudness.level, peak: loudness.peak)
}

/// All that made a take, in one line.
private func details(of take: Take, _ state: StudioState) -> String {
    var parts = ["seed \(take.seed)"]
    if let sampling = take.sampling {
        func short(_ value: Double) -> String {
            var text = AxisTicks.plain(value, decimals: 2)
            while text.contains("."), text.hasSuffix("0") || text.hasSuffix(".") {
                let isPoint = text.hasSuffix(".")
                text.removeLast()
                if isPoint { break }
            }
            return text
        }
        parts.append("temperature \(short(sampling.temperature))")
        parts.append("top-k \(sampling.topK)")
        parts.append("top-p \(short(sampling.topP))")
        parts.append("repetition \(short(sampling.repetitionPenalty))")
    }
    if let reference = take.reference { parts.append("style of \(reference)") }
    parts.insert(
        "\(Wording.age(of: take.date, at: state.now)) \(Wording.clock(take.date, timeZone: state.timeZone))", at: 0)
    let name = take.path.split(separator: "/").last.map(String.init) ?? take.path
    return (parts + [name]).joined(separator: " · ")
}

private func drawHowTo(on grid: inout CellGrid, in rect: CellRect) {
    let room = rect.column + 1..<max(rect.column + 1, rect.lastColumn)
    for (offset, line) in CellGrid.wrap("What a take looks and sounds like is shown here.", columns: room.count)
        .enumerated() where offset < rect.rows
    {
        grid.write(line, row: rect.row + offset, column: room.lowerBound, style: .dim, within: room)
    }
}
