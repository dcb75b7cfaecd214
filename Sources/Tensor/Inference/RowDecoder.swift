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
/// allocate nothing; a few rows at once read the same matrices once. A row's bits depend neither on the thread count nor
/// on the rows that are sent with it.
///
/// With drafting weights, smaller copies of the layers, a row can be sent through those first, to see what might come.
package final class RowDecoder {
    /// Where a layer's norms stand, and what is between its two feed-forward matrices.
    package enum Arrangement {
        case normFirstWithGELU
        case normAfterWithReLU
    }

    /// One a layer. Empty at first; all of them must hold the same number of rows at every step.
    package let caches: [KeyValueCache]
    /// The most rows of one step.
    package static let rowLimit = 8
    /// Rows sent so far and not taken back, those of the text not counted.
    package private(set) var count = 0
    private let weights, drafting: [RowDecoderLayer]
    /// The layers of `weights`, then those of `drafting`.
    private let layers: UnsafeMutableBufferPointer<ck_decoder_layer>
    private var description: ck_decoder
    private let scratch: Storage

    /// - Parameters:
    ///   - drafting: smaller copies of `weights`; none without drafts.
    ///   - capacity: the most rows, those of the text counted in.
    package init(
        _ weights: [RowDecoderLayer], drafting: [RowDecoderLayer] = [], heads: Int, capacity: Int,
        arrangement: Arrangement, epsilon: Float = 1e-5
    ) {
        precondition(
            drafting.isEmpty || drafting.count == weights.count,
            "\(drafting.count) layers cannot draft for \(weights.count)")
        self.weights = weights
        self.drafting = drafting
        let width = weights.first?.attention.columns ?? 0, filter = weights.first?.expand.rows ?? 0
        let caches = weights.map { _ in KeyValueCache(capacity: capacity, width: width, heads: heads) }
        layers = .allocate(capacity: weights.count + drafting.count)
        for (index, layer) in (weights + drafting).enumerated() {
            let cache = caches[index % weights.count]
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
            row_limit: Int64(Self.rowLimit), layer_count: Int64(weights.count), layers: layers.baseAddress,
            norm_first: arrangement == .normFirstWithGELU ? 1 : 0,
            activation: arrangement == .normFirstWithGELU ? CK_GELU : CK_CLAMP_MINIMUM, activation_parameter: 0,
            epsilon: epsilon)
        scratch = Storage(count: Int(ck_decoder_scratch(&description)))
    }

    deinit { layers.deallocate() }

    /// Whether it has drafting weights.
    package var canDraft: Bool { !drafting.isEmpty }

    /// The next `rows` rows, C values each, in place.
    package func step(_ values: UnsafeMutablePointer<Float>, rows: Int = 1) {
        send(values, rows: rows, at: count, layers.baseAddress)
        count += rows
    }

    /// The row that would come after the next `ahead` ones, through the drafting weights: C values in place. It is not
    /// counted; the `ahead` rows before it must have been drafted as well, and no row sent since.
    package func draft(_ values: UnsafeMutablePointer<Float>, ahead: Int) {
        precondition(canDraft, "there are no weights to draft with")
        send(values, rows: 1, at: count + ahead, layers.baseAddress.map { $0 + weights.count })
    }

    /// The last `rows` rows are as if they had never been sent.
    package func takeBack(_ rows: Int) {
        precondition(rows <= count, "\(rows) rows cannot be taken back of \(count)")
        count -= rows
    }

    private func send(
        _ values: UnsafeMutablePointer<Float>, rows: Int, at place: Int, _ layers: UnsafePointer<ck_decoder_layer>?
    ) {
        let before = (caches.first?.count ?? 0) + place
        precondition(
            rows <= Self.rowLimit && before + rows <= Int(description.capacity),
            "a decoder of \(description.capacity) rows cannot take \(rows) after \(before)")
        description.layers = layers
        ck_decoder_step(&description, Int64(before), Int64(rows), values, scratch.pointer)
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
