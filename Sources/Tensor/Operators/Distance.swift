import CKernels

// Distances between two tensors as one number, without storing what stands between.

extension Tensor {
    /// The mean of |self − other|.
    package func meanAbsoluteDifference(_ other: Tensor) -> Tensor {
        precondition(shape == other.shape, "no distance between shapes \(shape) and \(other.shape)")
        let pieces = (count + pieceSize - 1) / pieceSize
        var partial = [Float](repeating: 0, count: pieces)
        let (a, b) = (pointer, other.pointer)
        partial.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let slots = buffer
            parallelPieces(of: count) { start, length in
                slots[start / pieceSize] = ck_absolute_difference_sum(Int64(length), a + start, b + start)
            }
        }
        let number = Float(max(1, count))
        let total = Float(partial.reduce(0.0) { $0 + Double($1) }) / number
        let (x, y) = (detached(), other.detached())
        let wanted = (requiresGradient, other.requiresGradient)
        return Tensor.scalar(total).recorded([self, other]) { dy in
            func gradient(_ x: Tensor, _ y: Tensor) -> Tensor {
                let dx = Tensor(uninitialized: x.shape)
                let (a, b, out, slope) = (x.pointer, y.pointer, dx.pointer, dy.item / number)
                parallelPieces(of: dx.count) { start, length in
                    ck_difference_sign(Int64(length), a + start, b + start, slope, out + start)
                }
                return dx
            }
            return [wanted.0 ? gradient(x, y) : nil, wanted.1 ? gradient(y, x) : nil]
        }
    }
}
