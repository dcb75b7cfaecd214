#if canImport(Glibc)
    import Glibc
#endif

/// A named curve of a chart.
package struct ChartSeries: Sendable {
    package var name: String
    /// What the legend says when there is no room for all names.
    package var shortName: String
    package var role: ColorRole
    package var points: SeriesBuckets

    package init(name: String, shortName: String? = nil, role: ColorRole, points: SeriesBuckets) {
        self.name = name
        self.shortName = shortName ?? name
        self.role = role
        self.points = points
    }
}

/// Curves over a common horizontal axis.
///
/// Every column of dots shows the lowest and highest value that falls into it, so no spike is lost by thinning. Values
/// that are not finite are gaps, and never touch the axes.
package struct LineChart: Sendable {
    package var series: [ChartSeries]
    package var glyphs: ChartGlyphs
    package var isLogarithmic: Bool
    /// Shown instead of curves while there are none.
    package var emptyText: String

    package init(series: [ChartSeries], glyphs: ChartGlyphs, isLogarithmic: Bool = false, emptyText: String = "") {
        self.series = series
        self.glyphs = glyphs
        self.isLogarithmic = isLogarithmic
        self.emptyText = emptyText
    }

    /// Lowest and highest finite value of all curves, with room around a constant; nil when there is none.
    package var valueRange: ClosedRange<Double>? {
        var low = Double.infinity
        var high = -Double.infinity
        for curve in series {
            for case let range? in curve.points.buckets.lazy.map(\.range) {
                low = min(low, range.lowerBound)
                high = max(high, range.upperBound)
            }
        }
        guard low <= high else { return nil }
        if low == high {
            let margin = max(abs(low) * 0.1, 1e-6)
            low -= margin
            high += margin
        }
        return low...high
    }

    /// The steps from the first to the last; one point gets room on both sides.
    package var stepRange: ClosedRange<Double>? {
        guard let first = series.compactMap({ $0.points.buckets.first?.firstX }).min(),
            let last = series.compactMap({ $0.points.buckets.last?.lastX }).max()
        else { return nil }
        return first == last ? first - 0.5...last + 0.5 : first...last
    }

    /// Draws the legend on the first row, the curves, and the axes to their left and below.
    package func draw(on grid: inout CellGrid, in rect: CellRect) {
        guard rect.rows >= 3, rect.columns >= 12 else { return }
        let (legendRect, body) = rect.splitTop(1)
        guard let values = valueRange, let steps = stepRange else {
            grid.write(
                emptyText, row: rect.row + rect.rows / 2, column: rect.column + 1, style: .dim,
                within: rect.columnRange)
            return
        }
        drawLegend(on: &grid, in: legendRect)
        let scale = VerticalScale(range: values, isLogarithmic: isLogarithmic)
        let plotRows = body.rows - 1
        let ticks = AxisTicks(range: values, count: max(1, plotRows / 2))
        let labels = scale.ticks(linear: ticks, rows: plotRows)
        let margin = min(rect.columns / 3, (labels.map { $0.text.count }.max() ?? 1) + 1)
        let plot = CellRect(
            row: body.row, column: body.column + margin + 1, rows: plotRows, columns: body.columns - margin - 1)
        guard !plot.isEmpty else { return }
        for row in plot.rowRange { grid.put("│", row: row, column: plot.column - 1, style: .dim) }
        var usedRows = Set<Int>()
        for label in labels {
            let row = plot.row + min(plotRows - 1, max(0, Int((1 - label.place) * Double(plotRows - 1) + 0.5)))
            guard usedRows.insert(row).inserted else { continue }
            let text = CharacterWidth.padded(label.text, columns: margin - 1, toRight: true)
            grid.write(text, row: row, column: body.column, style: .dim, within: rect.columnRange)
        }
        drawStepAxis(on: &grid, row: plot.row + plot.rows, plot: plot, steps: steps)
        var raster = DotRaster(rows: plot.rows, columns: plot.columns, glyphs: glyphs)
        // The first curve is the one the pane is named after: it is drawn last, on top.
        for curve in series.reversed() { trace(curve, steps: steps, scale: scale, on: &raster) }
        raster.draw(on: &grid, row: plot.row, column: plot.column)
    }

    private func drawLegend(on grid: inout CellGrid, in rect: CellRect) {
        let values = series.map { curve in curve.points.latest.map { Self.short($0) } ?? "-" }
        func width(_ name: String, _ value: String) -> Int { CharacterWidth.columns(of: name) + 3 + value.count }
        let whole = zip(series, values).reduce(-2) { $0 + width($1.0.name, $1.1) + 2 }
        var place = rect.column + 1
        for (curve, value) in zip(series, values) {
            let name = whole < rect.columns ? curve.name : curve.shortName
            guard place + width(name, value) <= rect.lastColumn + 1 else { break }
            place = grid.write("● ", row: rect.row, column: place, style: CellStyle(curve.role))
            place = grid.write(name + " ", row: rect.row, column: place, style: .dim)
            place = grid.write(
                value, row: rect.row, column: place, style: CellStyle(curve.role, on: .background, .bold))
            place += 2
        }
    }

    private func drawStepAxis(on grid: inout CellGrid, row: Int, plot: CellRect, steps: ClosedRange<Double>) {
        let ticks = AxisTicks(range: steps, count: max(1, plot.columns / 9))
        let span = steps.upperBound - steps.lowerBound
        var free = plot.column
        for value in ticks.values where value == value.rounded() {
            let text = AxisTicks.plain(value, decimals: 0)
            let place = plot.column + Int((value - steps.lowerBound) / span * Double(plot.columns - 1) + 0.5)
            let start = min(max(plot.column, place - text.count / 2), plot.lastColumn + 1 - text.count)
            guard start >= free else { continue }
            free = grid.write(text, row: row, column: start, style: .dim, within: plot.columnRange) + 2
        }
    }

    private func trace(
        _ curve: ChartSeries, steps: ClosedRange<Double>, scale: VerticalScale, on raster: inout DotRaster
    ) {
        let span = steps.upperBound - steps.lowerBound
        func across(_ x: Double) -> Int {
            Int((x - steps.lowerBound) / span * Double(raster.width - 1) + 0.5)
        }
        func down(_ y: Double) -> Int {
            Int((1 - scale.place(y)) * Double(raster.height - 1) + 0.5)
        }
        var previous: (x: Int, y: Int)?
        for bucket in curve.points.buckets {
            guard let range = bucket.range else {
                previous = nil
                continue
            }
            let x = across(bucket.firstX)
            let end = across(bucket.lastX)
            let (entry, exit) = (down(bucket.entry), down(bucket.exit))
            if let previous, !bucket.gapBefore { connect(previous, (x, entry), role: curve.role, on: &raster) }
            raster.setColumn(x: x, from: down(range.lowerBound), to: down(range.upperBound), role: curve.role)
            if end > x { connect((x, entry), (end, exit), role: curve.role, on: &raster) }
            previous = bucket.gapAfter ? nil : (end, exit)
        }
    }

    /// A line between two dots: in each column the dots from one column's height to the next.
    private func connect(
        _ start: (x: Int, y: Int), _ end: (x: Int, y: Int), role: ColorRole, on raster: inout DotRaster
    ) {
        guard end.x > start.x else {
            raster.setColumn(x: start.x, from: start.y, to: end.y, role: role)
            return
        }
        let slope = Double(end.y - start.y) / Double(end.x - start.x)
        var y = start.y
        for x in start.x + 1...end.x {
            let next = x == end.x ? end.y : Int(Double(start.y) + slope * Double(x - start.x) + 0.5)
            let first = next > y ? y + 1 : next < y ? y - 1 : y
            raster.setColumn(x: x, from: first, to: next, role: role)
            y = next
        }
    }

    /// Three or four digits of a figure.
    package static func short(_ value: Double) -> String {
        let size = abs(value)
        guard value.isFinite else { return AxisTicks.plain(value, decimals: 0) }
        if size >= 1e6 || (size > 0 && size < 1e-3) { return AxisTicks.text(value, step: size) }
        return AxisTicks.plain(value, decimals: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
    }
}

/// Where a value stands between the bottom (0) and the top (1) of a chart.
struct VerticalScale {
    let range: ClosedRange<Double>
    /// A logarithmic axis needs positive values; without them it stays linear.
    let isLogarithmic: Bool

    init(range: ClosedRange<Double>, isLogarithmic: Bool) {
        self.range = range
        self.isLogarithmic = isLogarithmic && range.lowerBound > 0
    }

    func place(_ value: Double) -> Double {
        let (low, high) = (range.lowerBound, range.upperBound)
        let place =
            isLogarithmic ? (log(value) - log(low)) / (log(high) - log(low)) : (value - low) / (high - low)
        return place.isFinite ? min(1, max(0, place)) : 0
    }

    func ticks(linear: AxisTicks, rows: Int) -> [(text: String, place: Double)] {
        guard isLogarithmic else { return linear.values.map { (linear.label($0), place($0)) } }
        var values: [Double] = []
        var power = pow(10, floor(log10(range.lowerBound)))
        while power <= range.upperBound {
            for factor in [1.0, 2, 5] where range.contains(power * factor) { values.append(power * factor) }
            power *= 10
        }
        if values.isEmpty { values = [range.lowerBound, range.upperBound] }
        return values.map { (LineChart.short($0), place($0)) }
    }
}
