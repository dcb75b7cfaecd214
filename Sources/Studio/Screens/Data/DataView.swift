import TerminalKit
import Training

/// The data screen.
func drawData(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
    grid.drawBox(rect, title: "Data", focused: true)
}
