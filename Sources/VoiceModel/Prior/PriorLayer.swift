import Neural
import Tensor

/// One transformer layer of either prior (Vaswani et al. 2017): [B, R, C] -> [B, R, C], R rows.
///
/// With norms first it is GPT's (Radford et al. 2019), with norms after it the public v2 graph's, which also drops out
/// between the two feed-forward matrices.
final class PriorLayer: Module {
    /// How the weights start: the packed projection, the attention's output, and the two feed-forward matrices; nil is
    /// PyTorch's default.
    struct Start {
        var projection, output: Initializer
        var expand, contract: Initializer?
    }

    private let arrangement: RowDecoder.Arrangement
    private let attention: PackedAttention
    private let attentionNorm, feedForwardNorm: LayerNorm
    private let expand, contract: Linear
    private let dropout: Float

    init(_ width: Int, heads: Int, dropout: Float, arrangement: RowDecoder.Arrangement, start: Start) {
        self.arrangement = arrangement
        attention = PackedAttention(
            width, heads: heads, dropout: dropout, projection: start.projection, output: start.output)
        attentionNorm = LayerNorm(width)
        feedForwardNorm = LayerNorm(width)
        expand = Linear(width, 4 * width, initializer: start.expand)
        contract = Linear(4 * width, width, initializer: start.contract)
        self.dropout = dropout
    }

    func callAsFunction(
        _ x: Tensor, mask: AttentionMask, cache: KeyValueCache? = nil, record: AttentionRecord? = nil,
        randomness: StepRandomness?
    ) -> Tensor {
        switch arrangement {
        case .normFirstWithGELU:
            let attended = attention(
                attentionNorm(x), mask: mask, cache: cache, record: record, randomness: randomness)
            let y = x.adding(attended, dropout: dropout, randomness)
            let z = expand.feedForward(
                feedForwardNorm(y), contract: contract, activation: .gelu, randomness: randomness)
            return y.adding(z, dropout: dropout, randomness)
        case .normAfterWithReLU:
            let attended = attention(x, mask: mask, cache: cache, record: record, randomness: randomness)
            let y = attentionNorm(x, adding: attended, dropout: dropout, randomness)
            let z = expand.feedForward(
                y, contract: contract, activation: .relu, dropout: dropout, randomness: randomness)
            return feedForwardNorm(y, adding: z, dropout: dropout, randomness)
        }
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
