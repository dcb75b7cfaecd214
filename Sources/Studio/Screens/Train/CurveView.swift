/// Which steps the charts show.
package enum CurveView: Sendable, Equatable {
    case full
    /// The last so many steps, following the present.
    case recent(Double)
    /// From a step to the present.
    case from(Double)
    case range(ClosedRange<Double>)

    /// The fewest steps a chart is stretched over.
    static let shortest = 8.0

    /// True when the present stays at the right edge.
    package var follows: Bool {
        if case .range = self { false } else { true }
    }

    /// The steps to show of those there are.
    package func window(of steps: ClosedRange<Int>) -> ClosedRange<Double> {
        let (first, last) = (Double(steps.lowerBound), Double(steps.upperBound))
        switch self {
        case .full: return first...last
        case .recent(let count): return max(first, last - count + 1)...last
        case .from(let start): return max(first, min(start, last))...last
        case .range(let range): return range
        }
    }

    /// The same with `factor` times as many steps, where `anchor` keeps its place; the present stays where it is followed
    /// and is the anchor.
    package func zoomed(by factor: Double, at anchor: Double, of steps: ClosedRange<Int>) -> CurveView {
        let window = window(of: steps)
        let (first, last) = (Double(steps.lowerBound), Double(steps.upperBound))
        let span = window.upperBound - window.lowerBound
        let wanted = max(Self.shortest, span * factor)
        if wanted >= last - first { return .full }
        if follows, anchor >= last { return .recent(wanted + 1) }
        let share = span > 0 ? (anchor - window.lowerBound) / span : 0.5
        return Self.inside(anchor - share * wanted, span: wanted, of: steps)
    }

    /// Moved by a share of what is shown, to the left when negative.
    package func moved(by share: Double, of steps: ClosedRange<Int>) -> CurveView {
        let window = window(of: steps)
        let span = window.upperBound - window.lowerBound
        let wanted = max(Self.shortest, span)
        // Someone who follows the present and goes to the right stays there.
        if wanted >= Double(steps.upperBound - steps.lowerBound) || (follows && share > 0) { return self }
        return Self.inside(window.lowerBound + share * span, span: wanted, of: steps)
    }

    private static func inside(_ start: Double, span: Double, of steps: ClosedRange<Int>) -> CurveView {
        let (first, last) = (Double(steps.lowerBound), Double(steps.upperBound))
        let low = max(first, min(start, last - span))
        return .range(low...low + span)
    }

    /// In a few words, for a chart's border; empty for all.
    package var text: String {
        switch self {
        case .full: ""
        case .recent(let count): "last \(Int(count.rounded()))"
        case .from(let start): "from \(Int(start.rounded()))"
        case .range(let range): "\(Int(range.lowerBound.rounded()))–\(Int(range.upperBound.rounded()))"
        }
    }
}
