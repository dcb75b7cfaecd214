import CKernels

extension Tensor {
    /// x · weightᵀ + bias: [..., I] with weight [O, I] -> [..., O].
    package func linear(weight: Tensor, bias: Tensor? = nil) -> Tensor {
        let layer = LinearProducts(self, weight)
        let y = Tensor(uninitialized: Array(shape.dropLast()) + [layer.outputs])
        layer.forward(self, weight, bias, into: ProductResult(y.pointer, rowStep: layer.outputs))
        let (savedX, savedWeight) = (detached(), weight.detached())
        return y.recorded([self, weight] + (bias.map { [$0] } ?? [])) { dy in
            [
                self.requiresGradient ? layer.dataGradient(dy, savedWeight, shape: savedX.shape) : nil,
                weight.requiresGradient ? layer.weightGradient(dy, savedX) : nil,
            ] + (bias.map { [$0.requiresGradient ? layer.biasGradient(dy) : nil] } ?? [])
        }
    }

    /// x · weightᵀ + bias + scale · (x · downᵀ) · upᵀ, a matrix with one of low rank beside it (Hu et al. 2021, eq. 3), or
    /// where `rectifies` what of that is positive: [..., I] with weight [O, I], down [r, I], up [O, r] -> [..., O].
    /// `dropped` is what the narrow matrix reads in x's place, x after dropout.
    package func linear(
        weight: Tensor, bias: Tensor?, down: Tensor, up: Tensor, scale: Float, dropped: Tensor? = nil,
        rectifies: Bool = false
    ) -> Tensor {
        let heard = dropped ?? self
        let whole = LinearProducts(self, weight), first = LinearProducts(heard, down)
        let y = Tensor(uninitialized: Array(shape.dropLast()) + [whole.outputs])
        whole.forward(self, weight, bias, into: ProductResult(y.pointer, rowStep: whole.outputs))
        let narrow = Tensor(uninitialized: [first.rows, first.outputs])
        var result = ProductResult(narrow.pointer, rowStep: first.outputs)
        result.scale = scale
        first.forward(heard, down, nil, into: result)
        let second = LinearProducts(narrow, up)
        result = ProductResult(y.pointer, rowStep: whole.outputs)
        (result.adds, result.rectifies) = (true, rectifies)
        second.forward(narrow, up, nil, into: result)
        let (savedX, savedHeard, positive) = (detached(), heard.detached(), rectifies ? y.detached() : nil)
        let (savedWeight, savedDown, savedUp) = (weight.detached(), down.detached(), up.detached())
        let inputs = [self, weight, down, up] + (bias.map { [$0] } ?? []) + (dropped.map { [$0] } ?? [])
        return y.recorded(inputs) { dy in
            let dy = positive.map { dy.where(isPositive: $0) } ?? dy
            let dNarrow = second.dataGradient(dy, savedUp, shape: narrow.shape).detached() * scale
            let dx = self.requiresGradient ? whole.dataGradient(dy, savedWeight, shape: savedX.shape) : nil
            if let dx, dropped == nil {
                first.addDataGradient(dNarrow, savedDown, to: dx)
            }
            var gradients = [
                dx, weight.requiresGradient ? whole.weightGradient(dy, savedX) : nil,
                down.requiresGradient ? first.weightGradient(dNarrow, savedHeard) : nil,
                up.requiresGradient ? second.weightGradient(dy, narrow) : nil,
            ]
            if let bias { gradients.append(bias.requiresGradient ? whole.biasGradient(dy) : nil) }
            if let dropped {
                gradients.append(
                    dropped.requiresGradient ? first.dataGradient(dNarrow, savedDown, shape: savedHeard.shape) : nil)
            }
            return gradients
        }
    }

    /// These numbers where others are above 0, else 0.
    private func `where`(isPositive other: Tensor) -> Tensor {
        let y = Tensor(uninitialized: shape)
        let (source, sign, target) = (pointer, other.pointer, y.pointer)
        parallelPieces(of: count) { start, length in
            for index in start..<start + length { target[index] = sign[index] > 0 ? source[index] : 0 }
        }
        return y
    }

    /// What stands between the two matrices of a feed-forward network.
    package enum FeedForwardActivation {
        case relu, gelu
    }

    /// dropout(activation(x · expandᵀ + b)) · contractᵀ + c, the feed-forward network of a transformer (Vaswani et al.
    /// 2017): [..., I] with matrices [H, I] and [I, H] -> [..., I]. Dropout only where `randomness` is given.
    package func feedForward(
        expand: (weight: Tensor, bias: Tensor), contract: (weight: Tensor, bias: Tensor),
        activation: FeedForwardActivation, dropout rate: Float = 0, randomness: StepRandomness? = nil
    ) -> Tensor {
        let first = LinearProducts(self, expand.weight)
        let dropout = rate > 0 ? randomness.map {
            Dropout(stream: $0.next("dropout", count: first.rows * first.outputs), rate: rate)
        } : nil
        // GELU's slope needs its input; of ReLU and dropout the result tells all.
        let inner = Tensor(uninitialized: [first.rows, first.outputs])
        let hidden = activation == .relu ? inner : Tensor(uninitialized: inner.shape)
        var result = ProductResult(inner.pointer, rowStep: first.outputs)
        result.rectifies = activation == .relu
        let (pi, ph) = (inner.pointer, hidden.pointer)
        first.forward(self, expand.weight, expand.bias, into: result) { rows, columns in
            for row in rows {
                let at = row * first.outputs + columns.lowerBound
                if activation == .gelu { ck_unary(CK_GELU, Int64(columns.count), pi + at, 0, ph + at) }
                dropout?.multiply(ph + at, start: at, count: columns.count)
            }
        }
        let second = LinearProducts(hidden, contract.weight)
        let y = Tensor(uninitialized: Array(shape.dropLast()) + [second.outputs])
        second.forward(
            hidden, contract.weight, contract.bias, into: ProductResult(y.pointer, rowStep: second.outputs))
        let (x, expansion, contraction) = (detached(), expand.weight.detached(), contract.weight.detached())
        return y.recorded([self, expand.weight, expand.bias, contract.weight, contract.bias]) { dy in
            let dInner = second.hiddenGradient(
                dy, contraction, inner: inner, hidden: hidden, activation: activation, dropout: dropout)
            return [
                self.requiresGradient ? first.dataGradient(dInner, expansion, shape: x.shape) : nil,
                expand.weight.requiresGradient ? first.weightGradient(dInner, x) : nil,
                expand.bias.requiresGradient ? first.biasGradient(dInner) : nil,
                contract.weight.requiresGradient ? second.weightGradient(dy, hidden) : nil,
                contract.bias.requiresGradient ? second.biasGradient(dy) : nil,
            ]
        }
    }

    /// The sums of the columns of [rows, columns], each from the first row to the last.
    func columnSums(rows: Int, columns: Int) -> Tensor {
        let y = Tensor(uninitialized: [columns])
        let (source, target) = (pointer, y.pointer)
        parallelColumns(columns) { start, count in
            ck_column_sums(Int64(rows), Int64(count), source + start, Int64(columns), target + start)
        }
        return y
    }
}

/// Runs `body(start, count)` on fixed strips of columns: cache lines wide, so that no two read the same ones.
func parallelColumns(_ columns: Int, _ body: (Int, Int) -> Void) {
    let strip = 64
    parallelFor((columns + strip - 1) / strip) { item in
        body(item * strip, min(strip, columns - item * strip))
    }
}

/// The three products of a matrix [outputs, inputs] with rows of inputs.
private struct LinearProducts {
    let rows, inputs, outputs: Int

    init(_ x: Tensor, _ weight: Tensor) {
        inputs = x.shape[x.rank - 1]
        outputs = weight.shape[0]
        rows = x.count / max(1, inputs)
        precondition(weight.shape[1] == inputs, "a weight of \(weight.shape) does not fit an input of \(x.shape)")
    }

    private func record(_ pass: WorkItem.Pass) {
        WorkCounter.record(.product, pass, .product(rows: rows, inputs: inputs, outputs: outputs))
    }

    /// x · weightᵀ + bias
    func forward(
        _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, into result: ProductResult,
        finishing: ((Range<Int>, Range<Int>) -> Void)? = nil
    ) {
        record(.forward)
        var result = result
        result.bias = bias.map { UnsafePointer($0.pointer) }
        ProductShape(rows: rows, columns: outputs, depth: inputs).multiply(
            Factor(x.pointer, rowStep: inputs), Factor(weight.pointer, rowStep: inputs).transposed, into: result,
            finishing: finishing)
    }

    /// dy · weight
    private func dataGradient(
        _ dy: Tensor, _ weight: Tensor, into result: ProductResult,
        finishing: ((Range<Int>, Range<Int>) -> Void)? = nil
    ) {
        record(.dataGradient)
        ProductShape(rows: rows, columns: inputs, depth: outputs).multiply(
            Factor(dy.pointer, rowStep: outputs), Factor(weight.pointer, rowStep: inputs), into: result,
            finishing: finishing)
    }

    func dataGradient(_ dy: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        let dx = Tensor(uninitialized: shape)
        dataGradient(dy, weight, into: ProductResult(dx.pointer, rowStep: inputs))
        return dx
    }

    func addDataGradient(_ dy: Tensor, _ weight: Tensor, to dx: Tensor) {
        var result = ProductResult(dx.pointer, rowStep: inputs)
        result.adds = true
        dataGradient(dy, weight, into: result)
    }

    /// dyᵀ · x
    func weightGradient(_ dy: Tensor, _ x: Tensor) -> Tensor {
        record(.weightGradient)
        let gradient = Tensor(uninitialized: [outputs, inputs])
        ProductShape(rows: outputs, columns: inputs, depth: rows).multiply(
            Factor(dy.pointer, rowStep: outputs).transposed, Factor(x.pointer, rowStep: inputs),
            into: ProductResult(gradient.pointer, rowStep: inputs))
        return gradient
    }

    func biasGradient(_ dy: Tensor) -> Tensor { dy.columnSums(rows: rows, columns: outputs) }

    /// The gradient of what an activation made this layer's input of.
    func hiddenGradient(
        _ dy: Tensor, _ weight: Tensor, inner: Tensor, hidden: Tensor, activation: Tensor.FeedForwardActivation,
        dropout: Dropout?
    ) -> Tensor {
        let gradient = Tensor(uninitialized: inner.shape)
        let (out, x, y) = (gradient.pointer, inner.pointer, hidden.pointer)
        var result = ProductResult(out, rowStep: inputs)
        switch activation {
        case .relu:
            result.gate = UnsafePointer(y)
            result.gateFactor = dropout?.kept ?? 1
            dataGradient(dy, weight, into: result)
        case .gelu:
            dataGradient(dy, weight, into: result) { rows, columns in
                let arrived = Storage(count: columns.count)
                for row in rows {
                    let at = row * inputs + columns.lowerBound
                    dropout?.multiply(out + at, start: at, count: columns.count)
                    arrived.pointer.update(from: out + at, count: columns.count)
                    ck_unary_backward(
                        CK_GELU, Int64(columns.count), x + at, y + at, arrived.pointer, 0, out + at)
                }
            }
        }
        return gradient
    }
}
