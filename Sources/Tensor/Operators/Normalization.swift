import CKernels
import Foundation

extension Tensor {
    /// Layer norm over the last axis (Ba et al. 2016): [..., C] with gamma, beta [C].
    package func layerNorm(gamma: Tensor, beta: Tensor, epsilon: Float = 1e-5) -> Tensor {
        let width = shape[rank - 1], rows = count / max(1, width)
        WorkCounter.record(.layerNorm, .forward, .rows(rows: rows, width: width))
        let y = Tensor(uninitialized: shape)
        let means = Storage(count: rows), deviations = Storage(count: rows)
        let (px, py, pg, pb) = (pointer, y.pointer, gamma.pointer, beta.pointer)
        parallelRows(rows, width) { r in
            ck_layer_norm(
                Int64(width), px + r * width, pg, pb, epsilon, py + r * width, means.pointer + r, deviations.pointer + r
            )
        }
        let (savedX, savedGamma) = (detached(), gamma.detached())
        return y.recorded([self, gamma, beta]) { dy in
            WorkCounter.record(.layerNorm, .backward, .rows(rows: rows, width: width))
            let (px, pd, pg) = (savedX.pointer, dy.pointer, savedGamma.pointer)
            var dx: Tensor?, dGamma: Tensor?, dBeta: Tensor?
            if self.requiresGradient {
                let result = Tensor(uninitialized: savedX.shape)
                let out = result.pointer
                parallelRows(rows, width) { r in
                    ck_layer_norm_backward(
                        Int64(width), px + r * width, pg, means.pointer[r], deviations.pointer[r], pd + r * width,
                        out + r * width)
                }
                dx = result
            }
            if gamma.requiresGradient {
                let products = Tensor(uninitialized: [rows, width])
                let out = products.pointer
                parallelRows(rows, width) { r in
                    let mean = means.pointer[r], deviation = deviations.pointer[r]
                    for c in 0..<width {
                        out[r * width + c] = pd[r * width + c] * (px[r * width + c] - mean) * deviation
                    }
                }
                dGamma = products.sum(axis: 0)
            }
            if beta.requiresGradient { dBeta = dy.detached().reshaped([rows, width]).sum(axis: 0) }
            return [dx, dGamma, dBeta]
        }
    }

    /// What batch norm measured of a batch: mean and unbiased variance per channel.
    package struct BatchStatistics {
        package let mean: Tensor
        package let variance: Tensor
    }

    /// Batch norm over B and T of [B, C, T] by this batch's own statistics (Ioffe & Szegedy 2015).
    package func batchNorm(gamma: Tensor, beta: Tensor, epsilon: Float = 1e-5) -> (Tensor, BatchStatistics) {
        let batch = shape[0], channels = shape[1], frames = shape[2], number = Float(batch * frames)
        let work = WorkItem.Shape.signal(batch: batch, channels: channels, frames: frames)
        WorkCounter.record(.batchNorm, .forward, work)
        let y = Tensor(uninitialized: shape)
        let mean = Tensor(uninitialized: [channels]), variance = Tensor(uninitialized: [channels])
        let deviation = Tensor(uninitialized: [channels])
        let (px, py, pg, pb) = (pointer, y.pointer, gamma.pointer, beta.pointer)
        let (pm, pv, ps) = (mean.pointer, variance.pointer, deviation.pointer)
        parallelFor(channels) { c in
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
            parallelFor(channels) { c in
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
