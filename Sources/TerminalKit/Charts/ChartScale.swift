#if canImport(Glibc)
    import Glibc
#endif

/// Where a value stands between the bottom (0) and the top (1) of a chart.
struct VerticalScale {
    let range: ClosedRange<Double>
    let isLogarithmic: Bool
    private let low: Double
    private let span: Double

    /// A logarithmic axis needs a positive range; without one it stays linear.
    init(range: ClosedRange<Double>, isLogarithmic: Bool) {
        self.range = range
        self.isLogarithmic = isLogarithmic && range.lowerBound > 0
        low = self.isLogarithmic ? log(range.lowerBound) : range.lowerBound
        span = (self.isLogarithmic ? log(range.upperBound) : range.upperBound) - low
    }

    func place(_ value: Double) -> Double {
        let place = ((isLogarithmic ? log(value) : value) - low) / span
        return place.isFinite ? min(1, max(0, place)) : 0
    }

    /// Labels with their places, for so many rows.
    func ticks(rows: Int) -> [(text: String, place: Double)] {
        let count = max(1, rows / 3)
        guard isLogarithmic else {
            let ticks = AxisTicks(range: range, count: count)
            return ticks.values.map { (ticks.label($0), place($0)) }
        }
        for factors in [[1.0, 2, 5], [1.0, 3], [1.0]] {
            let values = logarithmic(factors)
            if !values.isEmpty, values.count <= max(2, count + 1) { return values.map { (Self.label($0), place($0)) } }
        }
        let powers = logarithmic([1])
        if powers.count > 1 { return powers.map { (Self.label($0), place($0)) } }
        // Less than a power of ten: round numbers, which stand closer towards the top.
        let ticks = AxisTicks(range: range, count: count)
        return ticks.values.map { (ticks.label($0), place($0)) }
    }

    private func logarithmic(_ factors: [Double]) -> [Double] {
        var values: [Double] = []
        var power = pow(10, floor(log10(range.lowerBound)))
        while power <= range.upperBound, values.count < 1000 {
            for factor in factors where range.contains(power * factor) { values.append(power * factor) }
            power *= 10
        }
        return values.count > 1 ? values : []
    }

    /// "0.02", "5", "1000", "1e6": no digits that say nothing.
    private static func label(_ value: Double) -> String {
        value >= 1e-3 && value < 1e6
            ? AxisTicks.plain(value, decimals: max(0, Int(ceil(-log10(value) - 1e-9)))) : LineChart.short(value)
    }
}

/// Where a step stands across a chart, in dots or cells.
struct HorizontalScale {
    let window: ClosedRange<Double>

    /// The nearest of `count` places, which may lie outside.
    func place(_ x: Double, of count: Int) -> Int {
        let span = window.upperBound - window.lowerBound
        let place = (x - window.lowerBound) / span * Double(count - 1) + 0.5
        return Int(max(-1e9, min(1e9, place.rounded(.down))))
    }

    /// The step at one of `count` places.
    func value(at place: Int, of count: Int) -> Double {
        let span = window.upperBound - window.lowerBound
        return window.lowerBound + span * Double(place) / Double(max(1, count - 1))
    }
}
