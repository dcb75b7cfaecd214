import TerminalKit
import Training

/// The audition screen.
func drawAudition(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
    grid.drawBox(rect, title: "Audition", focused: true)
}
