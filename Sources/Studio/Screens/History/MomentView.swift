import TerminalKit
import Training

/// What training was like at a checkpoint: its curves, what is known of it, its settings and its takes.
func drawMoment(
    _ state: StudioState, _ checkpoint: CheckpointSummary, on grid: inout CellGrid, in rect: CellRect,
    glyphs: ChartGlyphs
) {
    grid.drawBox(
        rect, title: checkpoint.id, focused: state.history.pane == .moment,
        note: Wording.age(of: checkpoint.date, at: state.now))
    grid.addTarget(rect, StudioTarget.action(.history(.focus(.moment))))
    let inside = rect.inside
    guard inside.rows >= 6 else { return drawFacts(state, checkpoint, on: &grid, in: inside) }
    if inside.columns >= 72, inside.rows < 18 {
        // Low and wide: the curve on the left, the words on the right.
        let (chart, facts) = inside.splitLeft(inside.columns * 4 / 9)
        MomentChart(state, checkpoint, [.mel, .validationMel])?.draw(on: &grid, in: chart, glyphs: glyphs)
        drawFacts(state, checkpoint, on: &grid, in: facts)
        return
    }
    var rest = inside
    let hasPrior = state.history.moments.lines[checkpoint.branch]?.points[.crossEntropy] != nil
    let charts: [[Metric]] =
        inside.rows >= 30 && hasPrior
        ? [[.mel, .validationMel], [.crossEntropy, .validationCrossEntropy]] : [[.mel, .validationMel]]
    let height = min(16, inside.rows * (charts.count == 2 ? 3 : 4) / 10)
    for metrics in charts {
        let (chart, below) = rest.splitTop(height)
        MomentChart(state, checkpoint, metrics)?.draw(on: &grid, in: chart, glyphs: glyphs)
        rest = below
    }
    drawFacts(state, checkpoint, on: &grid, in: rest)
}

/// Words about the checkpoint, from the line that was scrolled to.
private func drawFacts(
    _ state: StudioState, _ checkpoint: CheckpointSummary, on grid: inout CellGrid, in rect: CellRect
) {
    let room = CellRect(row: rect.row, column: rect.column + 1, rows: rect.rows, columns: max(0, rect.columns - 2))
    let lines = MomentFacts(state, checkpoint).lines(columns: room.columns)
    let start = max(0, min(state.history.scroll, lines.count - room.rows))
    let visible = start..<min(lines.count, start + room.rows)
    for (offset, line) in lines[visible].enumerated() {
        grid.write(line, row: room.row + offset, column: room.column, within: room.columnRange)
    }
    grid.drawScrollMark(visible: visible, count: lines.count, in: rect)
}
