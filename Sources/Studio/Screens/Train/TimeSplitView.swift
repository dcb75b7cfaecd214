import TerminalKit
import Training

/// How many rows of a chart the parts of a step may take: never the larger half, and none where there is room for none.
func timeSplitRows(_ state: StudioState, in rect: CellRect) -> Int {
    let count = state.snapshot?.timeSplit.count ?? 0
    let rows = min(count + 1, rect.rows / 2)
    return count > 0 && rows >= 3 && rect.columns >= 40 ? rows : 0
}

/// Where the time of a step goes: the largest parts with their share of all time in steps, both stages by the schedule.
func drawTimeSplit(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    let parts = (state.snapshot?.timeSplit ?? []).sorted { $0.share > $1.share }
    guard rect.rows > 1, let largest = parts.first?.share, largest > 0 else { return }
    grid.write(
        "of the time in steps", row: rect.row, column: rect.column + 1, style: .dim, within: rect.columnRange)
    let stages = max(6, parts.map(\.stage.rawValue.count).max() ?? 0), name = stages + 1 + 18
    let bar = max(4, min(40, rect.columns - name - 10))
    for (offset, part) in parts.prefix(rect.rows - 1).enumerated() {
        let row = rect.row + 1 + offset
        let stage = CharacterWidth.padded(part.stage.rawValue, columns: stages)
        grid.write(stage, row: row, column: rect.column + 1, style: .dim, within: rect.columnRange)
        grid.write(part.part, row: row, column: rect.column + 2 + stages, within: rect.columnRange)
        let length = max(1, Int((part.share / largest * Double(bar)).rounded()))
        let role: ColorRole =
            switch part.stage {
            case .sovits: .series1
            case .prior: .series2
            case .speaker: .series3
            }
        grid.write(
            String(repeating: "■", count: length), row: row, column: rect.column + 2 + name, style: CellStyle(role),
            within: rect.columnRange)
        let share = CharacterWidth.padded(Wording.percent(part.share), columns: 6, toRight: true)
        grid.write(share, row: row, column: rect.column + 3 + name + bar, within: rect.columnRange)
    }
}
