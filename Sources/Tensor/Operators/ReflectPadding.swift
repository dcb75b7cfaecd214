// Reflect padding of the last axis.

extension Tensor {
    /// [..., N] → [..., left + N + right]: mirrors the ends without repeating the edge (`c b | a b c d | c b`).
    ///
    /// Both widths must be below N, as there is nothing further to mirror.
    package func reflectPadded(left: Int, right: Int) -> Tensor {
        let length = shape.last ?? 1
        precondition(
            left >= 0 && right >= 0 && left < length && right < length,
            "reflect padding by \(left) and \(right) needs more than \(length) samples")
        let padded = left + length + right, rows = shape.dropLast().reduce(1, *)
        let y = Tensor(uninitialized: shape.dropLast() + [padded])
        let (source, target) = (pointer, y.pointer)
        parallelFor(rows) { row in
            let from = source + row * length, to = target + row * padded
            for i in 0..<left { to[i] = from[left - i] }
            (to + left).update(from: from, count: length)
            for i in 0..<right { to[left + length + i] = from[length - 2 - i] }
        }
        let inputShape = shape
        return y.recorded([self]) { dy in
            let dx = Tensor(uninitialized: inputShape)
            let (from, to) = (dy.pointer, dx.pointer)
            parallelFor(rows) { row in
                let source = from + row * padded, target = to + row * length
                target.update(from: source + left, count: length)
                for i in 0..<left { target[left - i] += source[i] }
                for i in 0..<right { target[length - 2 - i] += source[left + length + i] }
            }
            return [dx]
        }
    }
}
