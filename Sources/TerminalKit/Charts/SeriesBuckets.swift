/// Some neighbouring points of a curve: their lowest and highest value, and their mean.
package struct SeriesBucket: Sendable, Equatable {
    package var firstX: Double
    package var lastX: Double
    private var low: Float
    private var high: Float
    private var first: Float
    private var last: Float
    /// Mean of the finite values.
    package private(set) var mean: Float
    /// Points in it, and those of them that are finite.
    package private(set) var count: Int32
    package private(set) var finiteCount: Int32
    /// True when a value that is not finite stands before the first or after the last finite one.
    package private(set) var gapBefore: Bool
    package private(set) var gapAfter: Bool

    package init(x: Double, y: Double) {
        self.init(
            firstX: x, lastX: x, count: 1, finiteCount: y.isFinite ? 1 : 0, low: Float(y), high: Float(y),
            entry: Float(y), exit: Float(y), mean: Float(y), gapBefore: !y.isFinite, gapAfter: !y.isFinite)
    }

    /// Points that were joined elsewhere.
    package init(
        firstX: Double, lastX: Double, count: Int32, finiteCount: Int32, low: Float, high: Float, entry: Float,
        exit: Float, mean: Float, gapBefore: Bool, gapAfter: Bool
    ) {
        (self.firstX, self.lastX, self.count, self.finiteCount) = (firstX, lastX, count, finiteCount)
        (self.low, self.high, first, last, self.mean) = (low, high, entry, exit, mean)
        (self.gapBefore, self.gapAfter) = (gapBefore, gapAfter)
    }

    /// nil when no value in it is finite.
    package var range: ClosedRange<Double>? { finiteCount > 0 ? Double(low)...Double(max(low, high)) : nil }
    /// The first and last finite values, where the line enters and leaves.
    package var entry: Double { Double(first) }
    package var exit: Double { Double(last) }

    /// Joins the bucket that follows.
    package mutating func merge(_ next: SeriesBucket) {
        let start = (x: firstX, count: count)
        defer {
            firstX = start.x
            lastX = next.lastX
            count = start.count + next.count
        }
        guard next.finiteCount > 0 else {
            gapAfter = true
            return
        }
        guard finiteCount > 0 else {
            self = next
            gapBefore = true
            return
        }
        let all = finiteCount + next.finiteCount
        mean += (next.mean - mean) * Float(next.finiteCount) / Float(all)
        finiteCount = all
        low = min(low, next.low)
        high = max(high, next.high)
        last = next.last
        gapAfter = next.gapAfter
    }
}

/// A curve of any length in bounded memory: when it is full, neighbours are joined, each keeping the lowest and highest
/// value of its points. A spike therefore never vanishes, however long the curve grows.
package struct SeriesBuckets: Sendable, Equatable {
    package private(set) var buckets: [SeriesBucket] = []
    /// How many points neighbours may come to before they are no longer joined.
    private var pointsPerBucket: Int32 = 1
    private let capacity: Int
    /// The last value, finite or not.
    package private(set) var latest: Double?

    /// Twice the dots across the widest terminal, so that a picture never shows the joints.
    package init(capacity: Int = 2048) {
        self.capacity = max(2, capacity)
    }

    package var isEmpty: Bool { buckets.isEmpty }
    /// True when points were joined, here or before they came: a closer look must be read from elsewhere.
    package var isThinned: Bool { pointsPerBucket > 1 || buckets.contains { $0.count > 1 } }

    /// Adds a point to the right of all others.
    package mutating func append(x: Double, y: Double) {
        append(SeriesBucket(x: x, y: y))
        latest = y
    }

    /// Adds joined points to the right of all others.
    package mutating func append(_ bucket: SeriesBucket) {
        latest = bucket.gapAfter ? .nan : bucket.exit
        if join(bucket) { return }
        if buckets.count >= capacity {
            while buckets.count >= capacity { thin() }
            if join(bucket) { return }
        }
        buckets.append(bucket)
    }

    private mutating func join(_ bucket: SeriesBucket) -> Bool {
        guard let last = buckets.last, last.count + bucket.count <= pointsPerBucket else { return false }
        buckets[buckets.count - 1].merge(bucket)
        return true
    }

    private mutating func thin() {
        pointsPerBucket = pointsPerBucket.multipliedReportingOverflow(by: 2).partialValue
        let all = buckets
        buckets.removeAll(keepingCapacity: true)
        for bucket in all where !join(bucket) { buckets.append(bucket) }
    }

    /// Takes away all that lies to the right of `x`.
    package mutating func removeAll(after x: Double) {
        buckets.removeAll { $0.firstX > x }
        latest = buckets.last?.exit
    }

    /// The curve with another's buckets in the place of its own where both are: `detail` is a closer look at a part.
    package func replacing(_ detail: SeriesBuckets) -> SeriesBuckets {
        guard let first = detail.buckets.first?.firstX, let last = detail.buckets.last?.lastX else { return self }
        var result = self
        result.buckets = buckets.filter { $0.lastX < first } + detail.buckets + buckets.filter { $0.firstX > last }
        return result
    }

    /// The buckets that a window shows, with one more on either side for the lines that lead out of it.
    package func visible(in window: ClosedRange<Double>) -> ArraySlice<SeriesBucket> {
        let first = partition { $0.lastX >= window.lowerBound }
        let end = partition { $0.firstX > window.upperBound }
        return buckets[max(0, first - 1)..<min(buckets.count, max(first, end) + 1)]
    }

    /// The bucket at or, where there is none, before a place.
    package func bucket(at x: Double) -> SeriesBucket? {
        let next = partition { $0.firstX > x }
        return next > 0 ? buckets[next - 1] : nil
    }

    /// The first place from which on `isBehind` holds.
    private func partition(_ isBehind: (SeriesBucket) -> Bool) -> Int {
        var (low, high) = (0, buckets.count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(buckets[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
