import CKernels

/// What one convolution does to its shapes, and the three operators every convolution is made of.
///
/// A convolution takes a "long" signal [B, inputs, longLength] to a "short" one [B, outputs, shortLength]; a
/// transposed convolution is its adjoint. Weights are [outputs, inputs / groups, kernel] in both.
struct ConvolutionGeometry {
    var shape: ck_convolution

    private var longShape: [Int] { [Int(shape.batch), Int(shape.inputs), Int(shape.long_length)] }
    private var shortShape: [Int] { [Int(shape.batch), Int(shape.outputs), Int(shape.short_length)] }
    private var weightShape: [Int] { [Int(shape.outputs), Int(shape.inputs / shape.groups), Int(shape.kernel)] }

    /// short = weight ∗ leakyRelu(long, slope) + bias; a slope of 1 leaves `long` as it is.
    func gather(_ longs: Tensor, slope: Float = 1, weight: Tensor, bias: Tensor?) -> Tensor {
        let result = Tensor(uninitialized: shortShape)
        perBatchItem { one, b in
            ck_gather_plain(
                &one, longs.pointer + b * longs.count / max(1, Int(shape.batch)), slope, weight.pointer, bias?.pointer,
                result.pointer + b * result.count / max(1, Int(shape.batch)))
        }
        return result
    }

    /// The adjoint of `gather`, plus `bias` per input channel.
    ///
    /// With `leakyReluInput` (shaped like the long signal) the result is multiplied by the leaky ReLU's derivative.
    func spread(
        _ shorts: Tensor, weight: Tensor, bias: Tensor?, leakyReluInput: Tensor? = nil, slope: Float = 1
    ) -> Tensor {
        let result = Tensor(uninitialized: longShape)
        perBatchItem { one, b in
            ck_spread_plain(
                &one, shorts.pointer + b * shorts.count / max(1, Int(shape.batch)), weight.pointer, bias?.pointer,
                result.pointer + b * result.count / max(1, Int(shape.batch)))
        }
        guard let leakyReluInput, slope != 1 else { return result }
        let gated = Tensor(uninitialized: longShape)
        let (x, dy, dx) = (leakyReluInput.pointer, result.pointer, gated.pointer)
        parallelPieces(of: gated.count) { start, length in
            ck_unary_backward(
                CK_LEAKY_RELU, Int64(length), x + start, x + start, dy + start, slope, dx + start)
        }
        return gated
    }

    /// The gradient of ⟨gather(long), short⟩ with respect to the weights.
    func weightGradient(_ longs: Tensor, slope: Float = 1, _ shorts: Tensor) -> Tensor {
        let result = Tensor(uninitialized: weightShape)
        var shape = shape
        ck_convolution_weights_plain(&shape, longs.pointer, slope, shorts.pointer, result.pointer)
        return result
    }

    private func perBatchItem(_ body: (inout ck_convolution, Int) -> Void) {
        parallelFor(Int(shape.batch)) { b in
            var one = shape
            one.batch = 1
            body(&one, b)
        }
    }
}

/// Sums [B, C, T] over B and T: the gradient of a bias.
func channelSums(_ x: Tensor) -> Tensor {
    let (batch, channels, length) = (x.shape[0], x.shape[1], x.shape[2])
    let result = Tensor(uninitialized: [channels])
    let (source, target) = (x.pointer, result.pointer)
    // One item a group of channels, each summed item by item of the batch.
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
