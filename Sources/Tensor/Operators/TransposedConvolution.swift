extension Tensor {
    /// One-dimensional transposed convolution (PyTorch's ConvTranspose1d): upsampling by `stride`.
    ///
    /// Self is [B, Cin, T], the result [B, Cout, (T − 1)·stride − 2·padding + K].
    /// - Parameters:
    ///   - weight: [Cin, Cout, K].
    ///   - bias: [Cout].
    ///   - padding: samples cut off on both sides.
    package func transposedConvolution1d(weight: Tensor, bias: Tensor?, stride: Int, padding: Int) -> Tensor {
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
        let y = geometry.spread(self, weight: weight, bias: bias)
        let (x, w) = (detached(), weight.detached())
        let wanted = (input: requiresGradient, weight: weight.requiresGradient, bias: bias?.requiresGradient ?? false)
        return y.recorded([self, weight] + (bias.map { [$0] } ?? [])) { dy in
            [
                wanted.input ? geometry.gather(dy, weight: w, bias: nil) : nil,
                wanted.weight ? geometry.weightGradient(dy, x) : nil,
                wanted.bias ? channelSums(dy) : nil,
            ]
        }
    }
}
