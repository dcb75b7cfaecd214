import Neural
import Tensor

/// Multi-head attention with 1×1 convolutions as projections: queries x [B, C, T], keys and values from c [B, C', T'].
final class ConvolutionAttention: Module {
    private let query, key, value, output: Convolution1d
    private let relative: RelativePositions?
    private let heads: Int
    private let dropout: Float
    private let headWidth: Int

    /// `window` nil: no relative positions.
    init(channels: Int, heads: Int, window: Int?, dropout: Float) {
        let xavier = Initializer.uniform(bound: (6 / Float(2 * channels)).squareRoot())
        query = Convolution1d(channels, channels, kernel: 1, initializer: xavier)
        key = Convolution1d(channels, channels, kernel: 1, initializer: xavier)
        value = Convolution1d(channels, channels, kernel: 1, initializer: xavier)
        output = Convolution1d(channels, channels, kernel: 1)
        headWidth = channels / heads
        relative = window.map { window in
            let shape = [1, 2 * window + 1, channels / heads]
            return RelativePositions(keys: .parameter(shape), values: .parameter(shape))
        }
        self.heads = heads
        self.dropout = dropout
    }

    func callAsFunction(_ x: Tensor, _ context: Tensor, lengths: [Int], _ randomness: StepRandomness?) -> Tensor {
        output(
            attention(
                query: query(x), key: key(context), value: value(context), heads: heads, layout: .channelsFirst,
                mask: .keys(lengths: lengths), relative: relative, dropout: dropout, randomness: randomness))
    }

    func collect(_ state: StateCollector) {
        state.child("conv_q", query)
        state.child("conv_k", key)
        state.child("conv_v", value)
        state.child("conv_o", output)
        if let relative {
            let deviation = 1 / Float(headWidth).squareRoot()
            state.parameter("emb_rel_k", relative.keys, .normal(standardDeviation: deviation))
            state.parameter("emb_rel_v", relative.values, .normal(standardDeviation: deviation))
        }
    }
}

/// The convolutional feed-forward network: [B, C, T] -> [B, C, T] through `filter` channels.
private final class FeedForward: Module {
    private let first, second: Convolution1d
    private let dropout: Float

    init(channels: Int, filter: Int, kernel: Int, dropout: Float) {
        first = Convolution1d(channels, filter, kernel: kernel, padding: kernel / 2)
        second = Convolution1d(filter, channels, kernel: kernel, padding: kernel / 2)
        self.dropout = dropout
    }

    func callAsFunction(_ x: Tensor, mask: Tensor, _ randomness: StepRandomness?) -> Tensor {
        let h = first(x * mask).relu().dropout(dropout, randomness)
        return second(h * mask) * mask
    }

    func collect(_ state: StateCollector) {
        state.child("conv_1", first)
        state.child("conv_2", second)
    }
}

/// The Transformer encoder of VITS: post-norm, relative positions (Shaw et al. 2018) in a window of 4, [B, C, T].
package final class RelativeEncoder: Module {
    private let attentions: [ConvolutionAttention]
    private let feedForwards: [FeedForward]
    private let firstNorms, secondNorms: [ChannelLayerNorm]
    private let dropout: Float

    package init(channels: Int, filter: Int, heads: Int, layers: Int, kernel: Int = 3, window: Int = 4, dropout: Float)
    {
        self.dropout = dropout
        attentions = (0..<layers).map { _ in
            ConvolutionAttention(channels: channels, heads: heads, window: window, dropout: dropout)
        }
        feedForwards = (0..<layers).map { _ in
            FeedForward(channels: channels, filter: filter, kernel: kernel, dropout: dropout)
        }
        firstNorms = (0..<layers).map { _ in ChannelLayerNorm(channels) }
        secondNorms = (0..<layers).map { _ in ChannelLayerNorm(channels) }
    }

    /// `lengths`: frames (or symbols) of each item; `mask` the same as [B, 1, T]. Dropout only with `randomness`.
    package func callAsFunction(_ input: Tensor, mask: Tensor, lengths: [Int], _ randomness: StepRandomness?) -> Tensor
    {
        var x = input * mask
        for index in attentions.indices {
            let y = attentions[index](x, x, lengths: lengths, randomness).dropout(dropout, randomness)
            x = firstNorms[index](x + y)
            let z = feedForwards[index](x, mask: mask, randomness).dropout(dropout, randomness)
            x = secondNorms[index](x + z)
        }
        return x * mask
    }

    package func collect(_ state: StateCollector) {
        state.children("attn_layers", attentions)
        state.children("norm_layers_1", firstNorms)
        state.children("ffn_layers", feedForwards)
        state.children("norm_layers_2", secondNorms)
    }
}
