import CKernels
import Foundation

extension Tensor {
    /// Softmax over the last axis.
    package func softmax() -> Tensor {
        let width = shape[rank - 1], rows = count / max(1, width)
        let y = Tensor(uninitialized: shape)
        let (px, py) = (pointer, y.pointer)
        parallelRows(rows, width) { ck_softmax(Int64(width), px + $0 * width, py + $0 * width) }
        let saved = y.detached()
        return y.recorded([self]) { dy in
            let dx = Tensor(uninitialized: saved.shape)
            let (p, d, out) = (saved.pointer, dy.pointer, dx.pointer)
            parallelRows(rows, width) { row in
                ck_softmax_backward(Int64(width), p + row * width, d + row * width, out + row * width)
            }
            return [dx]
        }
    }

    /// Mean over the rows with a target ≥ 0 of −ln softmax(logits)[target]; logits [M, K]. Zero when there is none.
    package func softmaxCrossEntropy(targets: [Int]) -> Tensor {
        let rows = shape[0], width = shape[1]
        precondition(targets.count == rows && targets.allSatisfy { $0 < width })
        let probabilities = Tensor(uninitialized: shape)
        let losses = Tensor.zeros([max(1, rows)])
        let (px, pp, pl) = (pointer, probabilities.pointer, losses.pointer)
        parallelRows(rows, width) { row in
            ck_softmax(Int64(width), px + row * width, pp + row * width)
            guard targets[row] >= 0 else { return }
            let x = px + row * width
            let best = ck_maximum(Int64(width), x)
            // ln p from the logits themselves: p may have rounded to 0.
            pl[row] = logf(expSum(x, width, best)) + best - x[targets[row]]
        }
        let valid = targets.count { $0 >= 0 }
        let scale = 1 / Float(max(1, valid))
        let total = (0..<rows).reduce(0.0) { $0 + Double(pl[$1]) }
        return Tensor.scalar(Float(total) * scale).recorded([self]) { dy in
            let dx = Tensor(uninitialized: probabilities.shape)
            let (p, out, factor) = (probabilities.pointer, dx.pointer, dy.item * scale)
            parallelRows(rows, width) { row in
                let line = out + row * width
                if targets[row] < 0 {
                    line.update(repeating: 0, count: width)
                    return
                }
                ck_unary(CK_SCALE, Int64(width), p + row * width, factor, line)
                line[targets[row]] -= factor
            }
            return [dx]
        }
    }
}

private func expSum(_ x: UnsafePointer<Float>, _ width: Int, _ best: Float) -> Float {
    var total = 0.0
    for i in 0..<width { total += Double(expf(x[i] - best)) }
    return Float(total)
}

/// `body(row)` for every row, in parallel over fixed groups.
@inline(__always)
func parallelRows(_ rows: Int, _ width: Int, _ body: (Int) -> Void) {
    let group = max(1, pieceSize / max(1, width))
    parallelFor((rows + group - 1) / group) { piece in
        for row in piece * group..<min(rows, (piece + 1) * group) { body(row) }
    }
}
