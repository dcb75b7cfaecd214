extension Tensor {
    /// One-dimensional convolution (cross-correlation, as in PyTorch's Conv1d).
    ///
    /// Self is [B, Cin, T], the result [B, Cout, (T + 2·padding − dilation·(K − 1) − 1) / stride + 1].
    /// - Parameters:
    ///   - weight: [Cout, Cin / groups, K].
    ///   - bias: [Cout].
    ///   - padding: zeros on both sides.
    ///   - inputLeakyReluSlope: convolve leakyRelu(self) of this slope instead of self, without storing it.
    package func convolution1d(
        weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
        inputLeakyReluSlope: Float? = nil
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
        let slope = inputLeakyReluSlope ?? 1
        let y = geometry.gather(self, slope: slope, weight: weight, bias: bias)
        let (x, w) = (detached(), weight.detached())
        let wanted = (input: requiresGradient, weight: weight.requiresGradient, bias: bias?.requiresGradient ?? false)
        return y.recorded([self, weight] + (bias.map { [$0] } ?? [])) { dy in
            [
                wanted.input ? geometry.spread(dy, weight: w, bias: nil, leakyReluInput: x, slope: slope) : nil,
                wanted.weight ? geometry.weightGradient(x, slope: slope, dy) : nil,
                wanted.bias ? channelSums(dy) : nil,
            ]
        }
    }
}
