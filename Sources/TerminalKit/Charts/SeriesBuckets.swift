/// Some neighbouring points of a curve: their lowest and highest value.
package struct SeriesBucket: Sendable, Equatable {
    package var firstX: Double
    package var lastX: Double
    /// nil when no value in it is finite.
    package var range: ClosedRange<Double>?
    /// The first and last finite values, where the line enters and leaves.
    package var entry: Double
    package var exit: Double
    /// True when a value that is not finite stands before the first or after the last finite one.
    package var gapBefore: Bool
    package var gapAfter: Bool

    init(x: Double, y: Double) {
        firstX = x
        lastX = x
        range = y.isFinite ? y...y : nil
        entry = y
        exit = y
        gapBefore = !y.isFinite
        gapAfter = !y.isFinite
    }

    /// Joins the bucket that follows.
    mutating func merge(_ next: SeriesBucket) {
        lastX = next.lastX
        guard let nextRange = next.range else {
            gapAfter = true
            return
        }
        guard let ownRange = range else {
            let start = firstX
            self = next
            firstX = start
            gapBefore = true
            return
        }
        range = min(ownRange.lowerBound, nextRange.lowerBound)...max(ownRange.upperBound, nextRange.upperBound)
        exit = next.exit
        gapAfter = next.gapAfter
    }
}

/// A curve of any length in bounded memory: when it is full, neighbours are joined two by two, each pair keeping its
/// lowest and highest value. A spike therefore never vanishes, however long the curve grows.
package struct SeriesBuckets: Sendable, Equatable {
    package private(set) var buckets: [SeriesBucket] = []
    /// How many points one full bucket joins.
    private var pointsPerBucket = 1
    private var pointsInLast = 0
    private let capacity: Int
    /// The last value, finite or not.
    package private(set) var latest: Double?

    package init(capacity: Int = 4096) {
        self.capacity = max(2, capacity)
    }

    package var isEmpty: Bool { buckets.isEmpty }

    /// Adds a point to the right of all others.
    package mutating func append(x: Double, y: Double) {
        latest = y
        let point = SeriesBucket(x: x, y: y)
        if pointsInLast > 0, pointsInLast < pointsPerBucket {
            buckets[buckets.count - 1].merge(point)
            pointsInLast += 1
            return
        }
        if buckets.count == capacity {
            joinPairs()
            if pointsInLast < pointsPerBucket {
                buckets[buckets.count - 1].merge(point)
                pointsInLast += 1
                return
            }
        }
        buckets.append(point)
        pointsInLast = 1
    }

    private mutating func joinPairs() {
        var joined: [SeriesBucket] = []
        joined.reserveCapacity(capacity)
        for start in stride(from: 0, to: buckets.count, by: 2) {
            var bucket = buckets[start]
            if start + 1 < buckets.count { bucket.merge(buckets[start + 1]) }
            joined.append(bucket)
        }
        pointsInLast = buckets.count % 2 == 0 ? pointsPerBucket + pointsInLast : pointsInLast
        buckets = joined
        pointsPerBucket *= 2
    }

    /// Takes away all that lies to the right of `x`.
    package mutating func removeAll(after x: Double) {
        buckets.removeAll { $0.firstX > x }
        pointsInLast = pointsPerBucket
        latest = buckets.last?.exit
    }
}
