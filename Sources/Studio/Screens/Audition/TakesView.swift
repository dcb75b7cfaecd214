import TerminalKit
import Training

/// The takes, the newest first, and above them what is being made.
///
/// - Parameter withPlace: says where the sound is that is heard, where there is no picture of it.
func drawTakes(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, withPlace: Bool = false) {
    let audition = state.audition
    let count = audition.takes.count
    let heard = withPlace && audition.blind == nil ? audition.playing : nil
    let place = heard.map { "▸ \(AxisTicks.plain($0.seconds, decimals: 1)) s  " } ?? ""
    grid.drawBox(
        rect, title: "Takes", focused: audition.focus == .takes && state.overlay == nil,
        note: count == 0 ? "" : "\(place)\(audition.selectedIndex + 1)/\(count)")
    let inside = rect.inside
    let (top, list) = inside.splitTop(min(inside.rows, audition.making == nil ? 0 : 2))
    if let making = audition.making { drawMaking(making, state, on: &grid, in: top) }
    guard count > 0 else {
        drawNoTakes(state, on: &grid, in: list)
        return
    }
    let selection = ListSelection(index: audition.selectedIndex)
    let visible = selection.visible(count: count, rows: list.rows)
    for (offset, index) in visible.enumerated() {
        let row = list.row + offset
        drawTake(audition.takes[index], state, on: &grid, row: row, columns: list.columnRange)
        if index == selection.index {
            grid.paint(CellRect(row: row, column: list.column, rows: 1, columns: list.columns), background: .selection)
        }
    }
    grid.drawScrollMark(visible: visible, count: count, in: list)
    grid.addLineTargets(place: .audition, visible: visible, in: list)
}

/// Marks, checkpoint, length, age, seed where there is room, and the sentence.
private func drawTake(
    _ take: Take, _ state: StudioState, on grid: inout CellGrid, row: Int, columns: Range<Int>
) {
    let audition = state.audition
    // While A and B are compared nothing may tell which of them is heard.
    let isHeard = audition.playing?.order.path == take.path && audition.blind == nil
    grid.write(isHeard ? "▸" : " ", row: row, column: columns.lowerBound, style: .accent, within: columns)
    grid.write(
        audition.marks.contains(take.path) ? "✓" : " ", row: row, column: columns.lowerBound + 1,
        style: CellStyle(.good), within: columns)
    var place = columns.lowerBound + 2
    func cell(_ text: String, _ width: Int, _ role: ColorRole, toRight: Bool = false) {
        let padded = CharacterWidth.padded(text, columns: width, toRight: toRight)
        place = grid.write(padded, row: row, column: place, style: CellStyle(role), within: columns) + 1
    }
    let isWide = columns.count >= 44
    cell(shortCheckpoint(take.checkpoint, state, columns: isWide ? 12 : 9), isWide ? 12 : 9, .text)
    cell(AxisTicks.plain(take.duration, decimals: 1) + " s", 6, .dim, toRight: true)
    if isWide {
        cell("#\(take.seed)", 4, .dim, toRight: true)
        cell(Wording.age(of: take.date, at: state.now), 4, .dim, toRight: true)
    }
    let text = take.source == "prior" ? take.text : "held-out \(take.source)"
    let room = max(0, columns.upperBound - place)
    grid.write(CharacterWidth.shortened(text, columns: room), row: row, column: place, within: columns)
}

/// The end of an ID that tells it from others; the branch is left out when it is the one being trained.
func shortCheckpoint(_ id: String, _ state: StudioState, columns: Int) -> String {
    var short = id
    if let branch = state.snapshot?.branch, id.hasPrefix(branch + "/") {
        short = String(id.dropFirst(branch.count + 1))
    }
    if let at = id.lastIndex(of: "@") { short = "now" + id[at...] }
    return Wording.endOf(short, columns: columns)
}

private func drawMaking(
    _ making: TakeMaking, _ state: StudioState, on grid: inout CellGrid, in rect: CellRect
) {
    let room = rect.column + 1..<max(rect.column + 1, rect.lastColumn)
    let who = making.requests.first?.checkpoint.map { shortCheckpoint($0, state, columns: 16) } ?? "this moment"
    let number = making.total > 1 ? " (\(making.number) of \(making.total))" : ""
    let what: String
    var share = 0.0
    switch making.progress {
    case .waitingForStep: what = "waiting for the step"
    case .loadingWeights: what = "reading weights"
    case .speaking(let done):
        what = "speaking"
        share = done
    }
    let text = making.isCancelled ? "cancelling …" : "\(who): \(what)\(number)"
    grid.write(
        CharacterWidth.shortened(text, columns: room.count), row: rect.row, column: room.lowerBound, style: .accent,
        within: room)
    if rect.rows > 1 {
        let keys = "  esc ends it"
        let bar = room.lowerBound..<max(room.lowerBound, room.upperBound - keys.count)
        drawShare(share, on: &grid, row: rect.row + 1, columns: bar)
        grid.write(keys, row: rect.row + 1, column: bar.upperBound, style: .dim, within: room)
    }
    grid.addTarget(rect, StudioTarget.action(.audition(.cancelMaking)))
}

private func drawNoTakes(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    guard state.audition.making == nil else { return }
    let room = rect.column + 1..<max(rect.column + 1, rect.lastColumn)
    let lines = [
        "No take yet.", "",
        "Press a and type a sentence: it is spoken with the weights of this moment while training "
            + "goes on.", "",
        "m has many checkpoints speak it, and b asks which of them is better without saying "
            + "which is which.",
    ].flatMap { $0.isEmpty ? [""] : CellGrid.wrap($0, columns: room.count) }
    for (offset, line) in lines.prefix(rect.rows).enumerated() {
        grid.write(line, row: rect.row + offset, column: room.lowerBound, style: .dim, within: room)
    }
}
