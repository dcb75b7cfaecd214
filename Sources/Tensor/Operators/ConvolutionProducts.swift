import CKernels

/// Convolutions of few positions as one product of matrices: their weights are many, and are read or written once.
extension ConvolutionGeometry {
    private var positions: Int { Int(shape.batch * shape.short_length) }
    private var weights: Int { Int(shape.outputs * shape.inputs * shape.kernel) }

    /// Long kernels of large strides; of 11 taps fewer multiplications are better.
    private var isLongAndStrided: Bool { shape.stride > 1 && shape.kernel >= 8 && shape.kernel != 11 }

    /// Whether the weights' gradient is made so.
    var takesGradientByProduct: Bool {
        let most = isLongAndStrided ? 512 : shape.kernel == 1 ? 256 : 128
        return shape.groups == 1 && (16...most).contains(positions) && weights >= 1 << 14
    }

    /// Whether `spread` is made so.
    var spreadsByProduct: Bool {
        guard shape.groups == 1, shape.dilation == 1, shape.stride > 1 else { return false }
        return isLongAndStrided && (16...512).contains(positions) && weights >= 1 << 16
            || (16...300).contains(positions) && weights >= 1 << 20
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
        let rows = Storage(count: channels * channel)
        parallelRows(channels, channel) { index in
            var (side, signal) = (side, signal.kernelSignal)
            ck_unfold(
                &side, &signal, scale?.pointer[index] ?? 1, Int64(index), Int64(pitch), rows.pointer + index * channel)
        }
        return rows
    }

    func weightGradientByProduct(_ longs: GatedSignal, _ shorts: GatedSignal) -> Tensor {
        let columns = Int(shape.inputs * shape.kernel)
        let right = tapRows(shape, longs), left = tapRows(shortSide, shorts)
        let result = Tensor(uninitialized: weightShape)
        ProductShape(rows: Int(shape.outputs), columns: columns, depth: positions, instructionSet: Int(shape.isa))
            .multiply(
                Factor(left.pointer, rowStep: positions), Factor(right.pointer, rowStep: positions).transposed,
                into: ProductResult(result.pointer, rowStep: columns))
        withExtendedLifetime((longs, shorts, left, right)) {}
        return result
    }

    /// The signal's taps side by side: where it has one batch item and one tap only, the signal itself.
    private func tapRows(_ side: ck_convolution, _ signal: GatedSignal) -> Tensor {
        let isItself =
            side.batch == 1 && side.kernel == 1 && side.stride == 1 && side.padding == 0 && signal.gate == nil
        if isItself { return signal.values }
        let rows = unfolded(side, signal, pitch: positions)
        return Tensor(shape: [rows.count], storage: rows)
    }

    func spreadByProduct(
        _ shorts: GatedSignal, weight: Tensor, scale: Storage?, bias: Tensor?, finish: ConvolutionFinish
    ) -> Tensor {
        let rows = Int(shape.inputs * shape.kernel)
        let right = unfolded(shortSide, shorts, scale: scale, pitch: positions)
        let taps = Storage(count: rows * positions)
        ProductShape(rows: rows, columns: positions, depth: Int(shape.outputs), instructionSet: Int(shape.isa))
            .multiply(
                Factor(weight.pointer, rowStep: rows).transposed, Factor(right.pointer, rowStep: positions),
                into: ProductResult(taps.pointer, rowStep: positions))
        let result = Tensor(uninitialized: longShape)
        fold(taps, finish.kernelFinish(scale: nil, bias: bias), into: result)
        withExtendedLifetime((shorts, scale, bias, finish, right)) {}
        return result
    }

    /// Makes the long signal of its taps' rows.
    private func fold(_ rows: Storage, _ finish: ck_finish, into result: Tensor) {
        let pitch = positions, channel = Int(shape.kernel) * pitch, target = result.pointer
        parallelRows(Int(shape.inputs), channel) { index in
            var (shape, finish) = (shape, finish)
            let memory = Storage(count: Int(ck_fold_scratch(&shape)))
            ck_fold(
                &shape, rows.pointer + index * channel, Int64(pitch), Int64(index), &finish, target, memory.pointer)
        }
        withExtendedLifetime(rows) {}
    }
}
