import TerminalKit
import Training

/// The history screen.
func drawHistory(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
    drawCheckpoints(state, on: &grid, in: rect, focused: true)
}
