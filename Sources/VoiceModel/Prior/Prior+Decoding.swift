import Neural
import Tensor

extension Prior {
    /// The rows of one utterance, fed one after the other: the text once, then BOS and the tokens.
    ///
    /// The text goes through the trained weights in any case; only tokens' rows read small ones.
    package final class Decoding {
        private let prior: Prior
        private let rows: RowDecoder
        private let projection, classes: SmallWeights
        private let finalNorm: (gamma: Tensor, beta: Tensor)
        private let row, normed, vector, scratch: Storage
        private var scores: [Float]
        private var fed = 0

        /// Feeds the text. `speaker` is [1, 192, 1], `bert` [1, 1024, L]; at most `maximumTokens` tokens can follow.
        fileprivate init(
            _ prior: Prior, text: [Int32], speaker: Tensor, codeTable: Tensor, bert: Tensor?, maximumTokens: Int
        ) {
            self.prior = prior
            let configuration = prior.configuration
            rows = RowDecoder(
                prior.rowLayers, heads: configuration.heads, capacity: text.count + 1 + maximumTokens,
                arrangement: .normFirstWithGELU)
            // What turns a row into scores stays exact: it is small, and its errors would be the scores' own.
            projection = prior.outputProjection.rowWeights(.float32)
            classes = SmallWeights(prior.classes(codeTable), format: .float32)
            finalNorm = prior.finalNorm.scaleAndShift
            row = Storage(count: configuration.hidden)
            normed = Storage(count: configuration.hidden)
            vector = Storage(count: configuration.codeWidth)
            scratch = Storage(count: max(projection.scratchCount, classes.scratchCount))
            scores = Array(repeating: 0, count: configuration.codeCount + 1)
            var x = prior.textRows([text], speaker: speaker, bert: bert)
            let mask = AttentionMask.keys(lengths: [text.count])
            for (layer, cache) in zip(prior.layers, rows.caches) {
                x = layer(x, mask: mask, cache: cache, randomness: nil)
            }
        }

        /// Feeds a token (nil: BOS) and returns the scores of what follows it, K + 1 of them, the last being EOS.
        package func next(after token: Int?) -> [Float] {
            let width = prior.configuration.hidden
            let embedding = prior.tokenEmbedding.weight.pointer + (token ?? prior.beginning) * width
            let position = prior.tokenPositions.weight.pointer + fed * width
            for c in 0..<width { row.pointer[c] = embedding[c] + position[c] }
            fed += 1
            rows.step(row.pointer)
            layerNormRow(row.pointer, gamma: finalNorm.gamma, beta: finalNorm.beta, into: normed.pointer)
            projection.apply(normed.pointer, into: vector.pointer, scratch: scratch.pointer)
            scores.withUnsafeMutableBufferPointer { scores in
                guard let base = scores.baseAddress else { return }
                classes.apply(vector.pointer, into: base, scratch: scratch.pointer)
            }
            return scores
        }
    }

    /// Starts to decode one utterance without a tape; see `Decoding`.
    ///
    /// - Throws: `PriorError` when the text does not fit.
    package func decoding(
        text: [Int32], speaker: Tensor, codeTable: Tensor, bert: Tensor? = nil, maximumTokens: Int
    ) throws -> Decoding {
        try configuration.check(text: text)
        return frozen {
            Decoding(
                self, text: text, speaker: speaker, codeTable: codeTable, bert: bert, maximumTokens: maximumTokens)
        }
    }
}
