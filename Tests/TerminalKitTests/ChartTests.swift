import TerminalKit
import Testing

@Suite struct ChartTests {
    private func chart(_ values: [Double], capacity: Int = 4096, logarithmic: Bool = false) -> LineChart {
        var points = SeriesBuckets(capacity: capacity)
        for (index, value) in values.enumerated() { points.append(x: Double(index + 1), y: value) }
        let series = ChartSeries(name: "mel", role: .series1, points: points)
        return LineChart(series: [series], glyphs: .braille, isLogarithmic: logarithmic, emptyText: "nothing yet")
    }

    private func draw(_ chart: LineChart, columns: Int = 40, rows: Int = 12) -> CellGrid {
        var grid = CellGrid(size: TerminalSize(columns: columns, rows: rows))
        chart.draw(on: &grid, in: grid.bounds)
        return grid
    }

    /// The braille cells, by place.
    private func dots(_ grid: CellGrid) -> [CellPosition] {
        (0..<grid.size.rows).flatMap { row in
            (0..<grid.size.columns).filter { (0x2801...0x28FF).contains(grid[row, $0].scalar.value) }
                .map { CellPosition(row: row, column: $0) }
        }
    }

    @Test(arguments: [100, 4096, 100_000, 1_000_001])
    func aSingleSpikeIsSeenHoweverManyPointsThereAre(count: Int) {
        var values = [Double](repeating: 1, count: count)
        values[count / 3] = 9
        let chart = chart(values)
        #expect(chart.valueRange == 1...9)
        #expect(chart.series[0].points.buckets.count <= 4096)
        // The uppermost row of the plot, below the legend, has the spike.
        #expect(dots(draw(chart)).contains { $0.row == 1 })
    }

    @Test func bucketsKeepTheLastStepAndTheLastValue() {
        var points = SeriesBuckets(capacity: 8)
        for step in 1...1000 { points.append(x: Double(step), y: Double(step % 7)) }
        #expect(points.buckets.count <= 8)
        #expect(points.buckets.first?.firstX == 1)
        #expect(points.buckets.last?.lastX == 1000)
        #expect(points.latest == Double(1000 % 7))
        for (left, right) in zip(points.buckets, points.buckets.dropFirst()) { #expect(left.lastX + 1 == right.firstX) }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func whatIsNotFiniteIsAGapAndNeverTouchesTheAxes(bad: Double) {
        var values = [Double](repeating: 2, count: 30) + [Double](repeating: bad, count: 10)
        values += [Double](repeating: 3, count: 30)
        let broken = chart(values)
        #expect(broken.valueRange == 2...3)
        let columns = Set(dots(draw(broken)).map(\.column))
        let whole = Set(dots(draw(chart(values.map { $0.isFinite ? $0 : 2.5 }))).map(\.column))
        let gap = whole.subtracting(columns)
        // Ten of seventy points in some thirty-five columns: about four of them stay empty, in one piece.
        #expect((3...6).contains(gap.count))
        #expect((gap.max() ?? 0) - (gap.min() ?? 0) + 1 == gap.count)
    }

    @Test func onlyNotFiniteValuesDrawNoCurve() {
        let grid = draw(chart([.nan, .nan]))
        #expect(dots(grid).isEmpty)
        #expect(grid.text.contains("nothing yet"))
    }

    @Test func aConstantIsALevelLineInTheMiddle() {
        let grid = draw(chart([Double](repeating: 5, count: 50)))
        #expect(Set(dots(grid).map(\.row)).count == 1)
        #expect((4...7).contains(dots(grid)[0].row))
        #expect(grid.text.contains("5.0"))
        #expect(!dots(draw(chart([0, 0, 0]))).isEmpty)
    }

    @Test func onePointIsOneDotAndItsStep() {
        let grid = draw(chart([0.7]))
        #expect(dots(grid).count == 1)
        #expect(grid.text.contains("mel 0.700"))
        #expect(grid.text.split(separator: "\n").last?.trimmingPrefix { $0 == " " } == "1")
    }

    @Test func anEmptyChartSaysSo() {
        #expect(draw(chart([])).text.contains("nothing yet"))
    }

    @Test func severalCurvesKeepTheirColours() {
        var first = SeriesBuckets()
        var second = SeriesBuckets()
        for step in 1...40 {
            first.append(x: Double(step), y: 1)
            second.append(x: Double(step), y: 8)
        }
        let grid = draw(
            LineChart(
                series: [
                    ChartSeries(name: "mel", role: .series1, points: first),
                    ChartSeries(name: "val mel", role: .series2, points: second),
                ], glyphs: .braille))
        let roles = Dictionary(grouping: dots(grid)) { grid[$0.row, $0.column].style.foreground }
        #expect(Set(roles.keys) == [.series1, .series2])
        #expect((roles[.series2]?.map(\.row).max() ?? 99) < (roles[.series1]?.map(\.row).min() ?? 0))
    }

    @Test(arguments: ChartGlyphs.allCases)
    func everyKindOfGlyphShowsTheCurve(glyphs: ChartGlyphs) {
        var chart = chart((1...60).map { 5 / Double($0) })
        chart.glyphs = glyphs
        let grid = draw(chart)
        let curve = grid.cells.filter { $0.style.foreground == .series1 && $0.style.attributes.isEmpty }
        #expect(curve.count > 20)
        if glyphs == .ascii { #expect(curve.dropFirst().allSatisfy { $0.scalar.isASCII }) }
    }

    @Test func aLogarithmicAxisSpreadsSmallValuesAndNeedsPositiveOnes() {
        let values = (0..<60).map { i in i < 3 ? 1000.0 : 1 + Double(i % 2) }
        let linear = Set(dots(draw(chart(values))).filter { $0.column > 12 }.map(\.row))
        let logarithmic = Set(dots(draw(chart(values, logarithmic: true))).filter { $0.column > 12 }.map(\.row))
        #expect(linear.count == 1)
        #expect(logarithmic.count >= 1)
        #expect(!dots(draw(chart([-1, 0, 1], logarithmic: true))).isEmpty)
    }

    @Test func goingBackTakesAwayWhatCameAfter() {
        var points = SeriesBuckets()
        for step in 1...100 { points.append(x: Double(step), y: Double(step)) }
        points.removeAll(after: 40)
        points.append(x: 41, y: 7)
        #expect(points.buckets.count == 41)
        #expect(points.buckets.last?.range == 7...7)
    }

    @Test(arguments: [(0.0...1.0, ["0.0", "0.5", "1.0"]), (0...3000.0, ["0", "1000", "2000", "3000"])])
    func ticksAreRoundNumbers(range: ClosedRange<Double>, labels: [String]) {
        let ticks = AxisTicks(range: range, count: 3)
        #expect(ticks.values.map(ticks.label) == labels)
    }

    @Test func figuresAreShort() {
        #expect(
            [0.0, 0.6123, 1.234, 12.34, 123.4, 1_234_567].map(LineChart.short) == [
                "0.000", "0.612", "1.23", "12.3", "123", "1.2e6",
            ])
        #expect(LineChart.short(.nan) == "NaN")
        #expect(LineChart.short(0.00012) == "1.2e-4")
    }

    @Test func smallPlacesDrawNothingOutside() {
        for columns in 1...14 {
            for rows in 1...5 { _ = draw(chart([1, 2, 3]), columns: columns, rows: rows) }
        }
    }
}
