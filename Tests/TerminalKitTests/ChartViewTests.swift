import TerminalKit
import Testing

/// Windows, averages and joined points: what a chart shows of a curve that is longer than it is wide.
@Suite struct ChartViewTests {
    private func curve(_ values: [Double], capacity: Int = 2048) -> SeriesBuckets {
        var points = SeriesBuckets(capacity: capacity)
        for (index, value) in values.enumerated() { points.append(x: Double(index + 1), y: value) }
        return points
    }

    @Test func anAverageBeginsAtTheFirstValueAndForgets() throws {
        let flat = MovingAverage(points: 10).smoothed(curve([Double](repeating: 3, count: 50)))
        #expect(flat.buckets.allSatisfy { abs($0.exit - 3) < 1e-5 })
        let step = MovingAverage(points: 10).smoothed(curve((0..<200).map { $0 < 100 ? 0 : 1 }))
        let tenLater = try #require(step.bucket(at: 110))
        // After ten of a hundred and ten points: 1 − 0.9^10 of the new value.
        #expect(abs(tenLater.exit - 0.6513) < 1e-3)
    }

    @Test func joinedPointsAreSmoothedAsTheyWouldBeOneByOne() throws {
        let values = (0..<4000).map { Double($0) / 1000 }
        let whole = MovingAverage(points: 200).smoothed(curve(values))
        let joined = MovingAverage(points: 200).smoothed(curve(values, capacity: 500))
        let (one, other) = (try #require(whole.latest), try #require(joined.latest))
        #expect(abs(one - other) < 0.02)
    }

    @Test func aGapStaysAGapAndDoesNotPullTheAverage() {
        let smoothed = MovingAverage(points: 4).smoothed(curve([1, 1, .nan, 1, 1]))
        #expect(smoothed.buckets.map { $0.range != nil } == [true, true, false, true, true])
        #expect(smoothed.buckets.last?.exit == 1)
    }

    @Test func aWindowHasItsOwnRangeAndShowsItsSpikes() {
        var values = [Double](repeating: 1, count: 1000)
        values[500] = 9
        values[10] = 100
        var chart = LineChart(
            series: [ChartSeries(name: "mel", role: .series1, points: curve(values, capacity: 64))], glyphs: .braille)
        #expect(chart.valueRange == 1...100)
        chart.window = 400...600
        #expect(chart.valueRange == 1...9)
        chart.window = 700...800
        #expect((chart.valueRange?.upperBound ?? 9) < 2)
    }

    @Test func aLogarithmicAxisLeavesOutWhatIsNotPositive() {
        var chart = LineChart(
            series: [ChartSeries(name: "kl", role: .series1, points: curve([-1, 0, 0.01, 100]))], glyphs: .braille)
        #expect(chart.valueRange == -1...100)
        chart.isLogarithmic = true
        #expect((chart.valueRange?.lowerBound ?? 0) > 0.009)
    }

    @Test func aCloserLookTakesThePlaceOfWhatItIsOf() {
        let coarse = curve((0..<10_000).map { _ in 1 }, capacity: 16)
        var detail = SeriesBuckets()
        for x in 4000...4100 { detail.append(x: Double(x), y: 2) }
        let both = coarse.replacing(detail)
        let seen = both.visible(in: 4000...4100)
        #expect(seen.count { $0.lastX == $0.firstX } == 101)
        for (left, right) in zip(both.buckets, both.buckets.dropFirst()) { #expect(left.lastX < right.firstX) }
    }

    @Test func bucketsStayBoundedWhateverTheyAreFedWith() {
        var points = SeriesBuckets(capacity: 32)
        for step in 0..<50_000 {
            // Joined points first, single ones later, as after a start with a long journal.
            if step < 500 {
                points.append(
                    SeriesBucket(
                        firstX: Double(step * 100), lastX: Double(step * 100 + 99), count: 100, finiteCount: 100,
                        low: 0,
                        high: step == 77 ? 50 : 1, entry: 0, exit: 1, mean: 0.5, gapBefore: false, gapAfter: false))
            } else {
                points.append(x: Double(50_000 + step), y: 0.5)
            }
            #expect(points.buckets.count <= 32)
        }
        #expect(points.buckets.compactMap { $0.range?.upperBound }.max() == 50)
        #expect(points.buckets.map { Int($0.count) }.reduce(0, +) == 99_500)
    }

    @Test func aGhostIsNamedAtItsEndAndNotInTheLegend() {
        var grid = CellGrid(size: TerminalSize(columns: 60, rows: 14))
        let chart = LineChart(
            series: [
                ChartSeries(name: "mel", role: .series1, points: curve([Double](repeating: 1, count: 100))),
                ChartSeries(name: "b2", role: .dim, points: curve((0..<50).map { Double($0) }), isGhost: true),
            ], glyphs: .braille)
        chart.draw(on: &grid, in: grid.bounds)
        let lines = grid.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(!lines[0].contains("b2"))
        #expect(lines.dropFirst().contains { $0.contains("b2") })
    }
}
