import CKernels

/// What one convolution does to its shapes, and the three operators every convolution is made of.
///
/// A convolution takes a "long" signal [B, inputs, longLength] to a "short" one [B, outputs, shortLength]; a
/// transposed convolution is its adjoint. Weights are [outputs, inputs / groups, kernel] in both.
package struct ConvolutionGeometry {
    private var shape: ck_convolution
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

    /// short = weight ∗ leakyRelu(long, slope) + bias; a slope of 1 leaves `longs` as it is.
    package func gather(_ longs: Tensor, slope: Float = 1, weight: Tensor, bias: Tensor?) -> Tensor {
        recordWork(isTransposed ? .dataGradient : .forward)
        let result = Tensor(uninitialized: shortShape)
        if result.count == 0 { return result }
        let packed = pack(ck_gather_packed_count, ck_gather_weight_items, ck_gather_pack_weights, weight)
        let (x, b, y) = (longs.pointer, bias?.pointer, result.pointer)
        forEachItem(ck_gather_items, ck_gather_scratch) { shape, item, scratch in
            ck_gather_item(shape, item, x, slope, packed.pointer, b, y, scratch)
        }
        return result
    }

    /// The adjoint of `gather`, plus `bias` per input channel.
    ///
    /// With `leakyReluInput` (shaped like the long signal) the result is multiplied by the leaky ReLU's derivative.
    package func spread(
        _ shorts: Tensor, weight: Tensor, bias: Tensor?, leakyReluInput: Tensor? = nil, slope: Float = 1
    ) -> Tensor {
        recordWork(isTransposed ? .forward : .dataGradient)
        let result = Tensor(uninitialized: longShape)
        if result.count == 0 { return result }
        let packed = pack(ck_spread_packed_count, ck_spread_weight_items, ck_spread_pack_weights, weight)
        let (y, b, x) = (shorts.pointer, bias?.pointer, result.pointer)
        let gate = slope == 1 ? nil : leakyReluInput?.pointer
        forEachItem(ck_spread_items, ck_spread_scratch) { shape, item, scratch in
            ck_spread_item(shape, item, y, packed.pointer, b, gate, slope, x, scratch)
        }
        return result
    }

    /// The gradient of ⟨gather(longs), shorts⟩ with respect to the weights.
    package func weightGradient(_ longs: Tensor, slope: Float = 1, _ shorts: Tensor) -> Tensor {
        recordWork(.weightGradient)
        let result = Tensor(uninitialized: weightShape)
        let partials = withUnsafePointer(to: shape) { Int(ck_convolution_weights_partials($0)) }
        let sums = partials == 1 ? result : Tensor(uninitialized: [partials] + weightShape)
        let (x, y, gradient) = (longs.pointer, shorts.pointer, sums.pointer)
        let packed = withUnsafePointer(to: shape) { shape in
            let packed = Storage(count: Int(ck_convolution_weights_packed_count(shape)))
            parallelFor(Int(ck_convolution_weights_tiles(shape))) { tile in
                ck_convolution_weights_pack_tile(shape, Int64(tile), x, slope, y, packed.pointer)
            }
            return packed
        }
        forEachItem(ck_convolution_weights_items, ck_convolution_weights_scratch) { shape, item, scratch in
            ck_convolution_weights_item(shape, item, x, slope, y, packed.pointer, gradient, scratch)
        }
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
    private typealias WeightPacking =
        (UnsafePointer<ck_convolution>?, Int64, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void

    /// The weights in the order in which the kernels read them.
    private func pack(
        _ count: ShapeFigure, _ items: ShapeFigure,
        _ packItem: WeightPacking,
        _ weight: Tensor
    ) -> Storage {
        withUnsafePointer(to: shape) { shape in
            let packed = Storage(count: Int(count(shape)))
            let items = Int(items(shape))
            // Small ones are packed by the caller, before another thread would be awake.
            let group = max(1, items * pieceSize / max(1, packed.count))
            parallelFor((items + group - 1) / group) { piece in
                for item in piece * group..<min(items, (piece + 1) * group) {
                    packItem(shape, Int64(item), weight.pointer, packed.pointer)
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
            let floats = Int(scratch(shape))
            parallelFor(Int(items(shape))) { item in
                let memory = Storage(count: floats)
                withExtendedLifetime(memory) { body(shape, Int64(item), memory.pointer) }
            }
        }
    }
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

/// Sums [B, C, T] over B and T: the gradient of a bias.
func channelSums(_ x: Tensor) -> Tensor {
    let (batch, channels, length) = (x.shape[0], x.shape[1], x.shape[2])
    let result = Tensor(uninitialized: [channels])
    let (source, target) = (x.pointer, result.pointer)
    // Groups of whole channels, each summed batch item by batch item.
    let group = max(1, pieceSize / max(1, batch * length))
    parallelFor((channels + group - 1) / group) { piece in
        for channel in piece * group..<min(channels, (piece + 1) * group) {
            var total: Float = 0
            for b in 0..<batch { total += ck_sum(Int64(length), source + (b * channels + channel) * length) }
            target[channel] = total
        }
    }
    return result
}
