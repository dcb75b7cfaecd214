import Neural
import Tensor

/// The prior: a GPT that turns text and a speaker into semantic tokens, as in GPT-SoVITS.
///
/// Its rows are the symbols of the text, then BOS and the tokens. A symbol sees the whole text; a token sees the whole
/// text and the tokens before it. Every symbol's embedding carries the speaker vector g through a linear projection.
/// A row's logits are its products with the rows of the code table, which SoVITS trains, and with an EOS row.
/// B batch, L symbols, S tokens, K codes.
package final class Prior: Module {
    package let configuration: PriorConfiguration
    let textEmbedding, tokenEmbedding: Embedding
    let textPositions, tokenPositions: Embedding
    let bertProjection, speakerProjection, outputProjection: Linear
    let layers: [PriorLayer]
    let finalNorm: LayerNorm
    private let endRow: Tensor
    private let endInitializer: Initializer
    private(set) var decodingWeights = DecodingWeights()

    /// With `isPacked` the layers' matrices are to be given by `take`.
    package init(_ configuration: PriorConfiguration, isPacked: Bool = false) {
        self.configuration = configuration
        let width = configuration.hidden
        let small = Initializer.normal(standardDeviation: 0.02)
        textEmbedding = Embedding(configuration.symbolCount, width, initializer: small)
        tokenEmbedding = Embedding(configuration.codeCount + 1, width, initializer: small)
        textPositions = Embedding(configuration.positions, width, initializer: small)
        tokenPositions = Embedding(configuration.positions, width, initializer: small)
        bertProjection = Linear(configuration.bertWidth, width, initializer: small)
        speakerProjection = Linear(configuration.speakerWidth, width, initializer: small)
        // Smaller the deeper the stack is, as each layer adds to the same sum (Radford et al. 2019).
        let residual = Initializer.normal(standardDeviation: 0.02 / Float(2 * configuration.layers).squareRoot())
        let shared = isPacked ? PriorLayerScratch(width) : nil
        layers = (0..<configuration.layers).map { _ in
            PriorLayer(
                width, heads: configuration.heads, dropout: configuration.dropout, arrangement: .normFirstWithGELU,
                start: .init(projection: small, output: residual, expand: small, contract: residual), shared: shared)
        }
        finalNorm = LayerNorm(width)
        // So small that the first cross-entropy is close to ln (K + 1) with a code table of unit variance.
        outputProjection = Linear(
            width, configuration.codeWidth, initializer: .normal(standardDeviation: 0.03 / Float(width).squareRoot()))
        endRow = .parameter([1, configuration.codeWidth])
        endInitializer = .normal(standardDeviation: 1)
    }

    /// The row of the token embedding that starts every utterance.
    var beginning: Int { configuration.codeCount }
    /// The class that ends every utterance.
    package var end: Int { configuration.codeCount }

    /// Mean over all tokens and EOS of −ln P(z_t | z_<t, text, g), in nats, and the share of them among the three most
    /// probable.
    ///
    /// - Parameters:
    ///   - text: symbols of each item.
    ///   - tokens: codes of each item.
    ///   - speaker: g, [B, 192, 1]; no gradient goes back to it.
    ///   - codeTable: [K, 256]; no gradient goes back to it.
    ///   - bert: features of the symbols, [B, 1024, L] with L that of the longest text; nil counts as zeros.
    ///   - randomness: for dropout; nil when evaluating.
    ///   - padding: that of the whole batch, where several processes have it.
    /// - Throws: `PriorError` when a text or an utterance does not fit.
    package func loss(
        text: [[Int32]], tokens: [[Int]], speaker: Tensor, codeTable: Tensor, bert: Tensor? = nil,
        randomness: StepRandomness?, padding: PriorPadding? = nil
    ) throws -> (loss: Tensor, topThreeAccuracy: Float) {
        let logits = try logits(
            text: text, tokens: tokens, speaker: speaker, codeTable: codeTable, bert: bert, randomness: randomness,
            padding: padding)
        return crossEntropy(of: tokens, logits)
    }

    /// Scores of what follows BOS and each token: [B, S + 1, K + 1], the last class being EOS. Rows after an item's own
    /// tokens mean nothing.
    package func logits(
        text: [[Int32]], tokens: [[Int]], speaker: Tensor, codeTable: Tensor, bert: Tensor? = nil,
        record: AttentionRecord? = nil, randomness: StepRandomness? = nil, padding: PriorPadding? = nil
    ) throws -> Tensor {
        precondition(text.count == tokens.count, "\(text.count) texts cannot belong to \(tokens.count) utterances")
        for (symbols, codes) in zip(text, tokens) { try configuration.check(text: symbols, tokens: codes) }
        let prefix = textRows(text, width: padding?.symbols, speaker: speaker, bert: bert)
        let length = prefix.shape[1]
        let steps = 1 + (padding ?? PriorPadding(text: text, tokens: tokens)).tokens
        let padded = tokens.flatMap { [beginning] + $0 + Array(repeating: beginning, count: steps - 1 - $0.count) }
        let following = tokenRows(padded, shape: [tokens.count, steps], from: 0)
        let mask = AttentionMask.prefixCausal(prefix: length, lengths: text.map(\.count))
        let x = Tensor.concatenated([prefix, following], axis: 1).dropout(configuration.dropout, randomness)
        let heard = tokens.indices.flatMap { item in (length..<length + steps).map { item * (length + steps) + $0 } }
        return classify(
            layers(
                x, mask: mask, record: record, heard: HeardRows(rows: heard, batch: tokens.count),
                randomness: randomness), codeTable: codeTable)
    }

    /// Embeddings of the text: symbols, positions, BERT features and the speaker, [B, L, C].
    func textRows(_ text: [[Int32]], width: Int? = nil, speaker: Tensor, bert: Tensor?) -> Tensor {
        let padded = PaddedText(text, width: width), length = padded.width, batch = text.count
        precondition(
            speaker.count == batch * configuration.speakerWidth,
            "\(batch) texts need a speaker vector each, these have a shape of \(speaker.shape)")
        let style = speakerProjection(speaker.detached().reshaped([batch, 1, configuration.speakerWidth]))
        // The projection of zeros is its bias.
        let features = bert.map { bertProjection($0.detached().transposed()) } ?? bertProjection.bias
        var x = textEmbedding(padded.ids, shape: [batch, length]) + textPositions(Array(0..<length), shape: [length])
        x = x + style
        return features.map { x + $0 } ?? x
    }

    /// Embeddings of tokens from position `start` on, [B, R, C].
    private func tokenRows(_ tokens: [Int], shape: [Int], from start: Int) -> Tensor {
        tokenEmbedding(tokens, shape: shape) + tokenPositions(Array(start..<start + shape[1]), shape: [shape[1]])
    }

    /// [B, R, C] -> [B, R, K + 1]
    private func classify(_ x: Tensor, codeTable: Tensor) -> Tensor {
        outputProjection(finalNorm(x)).linear(weight: classes(codeTable))
    }

    /// The vectors of all classes, the codes and EOS: [K + 1, W].
    func classes(_ codeTable: Tensor) -> Tensor {
        precondition(
            codeTable.shape == [configuration.codeCount, configuration.codeWidth],
            "the prior needs \(configuration.codeCount) codes, this table has a shape of \(codeTable.shape)")
        return .concatenated([codeTable.detached(), endRow], axis: 0)
    }

    package func decodeWith(_ format: WeightFormat, drafts: Bool) {
        decodingWeights = DecodingWeights(layers, format, drafts: drafts)
    }

    package func take(_ matrix: PackedMatrix, as name: String) -> Bool { layers.take(matrix, as: name) }

    package func collect(_ state: StateCollector) {
        state.child("bert_proj", bertProjection)
        state.child("style_proj", speakerProjection)
        state.child("ar_text_embedding.word_embeddings", textEmbedding)
        state.child("ar_text_position", textPositions)
        state.child("ar_audio_embedding.word_embeddings", tokenEmbedding)
        state.child("ar_audio_position", tokenPositions)
        state.children("h.layers", layers)
        state.child("h.norm", finalNorm)
        state.child("out_proj", outputProjection)
        state.parameter("eos", endRow, endInitializer)
    }
}
