import CKernels

// Operators that move numbers without changing them.

extension Tensor {
    /// The same numbers under another shape; shares storage. One length may be -1.
    package func reshaped(_ newShape: [Int]) -> Tensor {
        var resolved = newShape
        if let open = newShape.firstIndex(of: -1) {
            let known = newShape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
            resolved[open] = known == 0 ? 0 : count / known
        }
        precondition(resolved.reduce(1, *) == count, "a shape of \(shape) cannot become \(newShape)")
        let original = shape
        return viewed(as: resolved).recorded([self]) { dy in [dy.viewed(as: original)] }
    }

    /// Swaps the last two axes: [..., R, C] -> [..., C, R].
    package func transposed() -> Tensor {
        let rows = shape[rank - 2], columns = shape[rank - 1], matrices = count / max(1, rows * columns)
        var swapped = shape
        swapped.swapAt(rank - 2, rank - 1)
        let y = Tensor(uninitialized: swapped)
        let (source, target) = (pointer, y.pointer)
        parallelFor(matrices) { m in
            let offset = m * rows * columns
            ck_transpose(Int64(rows), Int64(columns), source + offset, target + offset)
        }
        return y.recorded([self]) { dy in [dy.detached().transposed()] }
    }

    /// The part `range` of an axis.
    package func sliced(axis: Int, _ range: Range<Int>) -> Tensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= shape[axis], "slice \(range) of a shape of \(shape)")
        if range == 0..<shape[axis] { return self }
        let part = AxisPart(shape, axis, range)
        var sliced = shape
        sliced[axis] = range.count
        let y = Tensor(uninitialized: sliced)
        part.take(from: pointer, into: y.pointer)
        return y.recorded([self], part: part) { dy in [dy] }
    }

    /// Cuts an axis into parts of the given lengths.
    package func split(axis: Int, _ lengths: [Int]) -> [Tensor] {
        var start = 0
        return lengths.map { length in
            defer { start += length }
            return sliced(axis: axis, start..<start + length)
        }
    }

    /// Joins tensors along an axis.
    package static func concatenated(_ parts: [Tensor], axis: Int) -> Tensor {
        if parts.count == 1 { return parts[0] }
        var joined = parts[0].shape
        joined[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
        let y = Tensor(uninitialized: joined)
        var start = 0
        let places = parts.map { part in
            defer { start += part.shape[axis] }
            return AxisPart(joined, axis, start..<start + part.shape[axis])
        }
        for (part, place) in zip(parts, places) { place.put(part.pointer, into: y.pointer) }
        return y.recorded(parts) { dy in
            zip(parts, places).map { part, place in
                guard part.requiresGradient else { return nil }
                let dx = Tensor(uninitialized: part.shape)
                place.take(from: dy.pointer, into: dx.pointer)
                return dx
            }
        }
    }

    /// Zeros before and after along an axis.
    package func padded(axis: Int, before: Int, after: Int) -> Tensor {
        if before == 0 && after == 0 { return self }
        let inputShape = shape, length = shape[axis]
        var padded = shape
        padded[axis] = before + length + after
        let y = Tensor(uninitialized: padded), part = AxisPart(padded, axis, before..<before + length)
        part.place(pointer, in: y.pointer)
        return y.recorded([self]) { dy in
            let dx = Tensor(uninitialized: inputShape)
            part.take(from: dy.pointer, into: dx.pointer)
            return [dx]
        }
    }

    /// The order along an axis reversed (the flow's flip).
    package func flipped(axis: Int) -> Tensor {
        let length = shape[axis], inner = shape[(axis + 1)...].reduce(1, *)
        let y = Tensor(uninitialized: shape)
        let (source, target) = (pointer, y.pointer)
        parallelRows(count / max(1, inner), inner) { row in
            let mirrored = row - row % length + length - 1 - row % length
            (target + mirrored * inner).update(from: source + row * inner, count: inner)
        }
        return y.recorded([self]) { dy in [dy.detached().flipped(axis: axis)] }
    }

    /// Every number of the last axis `times` times in a row: [..., S] -> [..., S * times] (nearest-neighbour upsampling).
    package func repeatedInterleaved(_ times: Int) -> Tensor {
        let rows = count / max(1, shape[rank - 1]), length = shape[rank - 1]
        var stretched = shape
        stretched[rank - 1] = length * times
        let y = Tensor(uninitialized: stretched)
        let (source, target) = (pointer, y.pointer)
        parallelFor(rows) { r in
            for i in 0..<length {
                for k in 0..<times { target[(r * length + i) * times + k] = source[r * length + i] }
            }
        }
        let inputShape = shape
        return y.recorded([self]) { dy in
            let dx = Tensor(uninitialized: inputShape)
            let (from, to) = (dy.pointer, dx.pointer)
            parallelFor(rows) { r in
                for i in 0..<length {
                    var total: Float = 0
                    for k in 0..<times { total += from[(r * length + i) * times + k] }
                    to[r * length + i] = total
                }
            }
            return [dx]
        }
    }

    /// From each item of [B, C, T] its own segment of `length` frames: [B, C, length].
    package func segments(starts: [Int], length: Int) -> Tensor {
        let batch = shape[0], channels = shape[1], frames = shape[2]
        precondition(starts.count == batch && starts.allSatisfy { $0 >= 0 && $0 + length <= frames })
        let y = Tensor(uninitialized: [batch, channels, length])
        let (source, target) = (pointer, y.pointer)
        parallelFor(batch) { b in
            for c in 0..<channels {
                let row = b * channels + c
                (target + row * length).update(from: source + row * frames + starts[b], count: length)
            }
        }
        return y.recorded([self]) { dy in
            let dx = Tensor.zeros([batch, channels, frames])
            let (from, to) = (dy.pointer, dx.pointer)
            parallelFor(batch) { b in
                for c in 0..<channels {
                    let row = b * channels + c
                    (to + row * frames + starts[b]).update(from: from + row * length, count: length)
                }
            }
            return [dx]
        }
    }

    /// [B, 1, T] with 1 in the first `lengths[b]` frames of item b and 0 after.
    package static func mask(lengths: [Int], frames: Int) -> Tensor {
        let mask = Tensor.zeros([lengths.count, 1, frames])
        for (b, length) in lengths.enumerated() {
            (mask.pointer + b * frames).update(repeating: 1, count: min(length, frames))
        }
        return mask
    }
}
