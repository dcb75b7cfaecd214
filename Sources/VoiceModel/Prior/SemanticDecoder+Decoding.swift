import Neural
import Tensor

extension SemanticDecoder {
    /// One utterance being decoded: the text is fed once, then tokens one by one, each costing one row.
    ///
    /// The text goes through the trained weights in any case; only tokens' rows read small ones.
    package final class Decoding {
        private let decoder: SemanticDecoder
        private let rows: RowDecoder
        private let output: SmallWeights
        private let row, scratch: Storage
        private var fed = 0
        /// Scores of what comes next, K + 1 of them, the last being EOS.
        package private(set) var scores: [Float]

        fileprivate init(_ decoder: SemanticDecoder, text: [Int32], bert: Tensor?, maximumTokens: Int) {
            self.decoder = decoder
            let configuration = decoder.configuration
            rows = RowDecoder(
                decoder.rowLayers, heads: configuration.heads, capacity: text.count + maximumTokens,
                arrangement: .normAfterWithReLU)
            // What turns a row into scores stays exact: it is small, and its errors would be the scores' own.
            output = decoder.output.rowWeights(.float32)
            row = Storage(count: configuration.hidden)
            scratch = Storage(count: output.scratchCount)
            var x = decoder.textRows([text], bert: bert)
            let mask = AttentionMask.keys(lengths: [text.count])
            for (layer, cache) in zip(decoder.layers, rows.caches) {
                x = layer(x, mask: mask, cache: cache, randomness: nil)
            }
            scores = decoder.output(x.sliced(axis: 1, text.count - 1..<text.count)).values
        }

        /// Feeds a token, 0 ..< K; `scores` are then those of what follows it.
        package func feed(token: Int) {
            let width = decoder.configuration.hidden
            decoder.tokenPositions.add(
                to: decoder.tokenEmbedding.weight.pointer + token * width, position: fed, into: row.pointer)
            fed += 1
            rows.step(row.pointer)
            scores.withUnsafeMutableBufferPointer { scores in
                guard let base = scores.baseAddress else { return }
                output.apply(row.pointer, into: base, scratch: scratch.pointer)
            }
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
