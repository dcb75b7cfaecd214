import CKernels
import Foundation

extension Tensor {
    /// Batch norm of [B, C, T] by the statistics of all processes' items. Each measures its own mean and squares, which
    /// are then joined (Chan et al. 1979); backward exchanges its two sums.
    func sharedBatchNorm(
        gamma: Tensor, beta: Tensor, epsilon: Float, _ share: BatchShare
    ) -> (Tensor, BatchStatistics) {
        let batch = shape[0], channels = shape[1], frames = shape[2]
        let here = Double(batch * frames), number = Double(share.total * frames)
        let work = WorkItem.Shape.signal(batch: batch, channels: channels, frames: frames)
        WorkCounter.record(.batchNorm, .forward, work)
        let px = pointer
        // Items, mean and squared distances from it, channel by channel.
        let own = Self.perChannel(channels, 2) { c, out in
            var total = 0.0, squares = 0.0
            for b in 0..<batch { total += Double(ck_sum(Int64(frames), px + (b * channels + c) * frames)) }
            let m = total / here
            for b in 0..<batch {
                let row = px + (b * channels + c) * frames
                for t in 0..<frames { squares += (Double(row[t]) - m) * (Double(row[t]) - m) }
            }
            (out[0], out[1]) = (m, squares)
        }
        let all = share.group.gathered([here] + own, zero: 0), stride = 1 + own.count, ranks = share.group.count
        let y = Tensor(uninitialized: shape)
        let mean = Tensor(uninitialized: [channels]), variance = Tensor(uninitialized: [channels])
        let deviation = Tensor(uninitialized: [channels])
        for c in 0..<channels {
            let parts = (0..<ranks).map { rank in
                let at = rank * stride
                return (items: all[at], mean: all[at + 1 + 2 * c], squares: all[at + 2 + 2 * c])
            }
            let m = parts.reduce(0) { $0 + $1.items * $1.mean } / number
            let squares = parts.reduce(0) { $0 + $1.squares + $1.items * ($1.mean - m) * ($1.mean - m) }
            mean.pointer[c] = Float(m)
            variance.pointer[c] = Float(squares / max(1, number - 1))
            deviation.pointer[c] = 1 / sqrtf(Float(squares / number) + epsilon)
        }
        let (py, pg, pb, pm, ps) = (y.pointer, gamma.pointer, beta.pointer, mean.pointer, deviation.pointer)
        parallelFor(channels) { c in
            for b in 0..<batch {
                let row = (b * channels + c) * frames
                for t in 0..<frames { py[row + t] = (px[row + t] - pm[c]) * ps[c] * pg[c] + pb[c] }
            }
        }
        let (savedX, savedGamma) = (detached(), gamma.detached())
        let result = y.recorded([self, gamma, beta]) { dy in
            WorkCounter.record(.batchNorm, .backward, work)
            let (px, pd, pg, pm, ps) = (
                savedX.pointer, dy.pointer, savedGamma.pointer, mean.pointer, deviation.pointer
            )
            let own = Self.perChannel(channels, 2) { c, out in
                var sum = 0.0, product = 0.0
                for b in 0..<batch {
                    let row = (b * channels + c) * frames
                    for t in 0..<frames {
                        sum += Double(pd[row + t])
                        product += Double(pd[row + t] * (px[row + t] - pm[c]) * ps[c])
                    }
                }
                (out[0], out[1]) = (sum, product)
            }
            let sums = share.group.sums(own)
            let dx = Tensor(uninitialized: savedX.shape), out = dx.pointer
            parallelFor(channels) { c in
                let m = pm[c], s = ps[c], a = Float(sums[2 * c] / number), k = Float(sums[2 * c + 1] / number)
                for b in 0..<batch {
                    let row = (b * channels + c) * frames
                    for t in 0..<frames { out[row + t] = pg[c] * s * (pd[row + t] - a - (px[row + t] - m) * s * k) }
                }
            }
            // Those of gamma and beta are this process' part: gradients of parameters are summed with all others.
            let dGamma = Tensor((0..<channels).map { Float(own[2 * $0 + 1]) }, shape: [channels])
            let dBeta = Tensor((0..<channels).map { Float(own[2 * $0]) }, shape: [channels])
            return [dx, dGamma, dBeta]
        }
        return (result, BatchStatistics(mean: mean, variance: variance))
    }

    /// `width` numbers of each channel, measured on the pool.
    private static func perChannel(
        _ channels: Int, _ width: Int, _ measure: (Int, UnsafeMutablePointer<Double>) -> Void
    ) -> [Double] {
        [Double](unsafeUninitializedCapacity: channels * width) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            parallelFor(channels) { measure($0, base + $0 * width) }
            count = channels * width
        }
    }
}
