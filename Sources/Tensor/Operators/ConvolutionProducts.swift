import CKernels

/// Convolutions of few positions as one product of matrices: their weights are many, and are read or written once.
extension ConvolutionGeometry {
    private var positions: Int { Int(shape.batch * shape.short_length) }
    private var weights: Int { Int(shape.outputs * shape.inputs * shape.kernel) }

    /// Whether the weights' gradient is made so.
    var takesGradientByProduct: Bool {
        shape.groups == 1 && (16...(shape.kernel == 1 ? 256 : 128)).contains(positions) && weights >= 1 << 14
    }

    /// Whether `spread` is made so: large strides of long kernels, but 11, whose filters need fewer multiplications.
    var spreadsByProduct: Bool {
        shape.groups == 1 && shape.dilation == 1 && shape.stride > 1 && shape.kernel >= 8 && shape.kernel != 11
            && (16...4096).contains(positions) && weights >= 1 << 16
    }

    /// [outputs, batch · short length], a row a channel.
    private var shortSide: ck_convolution {
        var side = shape
        (side.inputs, side.kernel, side.stride, side.padding, side.dilation) = (shape.outputs, 1, 1, 0, 1)
        side.long_length = shape.short_length
        return side
    }

    /// Rows of `pitch` floats, `kernel` of them a channel.
    private func unfolded(_ side: ck_convolution, _ signal: GatedSignal, scale: Storage? = nil, pitch: Int) -> Storage {
        let channel = Int(side.kernel) * pitch, channels = Int(side.inputs)
        let rows = Storage(count: channels * channel), group = max(1, pieceSize / channel)
        parallelFor((channels + group - 1) / group) { piece in
            var (side, kernelSignal) = (side, signal.kernelSignal)
            for index in piece * group..<min(channels, (piece + 1) * group) {
                ck_unfold(
                    &side, &kernelSignal, scale?.pointer[index] ?? 1, Int64(index), Int64(pitch),
                    rows.pointer + index * channel)
            }
        }
        return rows
    }

    func weightGradientByProduct(_ longs: GatedSignal, _ shorts: GatedSignal) -> Tensor {
        // Whole vectors of positions, zeros behind the last one.
        let depth = (positions + 15) / 16 * 16, columns = Int(shape.inputs * shape.kernel)
        let right = unfolded(shape, longs, pitch: depth), left = unfolded(shortSide, shorts, pitch: depth)
        let result = Tensor(uninitialized: weightShape)
        ProductShape(rows: Int(shape.outputs), columns: columns, depth: depth, instructionSet: Int(shape.isa)).multiply(
            Factor(left.pointer, rowStep: depth), Factor(right.pointer, rowStep: depth).transposed,
            into: ProductResult(result.pointer, rowStep: columns))
        withExtendedLifetime((longs, shorts, left, right)) {}
        return result
    }

    func spreadByProduct(
        _ shorts: GatedSignal, weight: Tensor, scale: Storage?, bias: Tensor?, finish: ConvolutionFinish
    ) -> Tensor {
        let channel = Int(shape.kernel) * positions, rows = Int(shape.inputs * shape.kernel)
        let right = unfolded(shortSide, shorts, scale: scale, pitch: positions)
        let taps = Storage(count: rows * positions)
        ProductShape(rows: rows, columns: positions, depth: Int(shape.outputs), instructionSet: Int(shape.isa))
            .multiply(
                Factor(weight.pointer, rowStep: rows).transposed, Factor(right.pointer, rowStep: positions),
                into: ProductResult(taps.pointer, rowStep: positions))
        let result = Tensor(uninitialized: longShape), target = result.pointer, channels = Int(shape.inputs)
        let end = finish.kernelFinish(scale: nil, bias: bias), group = max(1, pieceSize / channel)
        parallelFor((channels + group - 1) / group) { piece in
            var (shape, end) = (shape, end)
            let memory = Storage(count: Int(ck_fold_scratch(&shape)))
            for index in piece * group..<min(channels, (piece + 1) * group) {
                ck_fold(
                    &shape, taps.pointer + index * channel, Int64(positions), Int64(index), &end, target,
                    memory.pointer)
            }
        }
        withExtendedLifetime((shorts, scale, bias, finish, right, taps)) {}
        return result
    }
}
