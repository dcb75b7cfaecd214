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
    /// Drawn quietly behind the others, with its name at its end instead of in the legend.
    package var isGhost: Bool
    /// True for figures that are measured now and then: they are means already, and are never smoothed.
    package var isSparse: Bool

    package init(
        name: String, shortName: String? = nil, role: ColorRole, points: SeriesBuckets, isGhost: Bool = false,
        isSparse: Bool = false
    ) {
        self.name = name
        self.shortName = shortName ?? name
        self.role = role
        self.points = points
        self.isGhost = isGhost
        self.isSparse = isSparse
    }
}

/// A place on the step axis with a sign of its own.
package struct ChartMark: Sendable, Equatable {
    package var x: Double
    package var sign: Unicode.Scalar
    package var role: ColorRole

    package init(x: Double, sign: Unicode.Scalar, role: ColorRole) {
        (self.x, self.sign, self.role) = (x, sign, role)
    }
}

/// Curves over a common horizontal axis.
///
/// Every column of dots shows the lowest and highest value that falls into it, so no spike is lost by thinning. Values
/// that are not finite are gaps, and never touch the axes.
package struct LineChart: Sendable {
    package var series: [ChartSeries]
    package var glyphs: ChartGlyphs
    /// Where there are positive values; those that are not lie on the lower edge.
    package var isLogarithmic: Bool
    /// Shown instead of curves while there are none.
    package var emptyText: String
    /// The steps to show; nil for all.
    package var window: ClosedRange<Double>?
    /// Drawn before the curves, which then stand dim behind it.
    package var smoothing: MovingAverage?
    /// The step whose values the legend tells, with a line through it; nil tells the latest.
    package var crosshair: Double?
    package var marks: [ChartMark] = []

    package init(series: [ChartSeries], glyphs: ChartGlyphs, isLogarithmic: Bool = false, emptyText: String = "") {
        self.series = series
        self.glyphs = glyphs
        self.isLogarithmic = isLogarithmic
        self.emptyText = emptyText
    }

    /// Lowest and highest finite value that is shown, with room around a constant; nil when there is none.
    package var valueRange: ClosedRange<Double>? {
        guard let window = stepRange else { return nil }
        var low = Double.infinity
        var high = -Double.infinity
        var lowestPositive = Double.infinity
        for curve in series {
            for bucket in curve.points.visible(in: window)
            where bucket.lastX >= window.lowerBound && bucket.firstX <= window.upperBound {
                guard let range = bucket.range else { continue }
                low = min(low, range.lowerBound)
                high = max(high, range.upperBound)
                if range.lowerBound > 0 {
                    lowestPositive = min(lowestPositive, range.lowerBound)
                } else if range.upperBound > 0 {
                    lowestPositive = min(lowestPositive, range.upperBound)
                }
            }
        }
        guard low <= high else { return nil }
        if isLogarithmic, low <= 0, lowestPositive < high { low = lowestPositive }
        if low == high {
            let margin = max(abs(low) * 0.1, 1e-6)
            low -= margin
            high += margin
        }
        return low...high
    }

    /// The steps that are shown: the window, or from the first to the last; one point gets room on both sides.
    package var stepRange: ClosedRange<Double>? {
        let own = series.filter { !$0.isGhost }
        guard let first = own.compactMap({ $0.points.buckets.first?.firstX }).min(),
            let last = own.compactMap({ $0.points.buckets.last?.lastX }).max()
        else { return nil }
        let range = window ?? first...last
        return range.lowerBound == range.upperBound ? range.lowerBound - 0.5...range.upperBound + 0.5 : range
    }

    /// Draws the legend on the first row, the curves, and the axes to their left and below. Returns where the curves are:
    /// its first column shows the window's first step, its last the last.
    @discardableResult
    package func draw(on grid: inout CellGrid, in rect: CellRect) -> CellRect? {
        guard rect.rows >= 3, rect.columns >= 12 else { return nil }
        let (legendRect, body) = rect.splitTop(1)
        guard let values = valueRange, let steps = stepRange else {
            let text = CharacterWidth.shortened(emptyText, columns: rect.columns - 2)
            grid.write(
                text, row: rect.row + rect.rows / 2,
                column: rect.column + max(1, (rect.columns - CharacterWidth.columns(of: text)) / 2), style: .dim,
                within: rect.columnRange)
            return nil
        }
        let averages = smoothing.map { average in
            series.map { $0.isGhost || $0.isSparse ? nil : average.smoothed($0.points) }
        }
        drawLegend(averages ?? series.map { _ in nil }, on: &grid, in: legendRect)
        let scale = VerticalScale(range: values, isLogarithmic: isLogarithmic)
        // A line under the curves where there is room for one.
        let hasRule = body.rows >= 5
        let plotRows = body.rows - (hasRule ? 2 : 1)
        let labels = scale.ticks(rows: plotRows)
        let margin = min(rect.columns / 3, (labels.map { $0.text.count }.max() ?? 1) + 1)
        let plot = CellRect(
            row: body.row, column: body.column + margin + 1, rows: plotRows, columns: body.columns - margin - 2)
        guard !plot.isEmpty else { return nil }
        drawValueAxis(labels, on: &grid, plot: plot, left: body.column)
        let across = HorizontalScale(window: steps)
        drawStepAxis(on: &grid, row: plot.row + plot.rows, plot: plot, scale: across, hasRule: hasRule)
        var raster = DotRaster(rows: plot.rows, columns: plot.columns, glyphs: glyphs)
        let tracer = CurveTracer(across: across, scale: scale)
        // The first curve is the one the pane is named after: it is drawn last, on top.
        for (index, curve) in series.enumerated().reversed() {
            let average = averages?[index]
            raster.layer = curve.isGhost ? 0 : average == nil ? 2 : 1
            raster.style = CellStyle(
                curve.role, on: .background, average != nil || curve.isGhost ? .dim : [])
            tracer.trace(curve.points, on: &raster)
        }
        for (index, curve) in series.enumerated().reversed() {
            guard let average = averages?[index] else { continue }
            raster.layer = 2
            raster.style = CellStyle(curve.role)
            tracer.trace(average, on: &raster)
        }
        raster.draw(on: &grid, row: plot.row, column: plot.column)
        nameEnds(on: &grid, plot: plot, across: across, scale: scale, raster)
        drawCrosshair(on: &grid, plot: plot, scale: across, raster, hasRule: hasRule)
        return plot
    }

    /// Three or four digits of a figure.
    package static func short(_ value: Double) -> String {
        let size = abs(value)
        guard value.isFinite else { return AxisTicks.plain(value, decimals: 0) }
        if size >= 1e6 || (size > 0 && size < 1e-3) { return AxisTicks.text(value, step: size) }
        return AxisTicks.plain(value, decimals: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
    }
}
