// What stands around a chart's curves.
extension LineChart {
    /// Names with the latest values, or those at the crosshair. With smoothing the average comes first, in bold.
    func drawLegend(_ averages: [SeriesBuckets?], on grid: inout CellGrid, in rect: CellRect) {
        struct Entry {
            var curve: ChartSeries
            var value: String
            var raw: String
        }
        let entries = zip(series, averages).filter { !$0.0.isGhost }.map { curve, average in
            let value = value(of: curve.points)
            return Entry(curve: curve, value: average.map(self.value(of:)) ?? value, raw: average == nil ? "" : value)
        }
        func width(_ name: String, _ entry: Entry, withRaw: Bool) -> Int {
            CharacterWidth.columns(of: name) + 3 + entry.value.count
                + (withRaw && !entry.raw.isEmpty ? entry.raw.count + 3 : 0)
        }
        var place = rect.column + 1
        if let crosshair {
            let text = "step \(AxisTicks.plain(crosshair.rounded(), decimals: 0))"
            place = grid.write(text, row: rect.row, column: place, style: .accent, within: rect.columnRange) + 2
        }
        let room = rect.lastColumn + 1 - place
        func whole(_ name: (Entry) -> String, withRaw: Bool) -> Int {
            entries.reduce(-2) { $0 + width(name($1), $1, withRaw: withRaw) + 2 }
        }
        // Raw values go first, then the long names, then whole entries.
        let isLong = whole({ $0.curve.name }, withRaw: false) <= room
        let withRaw = whole({ isLong ? $0.curve.name : $0.curve.shortName }, withRaw: true) <= room
        for entry in entries {
            let name = isLong ? entry.curve.name : entry.curve.shortName
            guard place + width(name, entry, withRaw: withRaw) <= rect.lastColumn + 1 else { break }
            place = grid.write("● ", row: rect.row, column: place, style: CellStyle(entry.curve.role))
            place = grid.write(name + " ", row: rect.row, column: place, style: .dim)
            place = grid.write(
                entry.value, row: rect.row, column: place, style: CellStyle(entry.curve.role, on: .background, .bold))
            if withRaw, !entry.raw.isEmpty {
                place = grid.write(" (\(entry.raw))", row: rect.row, column: place, style: .dim)
            }
            place += 2
        }
    }

    /// The latest value, or the one at the crosshair; of joined points the lowest and the highest.
    private func value(of curve: SeriesBuckets) -> String {
        guard let crosshair else { return curve.latest.map(Self.short) ?? "-" }
        guard let bucket = curve.bucket(at: crosshair) else { return "-" }
        guard let range = bucket.range else { return "NaN" }
        let (low, high) = (Self.short(range.lowerBound), Self.short(range.upperBound))
        return low == high ? low : "\(low)–\(high)"
    }

    func drawValueAxis(_ labels: [(text: String, place: Double)], on grid: inout CellGrid, plot: CellRect, left: Int) {
        for row in plot.rowRange { grid.put("│", row: row, column: plot.column - 1, style: .dim) }
        var lastRow = Int.max
        for label in labels.sorted(by: { $0.place < $1.place }) {
            let row = plot.row + min(plot.rows - 1, max(0, Int((1 - label.place) * Double(plot.rows - 1) + 0.5)))
            // Labels in neighbouring rows would be read as one.
            guard row < lastRow, row < lastRow - 1 || plot.rows < 5 else { continue }
            lastRow = row
            let text = CharacterWidth.padded(label.text, columns: plot.column - 2 - left, toRight: true)
            grid.write(text, row: row, column: left, style: .dim)
            grid.put("┤", row: row, column: plot.column - 1, style: .dim)
        }
    }

    /// Step numbers, under a line with the marks where there is room for one, else between them.
    func drawStepAxis(on grid: inout CellGrid, row: Int, plot: CellRect, scale: HorizontalScale, hasRule: Bool) {
        let labelRow = hasRule ? row + 1 : row
        if hasRule {
            let line = "└" + String(repeating: "─", count: plot.columns)
            grid.write(line, row: row, column: plot.column - 1, style: .dim)
        }
        let ticks = AxisTicks(range: scale.window, count: max(1, plot.columns / 10))
        var free = plot.column
        for value in ticks.values where value == value.rounded() {
            let text = AxisTicks.plain(value, decimals: 0)
            let place = plot.column + scale.place(value, of: plot.columns)
            let start = min(max(plot.column, place - text.count / 2), plot.lastColumn + 1 - text.count)
            guard start >= free else { continue }
            free = grid.write(text, row: labelRow, column: start, style: .dim, within: plot.columnRange) + 2
            if hasRule { grid.write("┬", row: row, column: place, style: .dim, within: plot.columnRange) }
        }
        for mark in marks where scale.window.contains(mark.x) {
            let column = plot.column + scale.place(mark.x, of: plot.columns)
            if hasRule || grid[row, column].scalar == " " {
                grid.put(mark.sign, row: row, column: column, style: CellStyle(mark.role))
            }
        }
    }

    /// Names at the ends of curves, where nothing else is: of ghosts, which are not in the legend, and of several curves
    /// in one chart, which colours alone would tell apart.
    func nameEnds(
        on grid: inout CellGrid, plot: CellRect, across: HorizontalScale, scale: VerticalScale, _ raster: DotRaster
    ) {
        let namesAll = series.count { !$0.isGhost && !$0.points.buckets.isEmpty } > 1 && plot.columns >= 24
        var taken: [CellRect] = []
        // Ghosts choose first: their names stand nowhere else.
        let named = series.filter(\.isGhost) + (namesAll ? series.filter { !$0.isGhost } : [])
        for curve in named {
            guard
                let end = curve.points.visible(in: across.window).last(where: { $0.firstX <= across.window.upperBound }
                ),
                end.range != nil, end.lastX >= across.window.lowerBound
            else { continue }
            let row = min(plot.rows - 1, Int((1 - scale.place(end.exit)) * Double(plot.rows - 1) + 0.5))
            let name = CharacterWidth.shortened(curve.isGhost ? curve.name : curve.shortName, columns: 12)
            let wide = CharacterWidth.columns(of: name)
            let column = max(0, min(across.place(end.lastX, of: plot.columns) + 1, plot.columns - wide))
            // Over the end, under it, or on it: the first of them that is free; a curve's own name may stand farther off.
            let offsets = curve.isGhost ? [0, -1, 1] : [-1, 1, -2, 2, -3, 3]
            let isFree = { (row: Int) in
                (column..<min(plot.columns, column + wide)).allSatisfy { raster.isEmpty(row: row, column: $0) }
                    && !taken.contains { $0.row == row && $0.columnRange.overlaps(column..<column + wide) }
            }
            guard let free = offsets.map({ row + $0 }).first(where: { (0..<plot.rows).contains($0) && isFree($0) })
            else { continue }
            taken.append(CellRect(row: free, column: column, rows: 1, columns: wide))
            grid.write(
                name, row: plot.row + free, column: plot.column + column,
                style: curve.isGhost ? .dim : CellStyle(curve.role), within: plot.columnRange)
        }
    }

    func drawCrosshair(
        on grid: inout CellGrid, plot: CellRect, scale: HorizontalScale, _ raster: DotRaster, hasRule: Bool
    ) {
        guard let crosshair, scale.window.contains(crosshair) else { return }
        let place = scale.place(crosshair, of: plot.columns)
        guard (0..<plot.columns).contains(place) else { return }
        for row in 0..<plot.rows where raster.isEmpty(row: row, column: place) {
            grid.put("┊", row: plot.row + row, column: plot.column + place, style: .accent)
        }
        if hasRule { grid.put("┴", row: plot.row + plot.rows, column: plot.column + place, style: .accent) }
    }
}

/// Puts curves on a raster: in every column of dots the lowest and the highest value, and lines between the columns.
struct CurveTracer {
    let across: HorizontalScale
    let scale: VerticalScale

    func trace(_ curve: SeriesBuckets, on raster: inout DotRaster) {
        let (width, height) = (raster.width, raster.height)
        func down(_ y: Double) -> Int { Int((1 - scale.place(y)) * Double(height - 1) + 0.5) }
        var previous: (x: Int, y: Int)?
        for bucket in curve.visible(in: across.window) {
            guard let range = bucket.range else {
                previous = nil
                continue
            }
            let x = across.place(bucket.firstX, of: width)
            let end = across.place(bucket.lastX, of: width)
            let (entry, exit) = (down(bucket.entry), down(bucket.exit))
            if let previous, !bucket.gapBefore { connect(previous, (x, entry), on: &raster) }
            let (top, bottom) = (down(range.upperBound), down(range.lowerBound))
            // Where in a wide bucket its peaks are is not known: they stand in its middle.
            raster.setColumn(x: end > x + 1 ? (x + end) / 2 : x, from: bottom, to: top)
            if end > x { connect((x, entry), (end, exit), on: &raster) }
            previous = bucket.gapAfter ? nil : (end, exit)
        }
    }

    /// A line between two dots: in each column the dots from one column's height to the next.
    private func connect(_ start: (x: Int, y: Int), _ end: (x: Int, y: Int), on raster: inout DotRaster) {
        guard end.x > start.x else {
            raster.setColumn(x: start.x, from: start.y, to: end.y)
            return
        }
        let (first, last) = (max(start.x + 1, 0), min(end.x, raster.width - 1))
        guard first <= last else { return }
        let slope = Double(end.y - start.y) / Double(end.x - start.x)
        func height(_ x: Int) -> Int { x == end.x ? end.y : Int(Double(start.y) + slope * Double(x - start.x) + 0.5) }
        var y = first - 1 > start.x ? height(first - 1) : start.y
        for x in first...last {
            let next = height(x)
            raster.setColumn(x: x, from: next > y ? y + 1 : next < y ? y - 1 : y, to: next)
            y = next
        }
    }
}
