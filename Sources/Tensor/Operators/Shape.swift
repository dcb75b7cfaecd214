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
        let inputShape = shape
        let blocks = AxisBlocks(shape, axis)
        var y = shape
        y[axis] = range.count
        let result = Tensor(uninitialized: y)
        blocks.copy(
            from: pointer, at: range.lowerBound, of: shape[axis], to: result.pointer, at: 0, of: range.count,
            length: range.count)
        return result.recorded([self]) { dy in
            let dx = Tensor.zeros(inputShape)
            blocks.copy(
                from: dy.pointer, at: 0, of: range.count, to: dx.pointer, at: range.lowerBound, of: inputShape[axis],
                length: range.count)
            return [dx]
        }
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
        let blocks = AxisBlocks(joined, axis)
        let total = joined[axis]
        var start = 0
        for part in parts {
            let length = part.shape[axis]
            blocks.copy(from: part.pointer, at: 0, of: length, to: y.pointer, at: start, of: total, length: length)
            start += length
        }
        return y.recorded(parts) { dy in
            var start = 0
            return parts.map { part in
                let length = part.shape[axis]
                defer { start += length }
                guard part.requiresGradient else { return nil }
                let dx = Tensor(uninitialized: part.shape)
                blocks.copy(from: dy.pointer, at: start, of: total, to: dx.pointer, at: 0, of: length, length: length)
                return dx
            }
        }
    }

    /// Zeros before and after along an axis.
    package func padded(axis: Int, before: Int, after: Int) -> Tensor {
        if before == 0 && after == 0 { return self }
        let inputShape = shape, length = shape[axis], total = before + length + after
        let blocks = AxisBlocks(shape, axis)
        var padded = shape
        padded[axis] = total
        let y = Tensor.zeros(padded)
        blocks.copy(from: pointer, at: 0, of: length, to: y.pointer, at: before, of: total, length: length)
        return y.recorded([self]) { dy in
            let dx = Tensor(uninitialized: inputShape)
            blocks.copy(from: dy.pointer, at: before, of: total, to: dx.pointer, at: 0, of: length, length: length)
            return [dx]
        }
    }

    /// The order along an axis reversed (the flow's flip).
    package func flipped(axis: Int) -> Tensor {
        let length = shape[axis]
        let blocks = AxisBlocks(shape, axis)
        let y = Tensor(uninitialized: shape)
        for index in 0..<length {
            blocks.copy(
                from: pointer, at: index, of: length, to: y.pointer, at: length - 1 - index, of: length, length: 1)
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

/// A shape seen as outer × axis × inner, for copies along the axis.
private struct AxisBlocks {
    let outer: Int
    let inner: Int

    init(_ shape: [Int], _ axis: Int) {
        outer = shape[..<axis].reduce(1, *)
        inner = shape[(axis + 1)...].reduce(1, *)
    }

    func copy(
        from source: UnsafeMutablePointer<Float>, at sourceStart: Int, of sourceLength: Int,
        to target: UnsafeMutablePointer<Float>, at targetStart: Int, of targetLength: Int, length: Int
    ) {
        for o in 0..<outer {
            (target + (o * targetLength + targetStart) * inner)
                .update(from: source + (o * sourceLength + sourceStart) * inner, count: length * inner)
        }
    }
}
