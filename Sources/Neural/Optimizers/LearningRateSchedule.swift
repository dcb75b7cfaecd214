import Foundation

/// Learning rates as pure functions of counts.
package enum LearningRateSchedule: Sendable, Equatable {
    /// rate · decay^epoch
    case exponential(rate: Double, decay: Double)
    /// Linear warm-up, then half a cosine down to a tenth at `total` updates, where it stays.
    case warmupCosine(rate: Double, warmup: Int, total: Int)

    /// The rate of the update after `updates` others, in epoch `epoch`.
    package func rate(updates: Int, epoch: Int) -> Double {
        switch self {
        case .exponential(let rate, let decay): return rate * pow(decay, Double(epoch))
        case .warmupCosine(let rate, let warmup, let total):
            if updates < warmup { return rate * Double(updates + 1) / Double(warmup) }
            let progress = min(1, Double(updates - warmup) / Double(max(1, total - warmup)))
            return rate * (0.1 + 0.9 * 0.5 * (1 + cos(.pi * progress)))
        }
    }
}
