import Tensor

/// y = x Wᵀ + b on the last axis: [..., I] -> [..., O].
package final class Linear: Module {
    package let weight: Tensor
    package let bias: Tensor?
    package var adapter: LowRankAdapter?
    private let initializer: Initializer
    private let biasInitializer: Initializer

    /// `initializer` nil is PyTorch's default, uniform within ±1/√I, for the bias too. `weight` is one that others use, too.
    package init(
        _ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer? = nil, weight shared: Tensor? = nil
    ) {
        weight = shared ?? .parameter([outputs, inputs])
        self.bias = bias ? .parameter([outputs]) : nil
        let bound = 1 / Float(inputs).squareRoot()
        self.initializer = initializer ?? .uniform(bound: bound)
        biasInitializer = initializer == nil ? .uniform(bound: bound) : .constant(0)
    }

    /// `randomness` is for an adapter's dropout.
    package func callAsFunction(_ x: Tensor, _ randomness: StepRandomness? = nil) -> Tensor {
        activeAdapter?.linear(x, weight: weight, bias: bias, randomness) ?? x.linear(weight: weight, bias: bias)
    }

    /// This matrix and another behind it as the feed-forward network of a transformer; both need a bias. Dropout, theirs
    /// and that of adapters, only where `randomness` is given.
    package func feedForward(
        _ x: Tensor, contract: Linear, activation: Tensor.FeedForwardActivation, dropout: Float = 0,
        randomness: StepRandomness? = nil
    ) -> Tensor {
        guard let bias, let contraction = contract.bias else {
            preconditionFailure("a feed-forward network has biases")
        }
        if activeAdapter != nil || contract.activeAdapter != nil {
            let hidden =
                switch activation {
                case .relu:
                    activeAdapter?.linear(x, weight: weight, bias: bias, randomness, rectifies: true)
                        ?? x.linear(weight: weight, bias: bias).relu()
                case .gelu: self(x, randomness).gelu()
                }
            return contract(hidden.dropout(dropout, randomness), randomness)
        }
        return x.feedForward(
            expand: (weight, bias), contract: (contract.weight, contraction), activation: activation,
            dropout: dropout, randomness: randomness)
    }

    package func collect(_ state: StateCollector) {
        state.parameter("weight", weight, initializer)
        if let bias { state.parameter("bias", bias, biasInitializer) }
        adapter?.collect(state)
    }
}

extension Linear: Adaptable {
    package var adaptedPart: String { "" }
    package var adaptedShape: [Int]? { weight.shape }
    package func add(toWeight delta: Tensor) { weight.overwrite(weight.detached() + delta) }
}

/// A table of learned vectors: indices -> [..., D].
package final class Embedding: Module {
    package let weight: Tensor
    private let initializer: Initializer

    package init(_ rows: Int, _ width: Int, initializer: Initializer = .normal(standardDeviation: 1)) {
        weight = .parameter([rows, width])
        self.initializer = initializer
    }

    /// `indices` in row-major order of `shape`: -> shape + [D].
    package func callAsFunction(_ indices: [Int], shape: [Int]) -> Tensor { weight.embedding(indices, shape: shape) }

    package func collect(_ state: StateCollector) { state.parameter("weight", weight, initializer) }
}
