import CKernels

extension Tensor {
    /// One-dimensional convolution (cross-correlation, as in PyTorch's Conv1d).
    ///
    /// Self is [B, Cin, T], the result [B, Cout, (T + 2·padding − dilation·(K − 1) − 1) / stride + 1].
    /// - Parameters:
    ///   - weight: [Cout, Cin / groups, K].
    ///   - bias: [Cout].
    ///   - padding: zeros on both sides.
    ///   - magnitude: weight norm's g [Cout, 1, 1]; the weights are then g · weight / ‖weight‖ per output channel.
    ///   - inputLeakyReluSlope: convolve leakyRelu(self) of this slope instead of self, without storing it.
    ///   - outputLeakyReluSlope: a leaky ReLU of the result.
    ///   - residual: shaped like the result, added before that leaky ReLU.
    ///   - computed: the result, where it was computed together with other items: only the tape is wanted then.
    package func convolution1d(
        weight: Tensor, magnitude: Tensor? = nil, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0,
        dilation: Int = 1, groups: Int = 1, inputLeakyReluSlope: Float? = nil, outputLeakyReluSlope: Float? = nil,
        residual: Tensor? = nil, computed: Tensor? = nil
    ) -> Tensor {
        precondition(rank == 3, "a convolution takes [B, C, T], this has a shape of \(shape)")
        precondition(
            weight.rank == 3 && weight.shape[1] * groups == shape[1] && weight.shape[0] % groups == 0,
            "weights of \(weight.shape) in \(groups) groups do not fit an input of \(shape)")
        let (outputs, kernel) = (weight.shape[0], weight.shape[2])
        precondition(bias.map { $0.count == outputs } ?? true, "a bias for \(outputs) channels has another length")
        let reach = shape[2] + 2 * padding - dilation * (kernel - 1) - 1
        precondition(reach >= 0, "a kernel of \(kernel) by \(dilation) does not fit \(shape) padded by \(padding)")
        let geometry = ConvolutionGeometry(
            batch: shape[0], inputs: shape[1], outputs: outputs, groups: groups, kernel: kernel, stride: stride,
            padding: padding, dilation: dilation, longLength: shape[2], shortLength: reach / stride + 1)
        precondition(residual.map { $0.shape == geometry.shortShape } ?? true, "a residual has another shape")

        let norm = magnitude.map { WeightNorm(direction: weight, magnitude: $0) }
        let (inputSlope, outputSlope) = (inputLeakyReluSlope ?? 1, outputLeakyReluSlope ?? 1)
        let (x, w) = (detached(), weight.detached())
        let y =
            computed?.detached()
            ?? geometry.gather(
                GatedSignal(leakyRelu: x, slope: inputSlope), weight: w, scale: norm?.scale, bias: bias,
                finish: .leakyRelu(outputSlope).adding(residual))
        precondition(y.shape == geometry.shortShape, "a computed result has another shape")
        let tape = ConvolutionTape(input: self, weight: weight, magnitude: magnitude, bias: bias)
        let inputs = tape.inputs + (residual.map { [$0] } ?? [])
        // A leaky ReLU's result has the sign of what it was given.
        let saved = y.detached()
        return y.recorded(inputs) { dy in
            let d = GatedSignal(dy, gate: saved, slope: outputSlope)
            var gradients = tape.gradients(norm: norm) {
                geometry.spread(d, weight: w, scale: norm?.scale, bias: nil, finish: .gated(x, slope: inputSlope))
            } weights: {
                geometry.weightGradient(GatedSignal(leakyRelu: x, slope: inputSlope), d)
            } bias: {
                channelSums(d)
            }
            if let residual { gradients.append(residual.requiresGradient ? gatedValues(d) : nil) }
            return gradients
        }
    }
}

/// What every convolution has on the tape, and which of it wanted a gradient when it ran.
struct ConvolutionTape {
    let inputs: [Tensor]
    private let wanted: (input: Bool, weight: Bool, bias: Bool)
    private let hasMagnitude, hasBias: Bool

    init(input: Tensor, weight: Tensor, magnitude: Tensor?, bias: Tensor?) {
        inputs = [input, weight] + (magnitude.map { [$0] } ?? []) + (bias.map { [$0] } ?? [])
        wanted = (input.requiresGradient, weight.requiresGradient, bias?.requiresGradient ?? false)
        (hasMagnitude, hasBias) = (magnitude != nil, bias != nil)
    }

    /// One gradient for each of `inputs`.
    func gradients(
        norm: WeightNorm?, input: () -> Tensor, weights: () -> Tensor, bias: () -> Tensor
    ) -> [Tensor?] {
        let dInput = wanted.input ? input() : nil
        let dWeight = wanted.weight ? weights() : nil
        // The gradient of the folded weights becomes that of their direction, in its own memory.
        let dMagnitude = dWeight.flatMap { norm?.unfold($0) }
        return [dInput, dWeight] + (hasMagnitude ? [dMagnitude] : []) + (hasBias ? [wanted.bias ? bias() : nil] : [])
    }
}

/// A signal after its gate: where there is none, the tensor itself.
private func gatedValues(_ signal: GatedSignal) -> Tensor {
    guard let gate = signal.gate else { return signal.values }
    let result = Tensor(uninitialized: signal.values.shape)
    let (x, g, y) = (signal.values.pointer, gate.pointer, result.pointer)
    parallelPieces(of: result.count) { start, length in
        ck_unary_backward(
            CK_LEAKY_RELU, Int64(length), g + start, g + start, x + start, signal.slope, y + start)
    }
    return result
}
