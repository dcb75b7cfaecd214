#if canImport(Glibc)
    import Glibc
#endif

/// The labelled values of an axis: 1, 2 or 5 times a power of ten apart.
package struct AxisTicks: Sendable, Equatable {
    package let values: [Double]
    package let step: Double

    /// Ticks inside `range`, about `count` of them.
    package init(range: ClosedRange<Double>, count: Int) {
        let span = range.upperBound - range.lowerBound
        guard span > 0, span.isFinite, count > 0 else {
            values = [range.lowerBound]
            step = 0
            return
        }
        let rough = span / Double(count)
        let power = pow(10, floor(log10(rough)))
        let factor = rough / power
        let step = power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10)
        self.step = step
        let first = (range.lowerBound / step).rounded(.up)
        let last = (range.upperBound / step + 1e-9).rounded(.down)
        guard last >= first, last - first < 1000 else {
            values = [range.lowerBound]
            return
        }
        values = (0...Int(last - first)).map { (first + Double($0)) * step }
    }

    /// A label with as many decimals as tell this axis's ticks apart.
    package func label(_ value: Double) -> String {
        Self.text(value, step: step)
    }

    static func text(_ value: Double, step: Double) -> String {
        let size = max(abs(value), step)
        if size >= 1e6 || (size < 1e-3 && size > 0) {
            let power = size > 0 ? floor(log10(size)) : 0
            let mantissa = value / pow(10, power)
            return "\(plain(mantissa, decimals: 1))e\(Int(power))"
        }
        let decimals = step > 0 ? max(0, Int(-floor(log10(step) + 1e-9))) : 2
        return plain(value, decimals: decimals)
    }

    /// A number with a fixed number of decimals and a point, whatever the locale.
    package static func plain(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "∞" : "-∞" }
        let scale = pow(10, Double(decimals))
        let rounded = (abs(value) * scale).rounded()
        guard rounded < 1e15 else { return String(value) }
        let whole = Int(rounded / scale)
        let fraction = Int(rounded) - whole * Int(scale)
        let sign = value < 0 && rounded > 0 ? "-" : ""
        if decimals == 0 { return sign + String(whole) }
        let digits = String(fraction)
        return sign + String(whole) + "." + String(repeating: "0", count: max(0, decimals - digits.count)) + digits
    }
}
