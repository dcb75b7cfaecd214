import CKernels

/// What one convolution does to its shapes, and the three operators every convolution is made of.
///
/// A convolution takes a "long" signal [B, inputs, longLength] to a "short" one [B, outputs, shortLength]; a
/// transposed convolution is its adjoint. Weights are [outputs, inputs / groups, kernel] in both.
package struct ConvolutionGeometry {
    let shape: ck_convolution
    /// Whether it runs as a transposed one, for who counts the work.
    private let isTransposed: Bool

    package var longShape: [Int] { [Int(shape.batch), Int(shape.inputs), Int(shape.long_length)] }
    package var shortShape: [Int] { [Int(shape.batch), Int(shape.outputs), Int(shape.short_length)] }
    package var weightShape: [Int] { [Int(shape.outputs), Int(shape.inputs / shape.groups), Int(shape.kernel)] }

    /// `instructionSet` limits the kernels: 0 portable, 1 AVX2, 2 AVX-512; the machine's best by default.
    package init(
        batch: Int, inputs: Int, outputs: Int, groups: Int = 1, kernel: Int, stride: Int = 1, padding: Int = 0,
        dilation: Int = 1, longLength: Int, shortLength: Int, isTransposed: Bool = false,
        instructionSet: Int = Int.max
    ) {
        self.isTransposed = isTransposed
        shape = ck_convolution(
            batch: Int64(batch), inputs: Int64(inputs), outputs: Int64(outputs), groups: Int64(groups),
            kernel: Int64(kernel), stride: Int64(stride), padding: Int64(padding), dilation: Int64(dilation),
            long_length: Int64(longLength), short_length: Int64(shortLength),
            isa: Int64(min(instructionSet, Int(ck_isa_level()))))
    }

    /// The best instruction set of this machine.
    package static var bestInstructionSet: Int { Int(ck_isa_level()) }

    /// short = scale · (weight ∗ long) + bias, finished; where `longs` has a gate it is read through it.
    package func gather(
        _ longs: GatedSignal, weight: Tensor, scale: Storage? = nil, bias: Tensor?, finish: ConvolutionFinish = .none
    ) -> Tensor {
        recordWork(isTransposed ? .dataGradient : .forward)
        let result = Tensor(uninitialized: shortShape)
        if result.count == 0 { return result }
        let (w, y) = (weight.pointer, result.pointer)
        var (x, end) = (longs.kernelSignal, finish.kernelFinish(scale: scale, bias: bias))
        withUnsafePointers(&x, &end) { x, end in
            let packed = pack(ck_gather_packed_count, ck_gather_packings) { shape, index, packed in
                ck_gather_pack(shape, index, x, w, packed)
            }
            forEachItem(ck_gather_items, ck_gather_scratch) { shape, item, scratch in
                ck_gather_item(shape, item, x, w, packed.pointer, end, y, scratch)
            }
        }
        withExtendedLifetime((longs, finish, scale, bias)) {}
        return result
    }

    /// The adjoint of `gather`, plus `bias` per input channel, finished.
    package func spread(
        _ shorts: GatedSignal, weight: Tensor, scale: Storage? = nil, bias: Tensor?, finish: ConvolutionFinish = .none
    ) -> Tensor {
        recordWork(isTransposed ? .forward : .dataGradient)
        if spreadsByProduct { return spreadByProduct(shorts, weight: weight, scale: scale, bias: bias, finish: finish) }
        let result = Tensor(uninitialized: longShape)
        if result.count == 0 { return result }
        let (w, x) = (weight.pointer, result.pointer)
        var (y, end) = (shorts.kernelSignal, finish.kernelFinish(scale: scale, bias: bias))
        withUnsafePointers(&y, &end) { y, end in
            let packed = pack(ck_spread_packed_count, ck_spread_packings) { shape, index, packed in
                ck_spread_pack(shape, index, y, end.pointee.scale, w, packed)
            }
            forEachItem(ck_spread_items, ck_spread_scratch) { shape, item, scratch in
                ck_spread_item(shape, item, y, w, packed.pointer, end, x, scratch)
            }
        }
        withExtendedLifetime((shorts, finish, scale, bias)) {}
        return result
    }

    /// The gradient of ⟨gather(longs), shorts⟩ with respect to the weights.
    package func weightGradient(_ longs: GatedSignal, _ shorts: GatedSignal) -> Tensor {
        recordWork(.weightGradient)
        if takesGradientByProduct { return weightGradientByProduct(longs, shorts) }
        let result = Tensor(uninitialized: weightShape)
        let partials = withUnsafePointer(to: shape) { Int(ck_convolution_weights_partials($0)) }
        let sums = partials == 1 ? result : Tensor(uninitialized: [partials] + weightShape)
        let gradient = sums.pointer
        var (x, y) = (longs.kernelSignal, shorts.kernelSignal)
        withUnsafePointers(&x, &y) { x, y in
            let packed = pack(ck_convolution_weights_packed_count, ck_convolution_weights_packings) {
                shape, index, packed in
                ck_convolution_weights_pack(shape, index, x, y, packed)
            }
            forEachItem(ck_convolution_weights_items, ck_convolution_weights_scratch) { shape, item, scratch in
                ck_convolution_weights_item(shape, item, x, y, packed.pointer, gradient, scratch)
            }
        }
        withExtendedLifetime((longs, shorts)) {}
        if partials > 1 {
            let (count, total) = (result.count, result.pointer)
            parallelPieces(of: count) { start, length in
                (total + start).update(from: gradient + start, count: length)
                for partial in 1..<partials {
                    ck_accumulate(Int64(length), gradient + partial * count + start, total + start)
                }
            }
        }
        return result
    }

    /// The three operators on signals as they are.
    package func gather(_ longs: Tensor, weight: Tensor, bias: Tensor?) -> Tensor {
        gather(GatedSignal(longs), weight: weight, bias: bias)
    }
    package func spread(_ shorts: Tensor, weight: Tensor, bias: Tensor?) -> Tensor {
        spread(GatedSignal(shorts), weight: weight, bias: bias)
    }
    package func weightGradient(_ longs: Tensor, _ shorts: Tensor) -> Tensor {
        weightGradient(GatedSignal(longs), GatedSignal(shorts))
    }

    private func recordWork(_ pass: WorkItem.Pass) {
        WorkCounter.record(isTransposed ? .transposedConvolution : .convolution, pass, .convolution(figures))
    }

    /// The same shape as plain numbers.
    private var figures: WorkItem.Convolution {
        WorkItem.Convolution(
            batch: Int(shape.batch), inputs: Int(shape.inputs), outputs: Int(shape.outputs), groups: Int(shape.groups),
            kernel: Int(shape.kernel), stride: Int(shape.stride), padding: Int(shape.padding),
            dilation: Int(shape.dilation), longLength: Int(shape.long_length), shortLength: Int(shape.short_length))
    }

    private typealias ShapeFigure = (UnsafePointer<ck_convolution>?) -> Int64

    /// What several items read, in the order in which they read it.
    private func pack(
        _ count: ShapeFigure, _ packings: ShapeFigure,
        _ body: (UnsafePointer<ck_convolution>, Int64, UnsafeMutablePointer<Float>) -> Void
    ) -> Storage {
        withUnsafePointer(to: shape) { shape in
            let packed = Storage(count: Int(count(shape))), pieces = Int(packings(shape))
            // Little is packed by the caller, before another thread would be awake.
            let group = max(1, pieces * pieceSize / max(1, packed.count))
            parallelFor((pieces + group - 1) / group) { item in
                for piece in item * group..<min(pieces, (item + 1) * group) {
                    body(shape, Int64(piece), packed.pointer)
                }
            }
            return packed
        }
    }

    private func forEachItem(
        _ items: ShapeFigure, _ scratch: ShapeFigure,
        _ body: (UnsafePointer<ck_convolution>, Int64, UnsafeMutablePointer<Float>) -> Void
    ) {
        withUnsafePointer(to: shape) { shape in
            withScratch(Int(scratch(shape))) { memory in
                parallelFor(Int(items(shape))) { body(shape, Int64($0), memory.mine) }
            }
        }
    }
}

/// A signal that a convolution reads through a gate: multiplied by `slope` where the gate, shaped like it, is negative.
package struct GatedSignal {
    let values: Tensor
    let gate: Tensor?
    let slope: Float

    /// The signal as it is.
    package init(_ values: Tensor) { (self.values, gate, slope) = (values, nil, 1) }

    package init(_ values: Tensor, gate: Tensor, slope: Float) {
        (self.values, self.gate, self.slope) = (values, slope == 1 ? nil : gate, slope)
    }

    /// leakyRelu of the signal.
    package init(leakyRelu values: Tensor, slope: Float) { self.init(values, gate: values, slope: slope) }

    var kernelSignal: ck_signal { ck_signal(values: values.pointer, gate: gate?.pointer, slope: slope) }
}

/// What becomes of a convolution's sums before they are stored: a residual is added, and what a gate says is multiplied.
package struct ConvolutionFinish {
    var residual: Tensor?
    var gate: Tensor?
    var gatesItself = false
    var slope: Float = 1

    package static var none: ConvolutionFinish { ConvolutionFinish() }
    /// leakyRelu of the result.
    package static func leakyRelu(_ slope: Float) -> ConvolutionFinish {
        ConvolutionFinish(gatesItself: slope != 1, slope: slope)
    }
    /// Multiplies by `slope` where `gate`, shaped like the result, is negative.
    package static func gated(_ gate: Tensor, slope: Float) -> ConvolutionFinish {
        ConvolutionFinish(gate: slope == 1 ? nil : gate, slope: slope)
    }

    package func adding(_ residual: Tensor?) -> ConvolutionFinish {
        var finish = self
        finish.residual = residual
        return finish
    }

    func kernelFinish(scale: Storage?, bias: Tensor?) -> ck_finish {
        ck_finish(
            scale: scale?.pointer, bias: bias?.pointer, residual: residual?.pointer, gate: gate?.pointer,
            gates_itself: gatesItself ? 1 : 0, slope: slope)
    }
}

private func withUnsafePointers<A, B>(
    _ a: inout A, _ b: inout B, _ body: (UnsafePointer<A>, UnsafePointer<B>) -> Void
) {
    withUnsafePointer(to: &a) { a in withUnsafePointer(to: &b) { b in body(a, b) } }
}

/// The obvious loops, as the oracle of the fast ones.
package enum PlainConvolution {
    package static func gather(
        _ geometry: ConvolutionGeometry, _ longs: Tensor, slope: Float = 1, weight: Tensor, bias: Tensor?
    ) -> Tensor {
        let result = Tensor(uninitialized: geometry.shortShape)
        geometry.withShape { ck_gather_plain($0, longs.pointer, slope, weight.pointer, bias?.pointer, result.pointer) }
        return result
    }

    package static func spread(
        _ geometry: ConvolutionGeometry, _ shorts: Tensor, weight: Tensor, bias: Tensor?
    ) -> Tensor {
        let result = Tensor(uninitialized: geometry.longShape)
        geometry.withShape { ck_spread_plain($0, shorts.pointer, weight.pointer, bias?.pointer, result.pointer) }
        return result
    }

    package static func weightGradient(
        _ geometry: ConvolutionGeometry, _ longs: Tensor, slope: Float = 1, _ shorts: Tensor
    ) -> Tensor {
        let result = Tensor(uninitialized: geometry.weightShape)
        geometry.withShape {
            ck_convolution_weights_plain($0, longs.pointer, slope, shorts.pointer, result.pointer)
        }
        return result
    }
}

extension ConvolutionGeometry {
    fileprivate func withShape(_ body: (UnsafePointer<ck_convolution>) -> Void) { withUnsafePointer(to: shape, body) }
}

/// Sums [B, C, T] over B and T, through the gate: the gradient of a bias.
func channelSums(_ signal: GatedSignal) -> Tensor {
    let shape = signal.values.shape, (batch, channels, length) = (shape[0], shape[1], shape[2])
    let result = Tensor(uninitialized: [channels])
    let (source, gate, target) = (signal.values.pointer, signal.gate?.pointer, result.pointer)
    // Each channel is summed batch item by batch item.
    parallelRows(channels, batch * length) { channel in
        var total: Float = 0
        for b in 0..<batch {
            let at = (b * channels + channel) * length
            if let gate {
                total += ck_gated_sum(Int64(length), source + at, gate + at, signal.slope)
            } else {
                total += ck_sum(Int64(length), source + at)
            }
        }
        target[channel] = total
    }
    return result
}
