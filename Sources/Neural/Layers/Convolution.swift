import Tensor

/// A convolution over time: [B, Cin, T] -> [B, Cout, T'].
///
/// With `weightNorm` its weight is kept as direction (`weight_v`) and magnitude (`weight_g`) (Salimans & Kingma 2016).
package final class Convolution1d: Module {
    package let bias: Tensor?
    package var adapter: LowRankAdapter?
    private var weight: ConvolutionWeight
    private let stride, padding, dilation, groups: Int

    /// `initializer` nil is PyTorch's default, uniform within ±1/√(Cin/groups · K), and so is `biasInitializer`.
    package init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
        groups: Int = 1,
        bias: Bool = true, weightNorm: Bool = false, initializer: Initializer? = nil,
        biasInitializer: Initializer? = nil
    ) {
        let bound = 1 / Float(inputs / groups * kernel).squareRoot()
        weight = ConvolutionWeight(
            [outputs, inputs / groups, kernel], weightNorm: weightNorm,
            initializer: initializer ?? .uniform(bound: bound),
            biasInitializer: biasInitializer ?? .uniform(bound: bound))
        self.bias = bias ? .parameter([outputs]) : nil
        (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
    }

    /// leakyRelu(convolution(leakyRelu(x)) + residual), each leaky ReLU and the residual only where asked for. With
    /// `computed`, the result as it was computed together with other items, only the tape is made.
    package func callAsFunction(
        _ x: Tensor, inputLeakyReluSlope: Float? = nil, outputLeakyReluSlope: Float? = nil, residual: Tensor? = nil,
        computed: Tensor? = nil
    ) -> Tensor {
        let residual =
            activeAdapter.map { adapter in
                let added = adapter.convolution(
                    x, stride: stride, padding: padding, dilation: dilation, inputLeakyReluSlope: inputLeakyReluSlope)
                return residual.map { $0 + added } ?? added
            } ?? residual
        return x.convolution1d(
            weight: weight.direction, magnitude: weight.magnitude, bias: bias, stride: stride, padding: padding,
            dilation: dilation, groups: groups, inputLeakyReluSlope: inputLeakyReluSlope,
            outputLeakyReluSlope: outputLeakyReluSlope, residual: residual, computed: computed)
    }

    package func collect(_ state: StateCollector) {
        weight.collect(state, bias: bias)
        adapter?.collect(state)
    }
}

extension Convolution1d: Adaptable {
    package var adaptedPart: String { "" }
    package var adaptedShape: [Int]? { groups == 1 ? weight.direction.shape : nil }
    package func add(toWeight delta: Tensor) { weight.add(delta) }
}

extension Convolution1d: WeightNormed {
    func fold() { weight.fold() }
}

/// A transposed convolution over time, weight [Cin, Cout, K]: [B, Cin, T] -> [B, Cout, (T − 1)·stride − 2·padding + K].
package final class TransposedConvolution1d: Module {
    private var weight: ConvolutionWeight
    private let bias: Tensor
    private let stride, padding: Int

    package init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, padding: Int, weightNorm: Bool = false,
        initializer: Initializer? = nil
    ) {
        let bound = 1 / Float(outputs * kernel).squareRoot()
        weight = ConvolutionWeight(
            [inputs, outputs, kernel], weightNorm: weightNorm, initializer: initializer ?? .uniform(bound: bound),
            biasInitializer: .uniform(bound: bound))
        bias = .parameter([outputs])
        (self.stride, self.padding) = (stride, padding)
    }

    /// `inputLeakyReluSlope` applies a leaky ReLU to the input first.
    package func callAsFunction(_ x: Tensor, inputLeakyReluSlope: Float? = nil) -> Tensor {
        x.transposedConvolution1d(
            weight: weight.direction, magnitude: weight.magnitude, bias: bias, stride: stride, padding: padding,
            inputLeakyReluSlope: inputLeakyReluSlope)
    }

    package func collect(_ state: StateCollector) { weight.collect(state, bias: bias) }
}

extension TransposedConvolution1d: WeightNormed {
    func fold() { weight.fold() }
}

/// A layer whose weight may be kept as direction and magnitude.
private protocol WeightNormed: Module {
    /// Makes one weight of the two.
    func fold()
}

extension Module {
    /// Makes plain weights of those that are kept as direction and magnitude, for good: for synthesis.
    package func foldWeightNorm() {
        let collector = StateCollector { _, module in (module as? any WeightNormed)?.fold() }
        collect(collector)
    }
}

/// A convolution's weight, plain or as direction and magnitude.
private struct ConvolutionWeight {
    let direction: Tensor
    private(set) var magnitude: Tensor?
    let initializer: Initializer
    let biasInitializer: Initializer

    init(_ shape: [Int], weightNorm: Bool, initializer: Initializer, biasInitializer: Initializer) {
        direction = .parameter(shape)
        magnitude = weightNorm ? .parameter([shape[0]] + shape.dropFirst().map { _ in 1 }) : nil
        self.initializer = initializer
        self.biasInitializer = biasInitializer
    }

    /// Adds to the weight that direction and magnitude make together: the sum becomes the direction, its norms the
    /// magnitude.
    func add(_ delta: Tensor) {
        guard let magnitude else { return direction.overwrite(direction.detached() + delta) }
        let sum = folded(magnitude) + delta
        direction.overwrite(sum)
        magnitude.overwrite(norms(sum, magnitude.shape))
    }

    mutating func fold() {
        guard let magnitude else { return }
        direction.overwrite(folded(magnitude))
        self.magnitude = nil
    }

    private func folded(_ magnitude: Tensor) -> Tensor {
        let old = direction.detached()
        return old * (magnitude.detached() / norms(old, magnitude.shape))
    }

    private func norms(_ weight: Tensor, _ shape: [Int]) -> Tensor {
        weight.reshaped([weight.shape[0], -1]).squared().sum(axis: 1).squareRoot().reshaped(shape)
    }

    func collect(_ state: StateCollector, bias: Tensor?) {
        if let magnitude {
            state.parameter("weight_v", direction, initializer)
            state.parameter("weight_g", magnitude, .rowNorms(of: direction))
        } else {
            state.parameter("weight", direction, initializer)
        }
        if let bias { state.parameter("bias", bias, biasInitializer) }
    }
}
