import Neural
import Tensor

/// One pre-norm transformer layer with GELU (Vaswani et al. 2017; Radford et al. 2019): [B, R, C] -> [B, R, C], R rows.
final class PriorLayer: Module {
    private let attention: PriorAttention
    private let attentionNorm, feedForwardNorm: LayerNorm
    private let expand, contract: Linear
    private let dropout: Float

    init(_ configuration: PriorConfiguration) {
        let width = configuration.hidden
        attention = PriorAttention(configuration)
        attentionNorm = LayerNorm(width)
        feedForwardNorm = LayerNorm(width)
        expand = Linear(width, 4 * width, initializer: .normal(standardDeviation: 0.02))
        contract = Linear(4 * width, width, initializer: configuration.residualInitializer)
        dropout = configuration.dropout
    }

    func callAsFunction(
        _ x: Tensor, mask: AttentionMask, cache: KeyValueCache? = nil, randomness: StepRandomness?
    ) -> Tensor {
        let attended = attention(attentionNorm(x), mask: mask, cache: cache, randomness: randomness)
        let y = x + attended.dropout(dropout, randomness)
        return y + contract(expand(feedForwardNorm(y)).gelu()).dropout(dropout, randomness)
    }

    func collect(_ state: StateCollector) {
        state.child("self_attn", attention)
        state.child("linear1", expand)
        state.child("linear2", contract)
        state.child("norm1", attentionNorm)
        state.child("norm2", feedForwardNorm)
    }
}

/// Self-attention with one projection to queries, keys and values.
private final class PriorAttention: Module {
    private let weight, bias: Tensor
    private let output: Linear
    private let heads: Int
    private let dropout: Float

    init(_ configuration: PriorConfiguration) {
        weight = .parameter([3 * configuration.hidden, configuration.hidden])
        bias = .parameter([3 * configuration.hidden])
        output = Linear(configuration.hidden, configuration.hidden, initializer: configuration.residualInitializer)
        heads = configuration.heads
        dropout = configuration.dropout
    }

    func callAsFunction(
        _ x: Tensor, mask: AttentionMask, cache: KeyValueCache?, randomness: StepRandomness?
    ) -> Tensor {
        let width = x.shape[2]
        let parts = x.linear(weight: weight, bias: bias).split(axis: 2, [width, width, width])
        let (key, value) = cache?.append(key: parts[1], value: parts[2]) ?? (parts[1], parts[2])
        return output(
            attention(
                query: parts[0], key: key, value: value, heads: heads, layout: .channelsLast, mask: mask,
                dropout: dropout, randomness: randomness))
    }

    func collect(_ state: StateCollector) {
        state.parameter("in_proj_weight", weight, .normal(standardDeviation: 0.02))
        state.parameter("in_proj_bias", bias, .constant(0))
        state.child("out_proj", output)
    }
}

extension PriorConfiguration {
    /// Smaller the deeper the stack is, as each layer adds to the same sum (Radford et al. 2019).
    fileprivate var residualInitializer: Initializer {
        .normal(standardDeviation: 0.02 / Float(2 * layers).squareRoot())
    }
}
