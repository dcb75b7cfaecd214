import TerminalKit
import Training

/// The audition screen: the sentence above, the takes on the left, the picture of the chosen one on the right.
func drawAudition(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
    let isReduced = rect.rows < 14 || rect.columns < 60
    let (top, rest) = rect.splitTop(sentenceRows(state, in: rect, isReduced: isReduced))
    drawSentence(state, on: &grid, in: top, withForm: !isReduced)
    if isReduced {
        drawTakes(state, on: &grid, in: rest, withPlace: true)
        return
    }
    let (left, right) = rest.splitLeft(max(32, min(64, rest.columns * 2 / 5)))
    let standings = VoteStanding.table(state.audition.votes)
    let wanted = min(standings.count + 2, left.rows / 3)
    if standings.isEmpty || left.rows < 16 {
        drawTakes(state, on: &grid, in: left)
    } else {
        let (takes, votes) = left.splitTop(left.rows - wanted)
        drawTakes(state, on: &grid, in: takes)
        drawStandings(state, standings, on: &grid, in: votes)
    }
    drawTakePicture(state, on: &grid, in: right, glyphs: glyphs)
}

/// Which checkpoints were preferred, the best first.
private func drawStandings(
    _ state: StudioState, _ standings: [VoteStanding], on grid: inout CellGrid, in rect: CellRect
) {
    let count = state.audition.votes.count
    grid.drawBox(rect, title: "Blind A/B", note: "\(count) vote\(count == 1 ? "" : "s")")
    let inside = rect.inside
    for (offset, standing) in standings.prefix(inside.rows).enumerated() {
        drawStanding(standing, on: &grid, row: inside.row + offset, columns: inside.column + 1..<inside.lastColumn)
    }
}

/// "main/g_0000136  won 3 of 5  ■■■■■■····"
func drawStanding(_ standing: VoteStanding, on grid: inout CellGrid, row: Int, columns: Range<Int>) {
    let draws = standing.draws == 0 ? "" : ", \(standing.draws) even"
    let figures = "won \(standing.wins) of \(standing.votes)\(draws)"
    let barColumns = min(12, max(0, columns.count - 16 - figures.count - 2))
    let room = columns.count - figures.count - 1 - (barColumns > 3 ? barColumns + 1 : 0)
    let name = CharacterWidth.padded(Wording.endOf(standing.checkpoint, columns: room), columns: max(0, room))
    var place = grid.write(name, row: row, column: columns.lowerBound, within: columns) + 1
    if barColumns > 3 {
        let share = (Double(standing.wins) + Double(standing.draws) / 2) / Double(max(1, standing.votes))
        let full = Int((share * Double(barColumns)).rounded())
        place = grid.write(
            String(repeating: "■", count: full), row: row, column: place, style: CellStyle(.good), within: columns)
        place =
            grid.write(
                String(repeating: "·", count: barColumns - full), row: row, column: place, style: .dim, within: columns)
            + 1
    }
    grid.write(figures, row: row, column: place, style: .dim, within: columns)
}

/// A share of something as a bar with its figure in percent.
func drawShare(_ share: Double, on grid: inout CellGrid, row: Int, columns: Range<Int>) {
    guard columns.count > 6 else { return }
    let width = columns.count - 5
    let done = Int(max(0, min(1, share)) * Double(width))
    grid.write(
        String(repeating: "■", count: done), row: row, column: columns.lowerBound, style: CellStyle(.accent),
        within: columns)
    grid.write(
        String(repeating: "·", count: width - done), row: row, column: columns.lowerBound + done, style: .dim,
        within: columns)
    grid.write(
        CharacterWidth.padded("\(Int(max(0, min(1, share)) * 100))%", columns: 5, toRight: true), row: row,
        column: columns.lowerBound + width, within: columns)
}
