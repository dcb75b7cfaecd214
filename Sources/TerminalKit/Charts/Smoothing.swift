#if canImport(Glibc)
    import Glibc
#endif

/// An exponential moving average over so many points, without the pull of its start (Kingma and Ba 2015, section 3).
///
/// A bucket counts as its points at their mean, so that a long curve is smoothed as its points would be, as far as
/// buckets are narrower than the average is wide. A gap stays a gap; what is not finite is passed over.
package struct MovingAverage: Sendable, Equatable {
    /// Points whose age the average has forgotten to 1/e; 1 − 1/points is kept of it at every point.
    package var points: Double

    package init(points: Double) { self.points = max(1, points) }

    /// The average at the end of each bucket.
    package func smoothed(_ curve: SeriesBuckets) -> SeriesBuckets {
        var result = SeriesBuckets(capacity: max(2, curve.buckets.count + 1))
        var (sum, weight) = (0.0, 0.0)
        var (lastCount, lastKept) = (Int32(-1), 0.0)
        for bucket in curve.buckets {
            if bucket.finiteCount > 0 {
                if bucket.finiteCount != lastCount {
                    (lastCount, lastKept) = (bucket.finiteCount, pow(1 - 1 / points, Double(bucket.finiteCount)))
                }
                sum = lastKept * sum + (1 - lastKept) * Double(bucket.mean)
                weight = lastKept * weight + (1 - lastKept)
            }
            let value = weight > 0 && bucket.finiteCount > 0 ? Float(sum / weight) : .nan
            result.append(
                SeriesBucket(
                    firstX: bucket.lastX, lastX: bucket.lastX, count: 1, finiteCount: value.isFinite ? 1 : 0,
                    low: value, high: value, entry: value, exit: value, mean: value, gapBefore: bucket.gapBefore,
                    gapAfter: bucket.gapAfter))
        }
        return result
    }
}
