import Foundation
import Neural
import Tensor

/// The sizes of a `SemanticDecoder`; as they stand, those of the public v2 weights.
package struct SemanticDecoderConfiguration: Sendable, Equatable {
    package var hidden = 512
    package var layers = 24
    package var heads = 16
    package var symbolCount = 732
    /// K; the class after the codes is EOS.
    package var codeCount = 1024
    package var bertWidth = 1024
    package var dropout: Float = 0.1

    package init() {}

    /// Throws a `PriorError` when the decoder cannot take this text and these tokens.
    package func check(text: [Int32], tokens: [Int] = []) throws {
        if text.isEmpty { throw PriorError.emptyText }
        if let symbol = text.first(where: { $0 < 0 || $0 >= symbolCount }) {
            throw PriorError.unknownSymbol(Int(symbol), symbolCount: symbolCount)
        }
        if let token = tokens.first(where: { $0 < 0 || $0 >= codeCount }) {
            throw PriorError.unknownToken(token, codeCount: codeCount)
        }
    }
}

/// The prior of the public v2 graph: post-norm, ReLU, positions as scaled sines, a plain output layer over the codes.
///
/// Its rows are the symbols of the text, then the tokens; there is no BOS: the last symbol's row foretells the first
/// token. A symbol sees the whole text; a token sees the text and earlier tokens. B batch, L symbols, S tokens.
package final class SemanticDecoder: Module {
    package let configuration: SemanticDecoderConfiguration
    private let textEmbedding, tokenEmbedding: Embedding
    private let textPositions, tokenPositions: SinePositions
    private let bertProjection, output: Linear
    private let layers: [SemanticDecoderLayer]

    package init(_ configuration: SemanticDecoderConfiguration = .init()) {
        self.configuration = configuration
        let width = configuration.hidden
        textEmbedding = Embedding(configuration.symbolCount, width)
        tokenEmbedding = Embedding(configuration.codeCount + 1, width)
        textPositions = SinePositions()
        tokenPositions = SinePositions()
        bertProjection = Linear(configuration.bertWidth, width)
        layers = (0..<configuration.layers).map { _ in SemanticDecoderLayer(configuration) }
        output = Linear(width, configuration.codeCount + 1, bias: false)
    }

    /// The class that ends every utterance.
    package var end: Int { configuration.codeCount }

    /// Sum over all tokens and EOS of −ln P(z_t | z_<t, text), in nats; the parameters are those of `logits`.
    ///
    /// - Throws: `PriorError` when a text or an utterance does not fit.
    package func loss(
        text: [[Int32]], tokens: [[Int]], bert: Tensor? = nil, randomness: StepRandomness? = nil
    ) throws -> Tensor {
        let logits = try logits(text: text, tokens: tokens, bert: bert, randomness: randomness)
        return loss(logits: logits, tokens: tokens)
    }

    /// The same from logits that `logits` gave for these tokens.
    package func loss(logits: Tensor, tokens: [[Int]]) -> Tensor {
        let targets = targets(of: tokens, rows: logits.shape[1])
        let valid = targets.count { $0 >= 0 }
        return logits.reshaped([targets.count, -1]).softmaxCrossEntropy(targets: targets) * Float(valid)
    }

    /// What each row of logits foretells: an item's tokens, EOS, then −1 for none.
    func targets(of tokens: [[Int]], rows: Int) -> [Int] {
        tokens.flatMap { $0 + [end] + Array(repeating: -1, count: rows - 1 - $0.count) }
    }

    /// Scores of what follows the text and each token: [B, S + 1, K + 1], the last class being EOS. Rows after an
    /// item's own tokens mean nothing.
    ///
    /// - Parameters:
    ///   - text: symbols of each item.
    ///   - tokens: codes of each item.
    ///   - bert: features of the symbols, [B, 1024, L] with L that of the longest text; nil counts as zeros.
    ///   - randomness: for dropout; nil when evaluating.
    /// - Throws: `PriorError` when a text or an utterance does not fit.
    package func logits(
        text: [[Int32]], tokens: [[Int]], bert: Tensor? = nil, randomness: StepRandomness? = nil
    ) throws -> Tensor {
        precondition(text.count == tokens.count, "\(text.count) texts cannot belong to \(tokens.count) utterances")
        for (symbols, codes) in zip(text, tokens) { try configuration.check(text: symbols, tokens: codes) }
        let length = text.map(\.count).max() ?? 0, steps = tokens.map(\.count).max() ?? 0, rows = length + steps
        let padded = tokens.flatMap { $0 + Array(repeating: end, count: steps - $0.count) }
        let following = tokenRows(padded, shape: [tokens.count, steps], from: 0)
        var x = Tensor.concatenated([textRows(text, bert: bert), following], axis: 1)
            .dropout(configuration.dropout, randomness)
        let mask = AttentionMask.prefixCausal(prefix: length, lengths: text.map(\.count))
        for layer in layers { x = layer(x, mask: mask, randomness: randomness) }
        // An item's own last symbol, in a batch of unequal texts not the last row of the text, then the tokens.
        var heard = [Int]()
        for (b, symbols) in text.enumerated() {
            heard.append(b * rows + symbols.count - 1)
            heard += b * rows + length..<(b + 1) * rows
        }
        return output(x.reshaped([text.count * rows, -1]).embedding(heard, shape: [text.count, steps + 1]))
    }

    /// Embeddings of the text: symbols, BERT features and positions, [B, L, C].
    private func textRows(_ text: [[Int32]], bert: Tensor?) -> Tensor {
        let length = text.map(\.count).max() ?? 0
        let symbols = text.flatMap { $0.map(Int.init) + Array(repeating: 0, count: length - $0.count) }
        // The projection of zeros is its bias.
        let features = bert.map { bertProjection($0.detached().transposed()) } ?? bertProjection.bias
        let embedded = textEmbedding(symbols, shape: [text.count, length])
        return textPositions(features.map { embedded + $0 } ?? embedded, from: 0)
    }

    /// Embeddings of tokens from position `start` on, [B, R, C].
    private func tokenRows(_ tokens: [Int], shape: [Int], from start: Int) -> Tensor {
        tokenPositions(tokenEmbedding(tokens, shape: shape), from: start)
    }

    package func collect(_ state: StateCollector) {
        state.child("bert_proj", bertProjection)
        state.child("ar_text_embedding.word_embeddings", textEmbedding)
        state.child("ar_text_position", textPositions)
        state.child("ar_audio_embedding.word_embeddings", tokenEmbedding)
        state.child("ar_audio_position", tokenPositions)
        state.children("h.layers", layers)
        state.child("ar_predict_layer", output)
    }

    /// One utterance being decoded: the text is fed once, then tokens one by one, each costing one row.
    package final class Decoding {
        private let decoder: SemanticDecoder
        private let caches: [KeyValueCache]
        private let textLength: Int
        private var fed = 0
        /// Scores of what comes next, K + 1 of them, the last being EOS.
        package private(set) var scores: [Float] = []

        fileprivate init(_ decoder: SemanticDecoder, text: [Int32], bert: Tensor?, maximumTokens: Int) {
            self.decoder = decoder
            textLength = text.count
            caches = decoder.layers.map { _ in
                KeyValueCache(capacity: text.count + maximumTokens, channels: decoder.configuration.hidden)
            }
            feed(decoder.textRows([text], bert: bert))
        }

        /// Feeds a token, 0 ..< K; `scores` are then those of what follows it.
        package func feed(token: Int) {
            decoder.frozen {
                fed += 1
                feed(decoder.tokenRows([token], shape: [1, 1], from: fed - 1))
            }
        }

        /// Every row sees all that is in the caches.
        private func feed(_ rows: Tensor) {
            let mask = AttentionMask.keys(lengths: [textLength + fed])
            var x = rows
            for (layer, cache) in zip(decoder.layers, caches) {
                x = layer(x, mask: mask, cache: cache, randomness: nil)
            }
            scores = decoder.output(x.sliced(axis: 1, x.shape[1] - 1..<x.shape[1])).values
        }
    }

    /// Starts to decode one utterance of at most `maximumTokens` tokens, without a tape. `bert` is [1, 1024, L], or nil
    /// for zeros.
    ///
    /// - Throws: `PriorError` when the text does not fit.
    package func decoding(text: [Int32], bert: Tensor? = nil, maximumTokens: Int) throws -> Decoding {
        try configuration.check(text: text)
        return frozen { Decoding(self, text: text, bert: bert, maximumTokens: maximumTokens) }
    }
}

/// x + α · sines of the position, [B, R, C] -> [B, R, C] (Vaswani et al. 2017; the learned α is of Li et al. 2019).
private final class SinePositions: Module {
    private let alpha = Tensor.parameter([1])

    /// The first row stands at position `start`.
    func callAsFunction(_ x: Tensor, from start: Int) -> Tensor {
        let rows = x.shape[1], width = x.shape[2]
        let sines = Tensor(uninitialized: [rows, width])
        for row in 0..<rows {
            for c in 0..<width {
                let angle = Double(start + row) * exp(-log(10000) * Double(c & ~1) / Double(width))
                sines.pointer[row * width + c] = Float(c & 1 == 0 ? sin(angle) : cos(angle))
            }
        }
        return x + sines * alpha
    }

    func collect(_ state: StateCollector) { state.parameter("alpha", alpha, .constant(1)) }
}

/// One post-norm transformer layer with ReLU (Vaswani et al. 2017): [B, R, C] -> [B, R, C].
private final class SemanticDecoderLayer: Module {
    private let attention: PackedAttention
    private let attentionNorm, feedForwardNorm: LayerNorm
    private let expand, contract: Linear
    private let dropout: Float

    init(_ configuration: SemanticDecoderConfiguration) {
        let width = configuration.hidden
        attention = PackedAttention(
            configuration.hidden, heads: configuration.heads, dropout: configuration.dropout,
            projection: .uniform(bound: (6 / Float(4 * configuration.hidden)).squareRoot()),
            output: .uniform(bound: 1 / Float(configuration.hidden).squareRoot()))
        attentionNorm = LayerNorm(width)
        feedForwardNorm = LayerNorm(width)
        expand = Linear(width, 4 * width)
        contract = Linear(4 * width, width)
        dropout = configuration.dropout
    }

    func callAsFunction(
        _ x: Tensor, mask: AttentionMask, cache: KeyValueCache? = nil, randomness: StepRandomness?
    ) -> Tensor {
        let attended = attention(x, mask: mask, cache: cache, randomness: randomness)
        let y = attentionNorm(x + attended.dropout(dropout, randomness))
        let z = contract(expand(y).relu().dropout(dropout, randomness))
        return feedForwardNorm(y + z.dropout(dropout, randomness))
    }

    func collect(_ state: StateCollector) {
        state.child("self_attn", attention)
        state.child("linear1", expand)
        state.child("linear2", contract)
        state.child("norm1", attentionNorm)
        state.child("norm2", feedForwardNorm)
    }
}
