import Neural
import Tensor

/// What foretells semantic tokens from a text and a speaker: `Prior`, or in v2 `SemanticDecoder`.
package protocol TokenPrior: Module {
    /// Mean over all tokens and EOS of −ln P(z_t | z_<t, text, g), in nats, and the share of them among the three most
    /// probable. Parameters are those of `Prior.loss`.
    ///
    /// - Throws: `PriorError` when a text or an utterance does not fit.
    func loss(
        text: [[Int32]], tokens: [[Int]], speaker: Tensor, codeTable: Tensor, bert: Tensor?,
        randomness: StepRandomness?, padding: PriorPadding?
    ) throws -> (loss: Tensor, topThreeAccuracy: Float)

    /// The class that ends every utterance, the last one: K.
    var end: Int { get }

    /// The most tokens one utterance may have.
    var tokenLimit: Int { get }

    /// Starts to decode one utterance, of at most `maximumTokens` tokens. Parameters are those of `sample`.
    ///
    /// - Throws: `PriorError` when the text does not fit.
    func decoding(
        text: [Int32], speaker: Tensor, codeTable: Tensor, bert: Tensor?, maximumTokens: Int
    ) throws -> TokenDecoding

    /// How much the rows that foretell an utterance's tokens look at the symbols of its text. Parameters are those of
    /// `Prior.loss`.
    ///
    /// - Throws: `PriorError` when the text or the utterance does not fit.
    func textAttention(
        text: [Int32], tokens: [Int], speaker: Tensor, codeTable: Tensor, bert: Tensor?
    ) throws -> TextAttention

    /// Decoding reads copies of the layers' weights of this moment from now on; in float32, as at first, always the
    /// weights themselves. With `drafts` it guesses in int8 first what float32 will say, where that is faster: the tokens
    /// that are drawn are the same.
    func decodeWith(_ format: WeightFormat, drafts: Bool)

    /// Takes a matrix of one of its layers, where it was made for packed ones, by the name that its state has; false for
    /// any other tensor.
    func take(_ matrix: PackedMatrix, as name: String) -> Bool
}

extension [PriorLayer] {
    func take(_ matrix: PackedMatrix, as name: String) -> Bool {
        let parts = name.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "h", parts[1] == "layers", let index = Int(parts[2]),
            indices.contains(index)
        else { return false }
        return self[index].take(matrix, as: String(parts[3]))
    }
}

/// How long the items of a batch are made: as long as its longest, whichever process has that one.
package struct PriorPadding: Sendable {
    package let symbols, tokens: Int

    package init(text: [[Int32]], tokens: [[Int]]) {
        symbols = text.map(\.count).max() ?? 0
        self.tokens = tokens.map(\.count).max() ?? 0
    }
}

extension TokenPrior {
    package func decodeWith(_ format: WeightFormat) { decodeWith(format, drafts: true) }

    /// What each row of logits foretells: an item's tokens, EOS, then −1 for none.
    func targets(of tokens: [[Int]], rows: Int) -> [Int] {
        tokens.flatMap { $0 + [end] + Array(repeating: -1, count: rows - 1 - $0.count) }
    }

    /// What `loss` returns, from logits [B, R, K + 1].
    func crossEntropy(of tokens: [[Int]], _ logits: Tensor) -> (loss: Tensor, topThreeAccuracy: Float) {
        let targets = targets(of: tokens, rows: logits.shape[1])
        let flat = logits.reshaped([targets.count, end + 1])
        return (flat.softmaxCrossEntropy(targets: targets), topThreeShare(flat, targets))
    }
}

extension Prior: TokenPrior {
    package func textAttention(
        text: [Int32], tokens: [Int], speaker: Tensor, codeTable: Tensor, bert: Tensor?
    ) throws -> TextAttention {
        // BOS' row foretells the first token.
        let record = AttentionRecord(symbols: text.count, rows: text.count..<text.count + tokens.count)
        _ = try frozen {
            try logits(
                text: [text], tokens: [tokens], speaker: speaker, codeTable: codeTable, bert: bert, record: record)
        }
        return record.attention
    }

    package var tokenLimit: Int { configuration.maximumTokens }
}

/// The public v2 prior hears nothing of g: a voice's style enters by its weights, and it has an output layer of its own
/// instead of the code table.
extension SemanticDecoder: TokenPrior {

    package func loss(
        text: [[Int32]], tokens: [[Int]], speaker: Tensor, codeTable: Tensor, bert: Tensor?,
        randomness: StepRandomness?, padding: PriorPadding?
    ) throws -> (loss: Tensor, topThreeAccuracy: Float) {
        let logits = try logits(text: text, tokens: tokens, bert: bert, randomness: randomness, padding: padding)
        return crossEntropy(of: tokens, logits)
    }

    package func textAttention(
        text: [Int32], tokens: [Int], speaker: Tensor, codeTable: Tensor, bert: Tensor?
    ) throws -> TextAttention {
        // The last symbol's row foretells the first token.
        let record = AttentionRecord(symbols: text.count, rows: text.count - 1..<text.count - 1 + tokens.count)
        _ = try frozen { try logits(text: [text], tokens: [tokens], bert: bert, record: record) }
        return record.attention
    }

    /// Its positions are computed: there is no last one.
    package var tokenLimit: Int { .max }

    package func decoding(
        text: [Int32], speaker: Tensor, codeTable: Tensor, bert: Tensor?, maximumTokens: Int
    ) throws -> TokenDecoding {
        try decoding(text: text, bert: bert, maximumTokens: maximumTokens)
    }
}

extension ModelPreset {
    /// The prior of an acoustic model of these sizes; `isPacked` for one whose layers' matrices are given packed.
    package func prior(for sizes: SoVITSConfiguration, isPacked: Bool = false) -> any TokenPrior {
        guard self == .v2 else { return Prior(.matching(sizes, preset: self), isPacked: isPacked) }
        var configuration = SemanticDecoderConfiguration()
        configuration.symbolCount = sizes.symbolCount
        configuration.codeCount = sizes.codeCount
        return SemanticDecoder(configuration, isPacked: isPacked)
    }
}

extension PriorConfiguration {
    /// The sizes of the prior that belongs to an acoustic model of these sizes.
    package static func matching(_ sizes: SoVITSConfiguration, preset: ModelPreset) -> PriorConfiguration {
        var result = PriorConfiguration.preset(preset, symbolCount: sizes.symbolCount, codeCount: sizes.codeCount)
        result.codeWidth = sizes.codeWidth
        result.speakerWidth = sizes.speakerWidth
        return result
    }
}

/// The share of rows with a target ≥ 0 whose target is among the three largest.
private func topThreeShare(_ logits: Tensor, _ targets: [Int]) -> Float {
    let width = logits.shape[1]
    var valid = 0
    var hits = 0
    for (row, target) in targets.enumerated() where target >= 0 {
        let scores = UnsafeBufferPointer(start: logits.pointer + row * width, count: width)
        let own = scores[target]
        valid += 1
        if scores.reduce(0, { $0 + ($1 > own ? 1 : 0) }) < 3 { hits += 1 }
    }
    return valid == 0 ? 0 : Float(hits) / Float(valid)
}
