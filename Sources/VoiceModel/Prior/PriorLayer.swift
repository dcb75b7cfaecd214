import Neural
import Tensor

/// One pre-norm transformer layer with GELU (Vaswani et al. 2017; Radford et al. 2019): [B, R, C] -> [B, R, C], R rows.
final class PriorLayer: Module {
    private let attention: PackedAttention
    private let attentionNorm, feedForwardNorm: LayerNorm
    private let expand, contract: Linear
    private let dropout: Float

    init(_ configuration: PriorConfiguration) {
        let width = configuration.hidden
        attention = PackedAttention(
            width, heads: configuration.heads, dropout: configuration.dropout,
            projection: .normal(standardDeviation: 0.02), output: configuration.residualInitializer)
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

    /// Its weights for single rows.
    func rowWeights(_ format: WeightFormat) -> RowDecoderLayer {
        let heads = attention.rowWeights(format)
        return RowDecoderLayer(
            attention: heads.attention, output: heads.output, expand: expand.rowWeights(format),
            contract: contract.rowWeights(format), attentionNorm: attentionNorm.scaleAndShift,
            feedForwardNorm: feedForwardNorm.scaleAndShift)
    }

    func collect(_ state: StateCollector) {
        state.child("self_attn", attention)
        state.child("linear1", expand)
        state.child("linear2", contract)
        state.child("norm1", attentionNorm)
        state.child("norm2", feedForwardNorm)
    }
}

extension PriorConfiguration {
    /// Smaller the deeper the stack is, as each layer adds to the same sum (Radford et al. 2019).
    fileprivate var residualInitializer: Initializer {
        .normal(standardDeviation: 0.02 / Float(2 * layers).squareRoot())
    }
}
