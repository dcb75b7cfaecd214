import TerminalKit
import Training

/// The losses of a line around a checkpoint: until it in colour, what came after it dim, and a mark between the two.
struct MomentChart {
    private let curves: MomentCurves?
    private let step: Int
    private let steps: ClosedRange<Int>
    private let metrics: [Metric]

    init?(_ state: StudioState, _ checkpoint: CheckpointSummary, _ metrics: [Metric]) {
        curves = state.history.moments.lines[checkpoint.branch]
        step = checkpoint.step
        self.metrics = metrics
        let last = max(step, curves?.lastStep ?? step)
        let first = min(step, max(1, curves?.firstStep ?? 1))
        if state.history.isNarrow {
            let margin = max(20, (last - first) / 20)
            steps = max(first, step - margin)...max(first, min(last, step + margin))
        } else {
            steps = first...last
        }
    }

    func draw(on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
        guard let curves else {
            grid.write("Reading the journal …", row: rect.row + rect.rows / 2, column: rect.column + 2, style: .dim)
            return
        }
        var series: [ChartSeries] = []
        for (index, metric) in metrics.enumerated() {
            var until = SeriesBuckets()
            var after = SeriesBuckets()
            for point in curves.points(metric, in: steps) {
                if point.step <= step { until.append(x: Double(point.step), y: Double(point.value)) }
                if point.step >= step { after.append(x: Double(point.step), y: Double(point.value)) }
            }
            if !until.isEmpty { series.append(ChartSeries(name: "", role: .series(index), points: until)) }
            if !after.isEmpty { series.append(ChartSeries(name: "", role: .dim, points: after)) }
        }
        if let values = LineChart(series: series, glyphs: glyphs).valueRange {
            var mark = SeriesBuckets()
            for value in [values.lowerBound, values.upperBound] { mark.append(x: Double(step), y: value) }
            series.append(ChartSeries(name: "", role: .accent, points: mark))
        }
        LineChart(series: series, glyphs: glyphs, emptyText: "No step of this stage yet.").draw(on: &grid, in: rect)
        drawLegend(curves, on: &grid, in: rect.splitTop(1).0)
    }

    /// The figures at the mark, in place of the newest ones.
    private func drawLegend(_ curves: MomentCurves, on grid: inout CellGrid, in rect: CellRect) {
        grid.fill(rect)
        var place = rect.column + 1
        for (index, metric) in metrics.enumerated() {
            guard let last = curves.points(metric, in: 0...step).last else { continue }
            let name = rect.columns < 44 ? Wording.shortName(of: metric) : Wording.name(of: metric)
            place = grid.write("● ", row: rect.row, column: place, style: CellStyle(.series(index)))
            place = grid.write("\(name) ", row: rect.row, column: place, style: .dim, within: rect.columnRange)
            let style = CellStyle(.series(index), on: .background, .bold)
            let value = LineChart.short(Double(last.value))
            place = grid.write(value, row: rect.row, column: place, style: style, within: rect.columnRange) + 2
        }
        let at = "at \(step)"
        guard place + at.count <= rect.lastColumn else { return }
        grid.write(at, row: rect.row, column: place, style: .dim)
    }
}
