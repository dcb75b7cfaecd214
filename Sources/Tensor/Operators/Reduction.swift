import CKernels

// Sums and means. Every sum has one order, given by the shape.

extension Tensor {
    /// The sum of everything, as a scalar.
    package func sum() -> Tensor {
        let pieces = (count + pieceSize - 1) / pieceSize
        var partial = [Float](repeating: 0, count: pieces)
        let source = pointer
        partial.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let slots = buffer
            parallelPieces(of: count) { start, length in
                slots[start / pieceSize] = ck_sum(Int64(length), source + start)
            }
        }
        let total = partial.reduce(0.0) { $0 + Double($1) }
        let inputShape = shape
        return Tensor.scalar(Float(total)).recorded([self]) { dy in [Tensor(repeating: dy.item, shape: inputShape)] }
    }

    package func mean() -> Tensor { sum() / Float(count) }

    /// The sum along one axis, which stays with length 1 or goes.
    package func sum(axis: Int, keepingAxis: Bool = false) -> Tensor {
        let outer = shape[..<axis].reduce(1, *), length = shape[axis], inner = shape[(axis + 1)...].reduce(1, *)
        var reducedShape = shape
        reducedShape[axis] = 1
        if !keepingAxis { reducedShape.remove(at: axis) }
        let y = Tensor(uninitialized: reducedShape)
        let (source, target) = (pointer, y.pointer)
        if inner == 1 {
            let group = max(1, pieceSize / max(1, length))
            parallelFor((outer + group - 1) / group) { piece in
                for o in piece * group..<min(outer, (piece + 1) * group) {
                    target[o] = ck_sum(Int64(length), source + o * length)
                }
            }
        } else {
            // Columns in fixed strips, each summed from the first row to the last.
            let strip = 1024, strips = (inner + strip - 1) / strip
            parallelFor(outer * strips) { item in
                let o = item / strips, start = item % strips * strip, width = min(strip, inner - start)
                let out = target + o * inner + start
                out.update(repeating: 0, count: width)
                for l in 0..<length { ck_accumulate(Int64(width), source + (o * length + l) * inner + start, out) }
            }
        }
        let inputShape = shape
        return y.recorded([self]) { dy in
            let dx = Tensor(uninitialized: inputShape)
            let (from, to) = (dy.pointer, dx.pointer)
            parallelFor(outer) { o in
                for l in 0..<length {
                    let row = to + (o * length + l) * inner
                    if inner == 1 { row[0] = from[o] } else { row.update(from: from + o * inner, count: inner) }
                }
            }
            return [dx]
        }
    }

    package func mean(axis: Int, keepingAxis: Bool = false) -> Tensor {
        sum(axis: axis, keepingAxis: keepingAxis) / Float(shape[axis])
    }
}
