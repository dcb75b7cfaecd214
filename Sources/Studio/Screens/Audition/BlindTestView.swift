import TerminalKit
import Training

/// Two takes side by side without their names; after the vote, which was which and how the checkpoints stand.
func drawBlindTest(_ state: StudioState, on grid: inout CellGrid) {
    guard let blind = state.audition.blind else { return }
    let standings = VoteStanding.table(state.audition.votes)
    // As many rows before the vote as after it, so that nothing jumps.
    let extra = max(2, min(standings.count, 6)) + 1
    let rect = grid.bounds.centered(rows: 10 + extra, columns: 72)
    grid.fill(rect)
    let count = state.audition.votes.count
    grid.drawBox(
        rect, title: "Blind A/B", focused: true, note: count == 0 ? "" : "\(count) vote\(count == 1 ? "" : "s")")
    let inside = CellRect(
        row: rect.row + 1, column: rect.column + 2, rows: rect.rows - 2, columns: max(0, rect.columns - 4))
    let room = inside.columnRange
    var row = inside.row
    func line(_ text: String, _ style: CellStyle = .text) {
        guard row < inside.row + inside.rows - 1 else { return }
        grid.write(CharacterWidth.shortened(text, columns: room.count), row: row, column: room.lowerBound, style: style)
        row += 1
    }
    line("“\(blind.a.text)”")
    if inside.rows >= 7 { row += 1 }
    for side in [BlindTest.Side.a, .b] where row < inside.row + inside.rows - 1 {
        drawSide(side, of: blind, state, on: &grid, row: row, columns: room)
        row += 1
    }
    if inside.rows >= 7 { row += 1 }
    if let vote = blind.vote {
        let result =
            switch vote.choice {
            case .first: "A is better: \(blind.a.checkpoint)"
            case .second: "B is better: \(blind.b.checkpoint)"
            case .neither: "Neither is better."
            }
        line(result, CellStyle(.good, on: .background, .bold))
        for standing in standings.prefix(max(0, inside.row + inside.rows - 2 - row)) {
            drawStanding(standing, on: &grid, row: row, columns: room)
            row += 1
        }
    } else {
        line(
            blind.heardA && blind.heardB
                ? "Which one is better? 1: A   2: B   0: neither" : "Hear both, as often as you like; then vote.", .dim)
    }
    grid.write(
        CharacterWidth.shortened(keys(blind), columns: room.count), row: inside.lastRow, column: room.lowerBound,
        style: .dim, within: room)
    grid.cursor = nil
}

/// The mark of what is heard, the letter, a bar of how far it is, and whether it was heard.
private func drawSide(
    _ side: BlindTest.Side, of blind: BlindTest, _ state: StudioState, on grid: inout CellGrid, row: Int,
    columns: Range<Int>
) {
    let take = blind.take(side)
    let isHeard = state.audition.playing != nil && blind.current == side
    let wasHeard = side == .a ? blind.heardA : blind.heardB
    let letter = side == .a ? "A" : "B"
    grid.addTarget(
        CellRect(row: row, column: columns.lowerBound, rows: 1, columns: columns.count),
        StudioTarget.action(.audition(side == .a ? .playA : .playB)))
    grid.write(isHeard ? "▸" : " ", row: row, column: columns.lowerBound, style: .accent)
    let bold = CellStyle(isHeard ? .accent : .text, on: .background, .bold)
    let start = grid.write(letter, row: row, column: columns.lowerBound + 2, style: bold, within: columns) + 2
    if let vote = blind.vote {
        let isWinner = vote.choice == (side == .a ? .first : .second)
        let text = take.checkpoint + (isWinner ? "  ★ better" : "")
        grid.write(
            CharacterWidth.shortened(text, columns: columns.upperBound - start), row: row, column: start,
            style: isWinner ? CellStyle(.good) : .text, within: columns)
        return
    }
    let note = wasHeard ? "heard" : "not heard yet"
    let noteStart = columns.upperBound - 13
    grid.write(note, row: row, column: noteStart, style: .dim, within: columns)
    guard noteStart - start > 10 else { return }
    if isHeard, case .success(let sound) = state.audition.pictures[take.path] {
        meterAt(state.audition.playing?.seconds, of: sound).draw(
            on: &grid, row: row, columns: start..<noteStart - 2)
    } else {
        grid.write(String(repeating: "·", count: noteStart - 2 - start), row: row, column: start, style: .dim)
    }
}

private func keys(_ blind: BlindTest) -> String {
    let hints = KeyTable.hints(at: .blindTest)
    let shown = hints.filter { hint in
        switch hint.action {
        case .audition(.betterA), .audition(.betterB), .audition(.noDifference): false
        case .audition(.nextPair): blind.vote != nil
        case .audition(.playOther): blind.vote == nil
        default: true
        }
    }
    return shown.map { "\($0.key) \($0.hint)" }.joined(separator: "   ")
}
