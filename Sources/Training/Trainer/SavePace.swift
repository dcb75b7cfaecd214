/// How often to save: as seldom as the cost asks for, as often as the work at risk does.
///
/// CheckFreq (Mohan et al. 2021) sets the interval by the measured cost likewise.
package struct SavePace: Sendable, Equatable {
    /// Share of the wall time that saving may take, 0 ... 1.
    package var budget: Double
    /// Bounds of the interval in seconds: below the first the disk would only be worn, above the second too much work
    /// would be at risk, which comes before the cost.
    package var shortest: Double
    package var longest: Double
    /// Seconds that training lost by each of the last saves.
    private var costs: [Double] = []

    package init(budget: Double, shortest: Double, longest: Double) {
        self.budget = budget
        self.shortest = min(shortest, longest)
        self.longest = longest
    }

    /// Takes another budget and another upper bound; what was measured stays.
    package mutating func change(budget: Double, longest: Double) {
        self.budget = budget
        shortest = min(60, longest)
        self.longest = longest
    }

    /// Notes a save: training stood still for `stall` seconds, and then the writer took `work` seconds of processor time
    /// from its `threads` threads.
    package mutating func note(stall: Double, work: Double, threads: Int) {
        costs = costs.suffix(4) + [stall + work / Double(max(1, threads))]
    }

    /// What a save costs, the median of the last ones in seconds; nil before the first.
    package var cost: Double? { costs.isEmpty ? nil : costs.sorted()[costs.count / 2] }

    /// Seconds from one save to the next.
    package var interval: Double {
        guard let cost else { return longest }
        return min(longest, max(shortest, cost / max(budget, 1e-6)))
    }

    /// The share of the wall time that saving takes at this pace; nil before the first save.
    package var share: Double? { cost.map { $0 / (interval + $0) } }
}
