import Neural
import Tensor

extension SemanticDecoder {
    /// Starts to decode one utterance, without a tape: its text, then at most `maximumTokens` tokens. `bert` is
    /// [1, 1024, L], or nil for zeros.
    ///
    /// - Throws: `PriorError` when the text does not fit.
    package func decoding(text: [Int32], bert: Tensor? = nil, maximumTokens: Int) throws -> TokenDecoding {
        try configuration.check(text: text)
        return frozen {
            let rows = decodingWeights.decoder(
                layers, heads: configuration.heads, capacity: text.count + maximumTokens,
                arrangement: .normAfterWithReLU)
            var x = textRows([text], bert: bert)
            let mask = AttentionMask.keys(lengths: [text.count])
            for (layer, cache) in zip(layers, rows.caches) { x = layer(x, mask: mask, cache: cache, randomness: nil) }
            let first = output(x.sliced(axis: 1, text.count - 1..<text.count)).values
            return TokenDecoding(rows, width: configuration.hidden, ends(first))
        }
    }

    private func ends(_ first: [Float]) -> TokenDecoding.Ends {
        let width = configuration.hidden
        // What turns a row into scores stays exact: it is small, and its errors would be the scores' own.
        let classes = output.rowWeights(.float32)
        let scratch = Storage(count: RowDecoder.rowLimit * classes.scratchCount)
        return TokenDecoding.Ends(
            beginning: { _ in first },
            embed: { token, position, row in
                self.tokenPositions.add(
                    to: self.tokenEmbedding.weight.pointer + token * width, position: position, into: row)
            },
            classify: { x, count, scores in
                classes.apply(x, inputs: count, into: scores, scratch: scratch.pointer)
            },
            classCount: configuration.codeCount + 1)
    }
}
