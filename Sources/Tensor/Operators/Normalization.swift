import CKernels
import Foundation

extension Tensor {
    /// Layer norm over the last axis (Ba et al. 2016): [..., C] with gamma, beta [C].
    package func layerNorm(gamma: Tensor, beta: Tensor, epsilon: Float = 1e-5) -> Tensor {
        let norm = LayerNormPass(self, gamma: gamma, beta: beta, epsilon: epsilon)
        let y = Tensor(uninitialized: shape)
        norm.forward(self, into: y)
        let saved = detached()
        return y.recorded([self, gamma, beta]) { dy in
            let dx = self.requiresGradient ? norm.dataGradient(saved, dy) : nil
            let (dGamma, dBeta) = norm.parameterGradients(saved, dy)
            return [dx, dGamma, dBeta]
        }
    }

    /// What batch norm measured of a batch: mean and unbiased variance per channel.
    package struct BatchStatistics {
        package let mean: Tensor
        package let variance: Tensor
    }

    /// Batch norm over B and T of [B, C, T] by this batch's own statistics (Ioffe & Szegedy 2015).
    /// With a `share` they are those of the whole batch, whose items several processes have.
    package func batchNorm(
        gamma: Tensor, beta: Tensor, epsilon: Float = 1e-5, share: BatchShare? = nil
    ) -> (Tensor, BatchStatistics) {
        if let share { return sharedBatchNorm(gamma: gamma, beta: beta, epsilon: epsilon, share) }
        let batch = shape[0], channels = shape[1], frames = shape[2], number = Float(batch * frames)
        let work = WorkItem.Shape.signal(batch: batch, channels: channels, frames: frames)
        WorkCounter.record(.batchNorm, .forward, work)
        let y = Tensor(uninitialized: shape)
        let mean = Tensor(uninitialized: [channels]), variance = Tensor(uninitialized: [channels])
        let deviation = Tensor(uninitialized: [channels])
        let (px, py, pg, pb) = (pointer, y.pointer, gamma.pointer, beta.pointer)
        let (pm, pv, ps) = (mean.pointer, variance.pointer, deviation.pointer)
        parallelRows(channels, batch * frames) { c in
            var total = 0.0
            for b in 0..<batch { total += Double(ck_sum(Int64(frames), px + (b * channels + c) * frames)) }
            let m = Float(total / Double(number))
            var squares = 0.0
            for b in 0..<batch {
                let row = px + (b * channels + c) * frames
                for t in 0..<frames { squares += Double((row[t] - m) * (row[t] - m)) }
            }
            let biased = Float(squares / Double(number))
            pm[c] = m
            pv[c] = biased * number / max(1, number - 1)
            let s = 1 / sqrtf(biased + epsilon)
            ps[c] = s
            for b in 0..<batch {
                let row = (b * channels + c) * frames
                for t in 0..<frames { py[row + t] = (px[row + t] - m) * s * pg[c] + pb[c] }
            }
        }
        let (savedX, savedGamma) = (detached(), gamma.detached())
        let result = y.recorded([self, gamma, beta]) { dy in
            WorkCounter.record(.batchNorm, .backward, work)
            let dx = Tensor(uninitialized: savedX.shape)
            let dGamma = Tensor(uninitialized: [channels]), dBeta = Tensor(uninitialized: [channels])
            let (px, pd, pg, out) = (savedX.pointer, dy.pointer, savedGamma.pointer, dx.pointer)
            let (outGamma, outBeta) = (dGamma.pointer, dBeta.pointer)
            parallelRows(channels, batch * frames) { c in
                let m = mean.pointer[c], s = deviation.pointer[c]
                var sum = 0.0, product = 0.0
                for b in 0..<batch {
                    let row = (b * channels + c) * frames
                    for t in 0..<frames {
                        sum += Double(pd[row + t])
                        product += Double(pd[row + t] * (px[row + t] - m) * s)
                    }
                }
                outGamma[c] = Float(product)
                outBeta[c] = Float(sum)
                let a = Float(sum) / number, k = Float(product) / number
                for b in 0..<batch {
                    let row = (b * channels + c) * frames
                    for t in 0..<frames { out[row + t] = pg[c] * s * (pd[row + t] - a - (px[row + t] - m) * s * k) }
                }
            }
            return [dx, dGamma, dBeta]
        }
        return (result, BatchStatistics(mean: mean, variance: variance))
    }

    /// Weight norm (Salimans & Kingma 2016): self is v [O, ...], g [O, 1, ...]; w = g · v / ‖v‖ per output row.
    package func weightNormed(magnitude g: Tensor) -> Tensor {
        let rows = shape[0], width = count / max(1, rows)
        let w = Tensor(uninitialized: shape)
        let norms = Storage(count: rows)
        let (pv, pg, pw) = (pointer, g.pointer, w.pointer)
        parallelRows(rows, width) { r in
            let norm = Float(ck_square_sum(Int64(width), pv + r * width).squareRoot())
            norms.pointer[r] = norm
            ck_unary(CK_SCALE, Int64(width), pv + r * width, norm > 0 ? pg[r] / norm : 0, pw + r * width)
        }
        let (savedV, savedG) = (detached(), g.detached())
        return w.recorded([self, g]) { dw in
            let dv = Tensor(uninitialized: savedV.shape), dg = Tensor(uninitialized: savedG.shape)
            let (pv, pg, pd, outV, outG) = (savedV.pointer, savedG.pointer, dw.pointer, dv.pointer, dg.pointer)
            parallelRows(rows, width) { r in
                // dg = <dw, v> / ‖v‖;  dv = g / ‖v‖ (dw − v <dw, v> / ‖v‖²)
                let norm = max(norms.pointer[r], 1e-12)
                let inner = ck_dot(Int64(width), pd + r * width, pv + r * width)
                outG[r] = inner / norm
                let scale = pg[r] / norm
                ck_unary(CK_SCALE, Int64(width), pd + r * width, scale, outV + r * width)
                ck_axpy(Int64(width), -scale * inner / (norm * norm), pv + r * width, outV + r * width)
            }
            return [dv, dg]
        }
    }
}

/// One layer norm over the rows of a tensor, and what it measured of them.
struct LayerNormPass {
    let rows, width: Int
    private let gamma, beta: Tensor
    private let savedGamma: Tensor
    private let epsilon: Float
    private let means, deviations: Storage

    init(_ x: Tensor, gamma: Tensor, beta: Tensor, epsilon: Float) {
        width = x.shape[x.rank - 1]
        rows = x.count / max(1, width)
        (self.gamma, self.beta, self.epsilon) = (gamma, beta, epsilon)
        savedGamma = gamma.detached()
        (means, deviations) = (Storage(count: rows), Storage(count: rows))
    }

    /// `prepare` makes a row of x first.
    func forward(_ x: Tensor, into y: Tensor, prepare: ((Int) -> Void)? = nil) {
        WorkCounter.record(.layerNorm, .forward, .rows(rows: rows, width: width))
        let (px, py, pg, pb) = (x.pointer, y.pointer, gamma.pointer, beta.pointer)
        parallelRows(rows, width) { row in
            prepare?(row)
            ck_layer_norm(
                Int64(width), px + row * width, pg, pb, epsilon, py + row * width, means.pointer + row,
                deviations.pointer + row)
        }
    }

    /// `finish` is shown every row of dx.
    func dataGradient(
        _ x: Tensor, _ dy: Tensor, finish: ((Int, UnsafePointer<Float>) -> Void)? = nil
    ) -> Tensor {
        let dx = Tensor(uninitialized: x.shape)
        let (px, pd, pg, out) = (x.pointer, dy.pointer, savedGamma.pointer, dx.pointer)
        parallelRows(rows, width) { row in
            ck_layer_norm_backward(
                Int64(width), px + row * width, pg, means.pointer[row], deviations.pointer[row], pd + row * width,
                out + row * width)
            finish?(row, out + row * width)
        }
        return dx
    }

    /// Those of gamma and beta, if either wants one.
    func parameterGradients(_ x: Tensor, _ dy: Tensor) -> (gamma: Tensor?, beta: Tensor?) {
        WorkCounter.record(.layerNorm, .backward, .rows(rows: rows, width: width))
        guard gamma.requiresGradient || beta.requiresGradient else { return (nil, nil) }
        let dGamma = Tensor(uninitialized: [width]), dBeta = Tensor(uninitialized: [width])
        let (px, pd, outGamma, outBeta) = (x.pointer, dy.pointer, dGamma.pointer, dBeta.pointer)
        parallelColumns(width) { start, count in
            ck_layer_norm_sums(
                Int64(rows), Int64(count), px + start, pd + start, Int64(width), means.pointer, deviations.pointer,
                outGamma + start, outBeta + start)
        }
        return (dGamma, dBeta)
    }
}
