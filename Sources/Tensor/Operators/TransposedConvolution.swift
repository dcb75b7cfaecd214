extension Tensor {
    /// One-dimensional transposed convolution (PyTorch's ConvTranspose1d): upsampling by `stride`.
    ///
    /// Self is [B, Cin, T], the result [B, Cout, (T − 1)·stride − 2·padding + K].
    /// - Parameters:
    ///   - weight: [Cin, Cout, K].
    ///   - bias: [Cout].
    ///   - magnitude: weight norm's g [Cin, 1, 1]; the weights are then g · weight / ‖weight‖ per input channel.
    ///   - padding: samples cut off on both sides.
    ///   - inputLeakyReluSlope: take leakyRelu(self) of this slope instead of self, without storing it.
    package func transposedConvolution1d(
        weight: Tensor, magnitude: Tensor? = nil, bias: Tensor?, stride: Int, padding: Int,
        inputLeakyReluSlope: Float? = nil
    ) -> Tensor {
        precondition(rank == 3, "a convolution takes [B, C, T], this has a shape of \(shape)")
        precondition(
            weight.rank == 3 && weight.shape[0] == shape[1],
            "transposed weights of \(weight.shape) do not fit an input of \(shape)")
        let (outputs, kernel) = (weight.shape[1], weight.shape[2])
        precondition(bias.map { $0.count == outputs } ?? true, "a bias for \(outputs) channels has another length")
        let length = (shape[2] - 1) * stride - 2 * padding + kernel
        precondition(length > 0, "a kernel of \(kernel) leaves nothing of \(shape) cut by \(padding)")
        // The adjoint of the convolution that goes the other way: its long signal is this one's output.
        let geometry = ConvolutionGeometry(
            batch: shape[0], inputs: outputs, outputs: shape[1], kernel: kernel, stride: stride, padding: padding,
            longLength: length, shortLength: shape[2], isTransposed: true)
        let norm = magnitude.map { WeightNorm(direction: weight, magnitude: $0) }
        let slope = inputLeakyReluSlope ?? 1
        let (x, w) = (detached(), weight.detached())
        let input = GatedSignal(leakyRelu: x, slope: slope)
        let y = geometry.spread(input, weight: w, scale: norm?.scale, bias: bias)
        let tape = ConvolutionTape(input: self, weight: weight, magnitude: magnitude, bias: bias)
        return y.recorded(tape.inputs) { dy in
            tape.gradients(norm: norm) {
                geometry.gather(
                    GatedSignal(dy), weight: w, scale: norm?.scale, bias: nil, finish: .gated(x, slope: slope))
            } weights: {
                geometry.weightGradient(GatedSignal(dy), input)
            } bias: {
                channelSums(GatedSignal(dy))
            }
        }
    }
}
