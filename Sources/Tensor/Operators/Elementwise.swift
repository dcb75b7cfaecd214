import CKernels

// Element-wise operators. Two operands broadcast as in NumPy (axes aligned at the right, 1 stretches).

extension Tensor {
    package static func + (a: Tensor, b: Tensor) -> Tensor {
        binary(CK_ADD, a, b) { dy in (dy, dy) }
    }

    package static func - (a: Tensor, b: Tensor) -> Tensor {
        binary(CK_SUBTRACT, a, b) { dy in (dy, b.requiresGradient ? -dy : nil) }
    }

    package static func * (a: Tensor, b: Tensor) -> Tensor {
        let (da, db) = (a.detached(), b.detached())
        return binary(CK_MULTIPLY, a, b) { dy in
            (a.requiresGradient ? dy * db : nil, b.requiresGradient ? dy * da : nil)
        }
    }

    package static func / (a: Tensor, b: Tensor) -> Tensor {
        let (da, db) = (a.detached(), b.detached())
        return binary(CK_DIVIDE, a, b) { dy in
            (a.requiresGradient ? dy / db : nil, b.requiresGradient ? -(dy * da / (db * db)) : nil)
        }
    }

    package static prefix func - (x: Tensor) -> Tensor { x.unary(CK_NEGATE) }
    package static func * (x: Tensor, factor: Float) -> Tensor { x.unary(CK_SCALE, factor) }
    package static func * (factor: Float, x: Tensor) -> Tensor { x.unary(CK_SCALE, factor) }
    package static func / (x: Tensor, divisor: Float) -> Tensor { x.unary(CK_SCALE, 1 / divisor) }
    package static func + (x: Tensor, offset: Float) -> Tensor { x.unary(CK_OFFSET, offset) }
    package static func - (x: Tensor, offset: Float) -> Tensor { x.unary(CK_OFFSET, -offset) }
    package static func - (offset: Float, x: Tensor) -> Tensor { (-x) + offset }

    package func absolute() -> Tensor { unary(CK_ABSOLUTE) }
    package func squared() -> Tensor { unary(CK_SQUARE) }
    package func squareRoot() -> Tensor { unary(CK_SQUARE_ROOT) }
    package func exponential() -> Tensor { unary(CK_EXP) }
    /// Natural logarithm of positive numbers.
    package func logarithm() -> Tensor { unary(CK_LOG) }
    package func hyperbolicTangent() -> Tensor { unary(CK_TANH) }
    package func sigmoid() -> Tensor { unary(CK_SIGMOID) }
    package func relu() -> Tensor { unary(CK_LEAKY_RELU, 0) }
    package func leakyRelu(_ slope: Float) -> Tensor { unary(CK_LEAKY_RELU, slope) }
    /// GELU in its tanh form (Hendrycks & Gimpel 2016).
    package func gelu() -> Tensor { unary(CK_GELU) }
    /// max(x, minimum); the gradient is 0 where the bound holds.
    package func clamped(minimum: Float) -> Tensor { unary(CK_CLAMP_MINIMUM, minimum) }

    private func unary(_ op: ck_unary_op, _ parameter: Float = 0) -> Tensor {
        let y = Tensor(uninitialized: shape)
        let (source, target) = (pointer, y.pointer)
        parallelPieces(of: count) { start, length in
            ck_unary(op, Int64(length), source + start, parameter, target + start)
        }
        let (savedX, savedY) = (detached(), y.detached())
        return y.recorded([self]) { dy in
            let dx = Tensor(uninitialized: savedX.shape)
            let (x, r, d, out) = (savedX.pointer, savedY.pointer, dy.pointer, dx.pointer)
            parallelPieces(of: dx.count) { start, length in
                ck_unary_backward(op, Int64(length), x + start, r + start, d + start, parameter, out + start)
            }
            return [dx]
        }
    }

    private static func binary(
        _ op: ck_binary_op, _ a: Tensor, _ b: Tensor, backward: @escaping (Tensor) -> (Tensor?, Tensor?)
    ) -> Tensor {
        let y = broadcast(op, a, b)
        return y.recorded([a, b]) { dy in
            let (da, db) = backward(dy)
            return [
                a.requiresGradient ? da?.reduced(to: a.shape) : nil,
                b.requiresGradient ? db?.reduced(to: b.shape) : nil,
            ]
        }
    }

    private static func broadcast(_ op: ck_binary_op, _ a: Tensor, _ b: Tensor) -> Tensor {
        let (pa, pb) = (a.pointer, b.pointer)
        if a.shape == b.shape {
            let y = Tensor(uninitialized: a.shape)
            let out = y.pointer
            parallelPieces(of: y.count) { start, length in
                ck_binary(op, Int64(length), pa + start, 1, pb + start, 1, out + start)
            }
            return y
        }
        let plan = BroadcastPlan(a.shape, b.shape)
        let y = Tensor(uninitialized: plan.shape)
        let out = y.pointer
        plan.forEachRow { row, offsetA, offsetB in
            ck_binary(
                op, Int64(plan.rowLength), pa + offsetA, Int32(plan.rowStrideA), pb + offsetB, Int32(plan.rowStrideB),
                out + row * plan.rowLength)
        }
        return y
    }

    /// Sums over the axes along which `target` was stretched to this shape.
    func reduced(to target: [Int]) -> Tensor {
        if shape == target { return self }
        var result = self
        let missing = rank - target.count
        for axis in 0..<rank where shape[axis] != 1 && (axis < missing || target[axis - missing] == 1) {
            result = result.sum(axis: axis, keepingAxis: true)
        }
        return result.viewed(as: target)
    }
}

/// How two shapes stretch to one, as rows of the merged trailing axes.
struct BroadcastPlan {
    let shape: [Int]
    let rowLength: Int
    let rowStrideA: Int
    let rowStrideB: Int
    private let outer: [Int]
    private let outerStridesA: [Int]
    private let outerStridesB: [Int]

    init(_ a: [Int], _ b: [Int]) {
        let rank = max(a.count, b.count)
        let pa = Array(repeating: 1, count: rank - a.count) + a, pb = Array(repeating: 1, count: rank - b.count) + b
        shape = (0..<rank).map { axis in
            precondition(
                pa[axis] == pb[axis] || pa[axis] == 1 || pb[axis] == 1, "shapes \(a) and \(b) do not broadcast")
            return max(pa[axis], pb[axis])
        }
        func strides(_ padded: [Int]) -> [Int] {
            var result = Array(repeating: 0, count: rank), step = 1
            for axis in stride(from: rank - 1, through: 0, by: -1) {
                result[axis] = padded[axis] == 1 ? 0 : step
                step *= padded[axis]
            }
            return result
        }
        let (sa, sb) = (strides(pa), strides(pb))
        // Trailing axes that both operands walk the same way (each either fully or not at all) make one row.
        var row = 1, split = rank
        var rowA: Int?, rowB: Int?
        while split > 0 {
            let axis = split - 1
            if shape[axis] != 1 {
                let wantsA = sa[axis] == 0 ? 0 : 1, wantsB = sb[axis] == 0 ? 0 : 1
                if (rowA ?? wantsA) != wantsA || (rowB ?? wantsB) != wantsB { break }
                (rowA, rowB) = (wantsA, wantsB)
            }
            row *= shape[axis]
            split -= 1
        }
        rowLength = row
        rowStrideA = rowA ?? 0
        rowStrideB = rowB ?? 0
        outer = Array(shape[..<split])
        outerStridesA = Array(sa[..<split])
        outerStridesB = Array(sb[..<split])
    }

    /// Calls `body(row, offset in a, offset in b)` for every row, in parallel over fixed groups of rows.
    func forEachRow(_ body: (Int, Int, Int) -> Void) {
        let rows = outer.reduce(1, *)
        let group = max(1, pieceSize / max(1, rowLength))
        parallelFor((rows + group - 1) / group) { piece in
            for row in piece * group..<min(rows, (piece + 1) * group) {
                var rest = row, offsetA = 0, offsetB = 0
                for axis in stride(from: outer.count - 1, through: 0, by: -1) {
                    let index = rest % outer[axis]
                    rest /= outer[axis]
                    offsetA += index * outerStridesA[axis]
                    offsetB += index * outerStridesB[axis]
                }
                body(row, offsetA, offsetB)
            }
        }
    }
}
