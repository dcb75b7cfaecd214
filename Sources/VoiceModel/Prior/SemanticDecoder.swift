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
    let textEmbedding, tokenEmbedding: Embedding
    let textPositions, tokenPositions: SinePositions
    let bertProjection, output: Linear
    let layers: [PriorLayer]
    private(set) var decodingWeights = DecodingWeights()

    /// With `isPacked` the layers' matrices are to be given by `take`.
    package init(_ configuration: SemanticDecoderConfiguration = .init(), isPacked: Bool = false) {
        self.configuration = configuration
        let width = configuration.hidden
        textEmbedding = Embedding(configuration.symbolCount, width)
        tokenEmbedding = Embedding(configuration.codeCount + 1, width)
        textPositions = SinePositions(width)
        tokenPositions = SinePositions(width)
        bertProjection = Linear(configuration.bertWidth, width)
        let start = PriorLayer.Start(
            projection: .uniform(bound: (6 / Float(4 * width)).squareRoot()),
            output: .uniform(bound: 1 / Float(width).squareRoot()))
        let shared = isPacked ? PriorLayerScratch(width) : nil
        layers = (0..<configuration.layers).map { _ in
            PriorLayer(
                width, heads: configuration.heads, dropout: configuration.dropout, arrangement: .normAfterWithReLU,
                start: start, shared: shared)
        }
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
        text: [[Int32]], tokens: [[Int]], bert: Tensor? = nil, record: AttentionRecord? = nil,
        randomness: StepRandomness? = nil, padding: PriorPadding? = nil
    ) throws -> Tensor {
        precondition(text.count == tokens.count, "\(text.count) texts cannot belong to \(tokens.count) utterances")
        for (symbols, codes) in zip(text, tokens) { try configuration.check(text: symbols, tokens: codes) }
        let padding = padding ?? PriorPadding(text: text, tokens: tokens)
        let length = padding.symbols, steps = padding.tokens, rows = length + steps
        let padded = tokens.flatMap { $0 + Array(repeating: end, count: steps - $0.count) }
        let following = tokenRows(padded, shape: [tokens.count, steps], from: 0)
        let x = Tensor.concatenated([textRows(text, width: length, bert: bert), following], axis: 1)
            .dropout(configuration.dropout, randomness)
        let mask = AttentionMask.prefixCausal(prefix: length, lengths: text.map(\.count))
        // An item's own last symbol, in a batch of unequal texts not the last row of the text, then the tokens.
        var heard = [Int]()
        for (b, symbols) in text.enumerated() {
            heard.append(b * rows + symbols.count - 1)
            heard += b * rows + length..<(b + 1) * rows
        }
        return output(
            layers(
                x, mask: mask, record: record, heard: HeardRows(rows: heard, batch: text.count),
                randomness: randomness))
    }

    /// Embeddings of the text: symbols, BERT features and positions, [B, L, C].
    func textRows(_ text: [[Int32]], width: Int? = nil, bert: Tensor?) -> Tensor {
        let padded = PaddedText(text, width: width)
        // The projection of zeros is its bias.
        let features = bert.map { bertProjection($0.detached().transposed()) } ?? bertProjection.bias
        let embedded = textEmbedding(padded.ids, shape: [text.count, padded.width])
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

    package func decodeWith(_ format: WeightFormat, drafts: Bool) {
        decodingWeights = DecodingWeights(layers, format, drafts: drafts)
    }

    package func take(_ matrix: PackedMatrix, as name: String) -> Bool { layers.take(matrix, as: name) }
}

/// x + α · sines of the position, [B, R, C] -> [B, R, C] (Vaswani et al. 2017; the learned α is of Li et al. 2019).
final class SinePositions: Module {
    private let alpha = Tensor.parameter([1])
    /// Radians per position; each pair of channels shares one, as sine and cosine.
    private let rates: [Double]

    init(_ width: Int) {
        rates = (0..<width).map { exp(-log(10000) * Double($0 & ~1) / Double(width)) }
    }

    /// The first row stands at position `start`.
    func callAsFunction(_ x: Tensor, from start: Int) -> Tensor {
        let rows = x.shape[1], width = x.shape[2]
        let sines = Tensor(uninitialized: [rows, width])
        for row in 0..<rows {
            for c in 0..<width { sines.pointer[row * width + c] = sine(start + row, c) }
        }
        return x + sines * alpha
    }

    /// y = x + α · sines, one row of C values at `position`.
    func add(to x: UnsafePointer<Float>, position: Int, into y: UnsafeMutablePointer<Float>) {
        let scale = alpha.item
        for c in rates.indices { y[c] = x[c] + sine(position, c) * scale }
    }

    private func sine(_ position: Int, _ channel: Int) -> Float {
        let angle = Double(position) * rates[channel]
        return Float(channel & 1 == 0 ? sin(angle) : cos(angle))
    }

    func collect(_ state: StateCollector) { state.parameter("alpha", alpha, .constant(1)) }
}
