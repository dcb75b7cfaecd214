import CKernels

/// A transformer's layer as `RowDecoder` reads it: its four matrices and its norms' gamma and beta, [C] each.
package struct RowDecoderLayer {
    let attention, output, expand, contract: SmallWeights
    let attentionNorm, feedForwardNorm: (gamma: Tensor, beta: Tensor)

    /// `attention` is [3C, C], queries, keys and values in one.
    package init(
        attention: SmallWeights, output: SmallWeights, expand: SmallWeights, contract: SmallWeights,
        attentionNorm: (gamma: Tensor, beta: Tensor), feedForwardNorm: (gamma: Tensor, beta: Tensor)
    ) {
        let width = attention.columns
        precondition(
            attention.rows == 3 * width && output.rows == width && output.columns == width
                && expand.columns == width && contract.rows == width && contract.columns == expand.rows,
            "these matrices are not those of one layer of width \(width)")
        self.attention = attention
        self.output = output
        self.expand = expand
        self.contract = contract
        self.attentionNorm = attentionNorm
        self.feedForwardNorm = feedForwardNorm
    }
}

/// Sends one row after the other through a transformer's layers, each seeing itself and all rows before.
///
/// The rows that all come at once, a text's, go through the ordinary operators, which leave their keys and values in
/// `caches`. A further row is a few hundred products of a matrix with a vector, in four parallel loops a layer, that
/// allocate nothing. Its bits do not depend on the thread count.
package final class RowDecoder {
    /// Where a layer's norms stand, and what is between its two feed-forward matrices.
    package enum Arrangement {
        case normFirstWithGELU
        case normAfterWithReLU
    }

    /// One a layer. Empty at first; all of them must hold the same number of rows at every step.
    package let caches: [KeyValueCache]
    private let weights: [RowDecoderLayer]
    private let layers: UnsafeMutableBufferPointer<ck_decoder_layer>
    private var description: ck_decoder
    private let scratch: Storage
    private var position: Int

    /// - Parameter capacity: the most rows, those of the text counted in.
    package init(
        _ weights: [RowDecoderLayer], heads: Int, capacity: Int, arrangement: Arrangement, epsilon: Float = 1e-5
    ) {
        self.weights = weights
        let width = weights.first?.attention.columns ?? 0, filter = weights.first?.expand.rows ?? 0
        let caches = weights.map { _ in KeyValueCache(capacity: capacity, width: width, heads: heads) }
        layers = .allocate(capacity: weights.count)
        for (index, (layer, cache)) in zip(weights, caches).enumerated() {
            layers.initializeElement(
                at: index,
                to: ck_decoder_layer(
                    attention: layer.attention.description, output: layer.output.description,
                    expand: layer.expand.description, contract: layer.contract.description,
                    attention_gamma: layer.attentionNorm.gamma.pointer,
                    attention_beta: layer.attentionNorm.beta.pointer,
                    feed_forward_gamma: layer.feedForwardNorm.gamma.pointer,
                    feed_forward_beta: layer.feedForwardNorm.beta.pointer, keys: cache.keys.pointer,
                    values: cache.values.pointer))
        }
        self.caches = caches
        description = ck_decoder(
            width: Int64(width), filter: Int64(filter), heads: Int64(heads), capacity: Int64(capacity),
            layer_count: Int64(weights.count), layers: layers.baseAddress,
            norm_first: arrangement == .normFirstWithGELU ? 1 : 0,
            activation: arrangement == .normFirstWithGELU ? CK_GELU : CK_CLAMP_MINIMUM, activation_parameter: 0,
            epsilon: epsilon)
        scratch = Storage(count: Int(ck_decoder_scratch(&description)))
        position = 0
    }

    deinit { layers.deallocate() }

    /// The next row, C values in place.
    package func step(_ row: UnsafeMutablePointer<Float>) {
        let rowsBefore = (caches.first?.count ?? 0) + position
        precondition(rowsBefore < Int(description.capacity), "a decoder of \(description.capacity) rows is full")
        ck_decoder_step(&description, Int64(rowsBefore), row, scratch.pointer)
        position += 1
    }
}

/// Layer norm of one row: gamma.count values of `x` into `y`.
package func layerNormRow(
    _ x: UnsafePointer<Float>, gamma: Tensor, beta: Tensor, epsilon: Float = 1e-5,
    into y: UnsafeMutablePointer<Float>
) {
    var mean: Float = 0, deviation: Float = 0
    ck_layer_norm(Int64(gamma.count), x, gamma.pointer, beta.pointer, epsilon, y, &mean, &deviation)
}
