import Neural
import Tensor

/// One transformer layer of either prior (Vaswani et al. 2017): [B, R, C] -> [B, R, C], R rows, or those that are heard.
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

    private let width: Int
    private let arrangement: RowDecoder.Arrangement
    private let attention: PackedAttention
    private let attentionNorm, feedForwardNorm: LayerNorm
    private let expand, contract: Linear
    private let dropout: Float
    private let shared: PriorLayerScratch?
    private var packed = PriorLayerScratch.Packed()

    /// With `shared` the matrices are given packed, and unpacked there when all rows of a text come at once.
    init(
        _ width: Int, heads: Int, dropout: Float, arrangement: RowDecoder.Arrangement, start: Start,
        shared: PriorLayerScratch? = nil
    ) {
        self.width = width
        self.arrangement = arrangement
        self.shared = shared
        attention = PackedAttention(
            width, heads: heads, dropout: dropout, projection: start.projection, output: start.output,
            shared: shared.map { ($0.attention, $0.output) })
        attentionNorm = LayerNorm(width)
        feedForwardNorm = LayerNorm(width)
        expand = Linear(width, 4 * width, initializer: start.expand, weight: shared?.expand)
        contract = Linear(4 * width, width, initializer: start.contract, weight: shared?.contract)
        self.dropout = dropout
    }

    func callAsFunction(
        _ x: Tensor, mask: AttentionMask, cache: KeyValueCache? = nil, record: AttentionRecord? = nil,
        heard: HeardRows? = nil, randomness: StepRandomness?
    ) -> Tensor {
        shared?.unpack(packed)
        switch arrangement {
        case .normFirstWithGELU:
            let attended = attention(
                attentionNorm(x), mask: mask, cache: cache, record: record, heard: heard, randomness: randomness)
            let y = (heard?(x) ?? x).adding(attended, dropout: dropout, randomness)
            let z = expand.feedForward(
                feedForwardNorm(y), contract: contract, activation: .gelu, randomness: randomness)
            return y.adding(z, dropout: dropout, randomness)
        case .normAfterWithReLU:
            let attended = attention(
                x, mask: mask, cache: cache, record: record, heard: heard, randomness: randomness)
            let y = attentionNorm(heard?(x) ?? x, adding: attended, dropout: dropout, randomness)
            let z = expand.feedForward(
                y, contract: contract, activation: .relu, dropout: dropout, randomness: randomness)
            return feedForwardNorm(y, adding: z, dropout: dropout, randomness)
        }
    }

    /// Its weights for single rows.
    func rowWeights(_ format: WeightFormat) -> RowDecoderLayer {
        var two: (weight: PackedMatrix, output: PackedMatrix)?
        if let weight = packed.attention, let output = packed.output { two = (weight, output) }
        let heads = attention.rowWeights(format, packed: two)
        return RowDecoderLayer(
            attention: heads.attention, output: heads.output,
            expand: packed.expand.map { SmallWeights($0, bias: expand.bias) } ?? expand.rowWeights(format),
            contract: packed.contract.map { SmallWeights($0, bias: contract.bias) } ?? contract.rowWeights(format),
            attentionNorm: attentionNorm.scaleAndShift,
            feedForwardNorm: feedForwardNorm.scaleAndShift)
    }

    /// Bytes of its four matrices in float32.
    var rowBytes: Int { 12 * width * width * MemoryLayout<Float>.size }

    /// Takes one of its matrices by the name that its state has; false when it is none of them.
    func take(_ matrix: PackedMatrix, as name: String) -> Bool {
        guard shared != nil else { return false }
        switch name {
        case "self_attn.in_proj_weight": packed.attention = matrix
        case "self_attn.out_proj.weight": packed.output = matrix
        case "linear1.weight": packed.expand = matrix
        case "linear2.weight": packed.contract = matrix
        default: return false
        }
        return true
    }

    func collect(_ state: StateCollector) {
        state.child("self_attn", attention)
        state.child("linear1", expand)
        state.child("linear2", contract)
        state.child("norm1", attentionNorm)
        state.child("norm2", feedForwardNorm)
    }
}

/// The rows of the last layer that foretell something. A text's others are only attended to: what would come out of them
/// nobody reads, and neither is it made.
struct HeardRows {
    /// Places among all rows of all items; as many in each item.
    let rows: [Int]
    let batch: Int

    /// [B, R, C] -> [B, rows of an item, C]
    func callAsFunction(_ x: Tensor) -> Tensor {
        x.reshaped([-1, x.shape[2]]).embedding(rows, shape: [batch, rows.count / batch])
    }
}

extension [PriorLayer] {
    /// Sends rows [B, R, C] through all of them, one after the other: -> [B, heard rows, C].
    func callAsFunction(
        _ x: Tensor, mask: AttentionMask, record: AttentionRecord?, heard: HeardRows, randomness: StepRandomness?
    ) -> Tensor {
        var x = x
        for (index, layer) in enumerated() {
            x = layer(
                x, mask: mask, record: record, heard: index == count - 1 ? heard : nil, randomness: randomness)
        }
        return x
    }
}

/// The matrices of one layer in float32, where each of a prior's packed layers unpacks its own in turn: a text goes through
/// one layer after the other, and only one of them is needed at a time.
final class PriorLayerScratch {
    struct Packed {
        var attention, output, expand, contract: PackedMatrix?
    }

    let attention, output, expand, contract: Tensor

    init(_ width: Int) {
        attention = .zeros([3 * width, width])
        output = .zeros([width, width])
        expand = .zeros([4 * width, width])
        contract = .zeros([width, 4 * width])
    }

    fileprivate func unpack(_ packed: Packed) {
        let pairs = [
            (packed.attention, attention), (packed.output, output), (packed.expand, expand),
            (packed.contract, contract),
        ]
        for (matrix, tensor) in pairs { matrix?.unpack(into: tensor) }
    }
}
