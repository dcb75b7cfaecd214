import CKernels

/// Inverted dropout of one call. Its factors are drawn anew wherever they are needed and never kept: that is faster
/// than to read them back.
struct Dropout {
    let stream: RandomStream
    let rate: Float

    /// What survives is multiplied by this.
    var kept: Float { ck_dropout_kept(rate) }

    /// How far apart the factors of two rows of `width` begin, so that no drawn number is thrown away within a row.
    static func rowStep(_ width: Int) -> Int { (width + group - 1) / group * group }
    private static let group = Int(ck_dropout_group)

    /// Multiplies `count` numbers by the factors from number `start` on, on the calling thread.
    func multiply(_ values: UnsafeMutablePointer<Float>, start: Int, count: Int) {
        withFactors(start: start, count: count) { ck_multiply_into(Int64(count), $0, values) }
    }

    /// The factors from number `start` on.
    func withFactors(start: Int, count: Int, _ body: (UnsafePointer<Float>) -> Void) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { factors in
            guard let base = factors.baseAddress else { return }
            stream.fillDropout(base, start: start, count: count, rate: rate)
            body(base)
        }
    }
}

extension Tensor {
    /// Inverted dropout; the tensor itself when `randomness` is nil (evaluation) or the rate is 0.
    package func dropout(_ rate: Float, _ randomness: StepRandomness?) -> Tensor {
        guard let randomness, rate > 0 else { return self }
        let dropout = Dropout(stream: randomness.next("dropout", count: count), rate: rate)
        return dropped(dropout).recorded([self]) { dy in [dy.detached().dropped(dropout)] }
    }

    fileprivate func dropped(_ dropout: Dropout) -> Tensor {
        let y = Tensor(uninitialized: shape)
        let (source, target) = (pointer, y.pointer)
        parallelPieces(of: count) { start, length in
            dropout.stream.fillDropout(target + start, start: start, count: length, rate: dropout.rate)
            ck_multiply_into(Int64(length), source + start, target + start)
        }
        return y
    }

    /// x + dropout(branch), of two tensors of one shape.
    package func adding(_ branch: Tensor, dropout rate: Float, _ randomness: StepRandomness?) -> Tensor {
        precondition(branch.shape == shape, "a branch of \(branch.shape) cannot be added to \(shape)")
        guard let randomness, rate > 0 else { return self + branch }
        let dropout = Dropout(stream: randomness.next("dropout", count: count), rate: rate)
        let y = Tensor(uninitialized: shape)
        let (px, pb, py) = (pointer, branch.pointer, y.pointer)
        parallelPieces(of: count) { start, length in
            dropout.withFactors(start: start, count: length) {
                ck_multiply_add(Int64(length), px + start, pb + start, $0, py + start)
            }
        }
        return y.recorded([self, branch]) { dy in
            [dy, branch.requiresGradient ? dy.detached().dropped(dropout) : nil]
        }
    }

    /// layer norm(x + dropout(branch)) over the last axis, of two tensors of one shape.
    package func addingAndNormalizing(
        _ branch: Tensor, dropout rate: Float, _ randomness: StepRandomness?, gamma: Tensor, beta: Tensor,
        epsilon: Float = 1e-5
    ) -> Tensor {
        precondition(branch.shape == shape, "a branch of \(branch.shape) cannot be added to \(shape)")
        guard let randomness, rate > 0 else {
            return (self + branch).layerNorm(gamma: gamma, beta: beta, epsilon: epsilon)
        }
        let dropout = Dropout(stream: randomness.next("dropout", count: count), rate: rate)
        let norm = LayerNormPass(self, gamma: gamma, beta: beta, epsilon: epsilon)
        let sum = Tensor(uninitialized: shape), y = Tensor(uninitialized: shape), width = norm.width
        let (px, pb, ps) = (pointer, branch.pointer, sum.pointer)
        norm.forward(sum, into: y) { row in
            let at = row * width
            dropout.withFactors(start: at, count: width) {
                ck_multiply_add(Int64(width), px + at, pb + at, $0, ps + at)
            }
        }
        return y.recorded([self, branch, gamma, beta]) { dy in
            let dBranch = branch.requiresGradient ? Tensor(uninitialized: sum.shape) : nil
            let out = dBranch?.pointer
            let dx = norm.dataGradient(sum, dy) { row, gradient in
                guard let out else { return }
                (out + row * width).update(from: gradient, count: width)
                dropout.multiply(out + row * width, start: row * width, count: width)
            }
            let (dGamma, dBeta) = norm.parameterGradients(sum, dy)
            return [dx, dBranch, dGamma, dBeta]
        }
    }
}
