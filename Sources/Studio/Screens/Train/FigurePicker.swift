import TerminalKit
import Training

/// The list of all figures over the screen: those that a chart shows are marked.
package struct FigurePicker: Sendable, Equatable {
    /// The chart's number.
    package var chart: Int
    package var selected = 0

    package init(chart: Int) { self.chart = chart }

    mutating func move(_ movement: Movement, among count: Int) {
        var selection = ListSelection(index: selected)
        selection.move(by: movement.lines, count: count)
        selected = selection.index
    }
}

extension StudioState {
    mutating func perform(_ action: FigureAction) -> [StudioEffect] {
        guard case .figures(let picker) = overlay, train.panes.indices.contains(picker.chart) else { return [] }
        guard curves.figures.indices.contains(picker.selected) else { return [] }
        train.panes[picker.chart].toggle(curves.figures[picker.selected])
        return []
    }

    /// Chooses a figure with the mouse: the line is marked and taken in or out.
    mutating func chooseFigure(line: Int) -> [StudioEffect] {
        guard case .figures(var picker) = overlay, curves.figures.indices.contains(line) else { return [] }
        picker.selected = line
        overlay = .figures(picker)
        return perform(FigureAction.toggle)
    }
}

func drawFigurePicker(_ picker: FigurePicker, _ state: StudioState, on grid: inout CellGrid) {
    guard state.train.panes.indices.contains(picker.chart) else { return }
    let pane = state.train.panes[picker.chart]
    let figures = state.curves.figures
    let rect = grid.bounds.centered(rows: figures.count + 3, columns: 44)
    grid.fill(rect)
    grid.drawBox(rect, title: "What the chart shows", focused: true, note: "\(pane.figures.count)")
    let (list, keys) = rect.inside.splitTop(rect.inside.rows - 1)
    let columns = [
        TableColumn(width: 3), TableColumn(width: list.columns - 14), TableColumn(width: 8, alignsRight: true),
    ]
    let lines = figures.map { figure in
        [
            pane.figures.contains(figure) ? " ✓" : "", Wording.fullName(of: figure),
            state.curves.series[figure]?.latest.map(LineChart.short) ?? "–",
        ]
    }
    let selection = ListSelection(index: picker.selected)
    grid.drawTable(lines, columns: columns, selection: selection, in: list)
    grid.addLineTargets(
        place: .figures, visible: selection.visible(count: figures.count, rows: list.rows), in: list)
    let hints = KeyTable.hints(at: .figures).map { "\($0.key) \($0.hint)" }.joined(separator: "   ")
    grid.write(hints, row: keys.row, column: keys.column + 1, style: .dim, within: keys.columnRange)
}
