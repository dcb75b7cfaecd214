import TerminalKit
import Training

/// The settings screen.
func drawSettings(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    grid.drawBox(rect, title: "Settings", focused: true)
}
