import Neural
import Tensor

extension Prior {
    /// Starts to decode one utterance, without a tape: its text, then BOS, then at most `maximumTokens` tokens. `speaker`
    /// is [1, 192, 1], `bert` [1, 1024, L], or nil for zeros.
    ///
    /// - Throws: `PriorError` when the text does not fit.
    package func decoding(
        text: [Int32], speaker: Tensor, codeTable: Tensor, bert: Tensor? = nil, maximumTokens: Int
    ) throws -> TokenDecoding {
        try configuration.check(text: text)
        return frozen {
            let rows = decodingWeights.decoder(
                layers, heads: configuration.heads, capacity: text.count + 1 + maximumTokens,
                arrangement: .normFirstWithGELU)
            var x = textRows([text], speaker: speaker, bert: bert)
            let mask = AttentionMask.keys(lengths: [text.count])
            for (layer, cache) in zip(layers, rows.caches) { x = layer(x, mask: mask, cache: cache, randomness: nil) }
            return TokenDecoding(rows, width: configuration.hidden, ends(codeTable))
        }
    }

    private func ends(_ codeTable: Tensor) -> TokenDecoding.Ends {
        let width = configuration.hidden, vectorWidth = configuration.codeWidth, rows = RowDecoder.rowLimit
        // What turns a row into scores stays exact: it is small, and its errors would be the scores' own.
        let projection = outputProjection.rowWeights(.float32)
        let classes = SmallWeights(self.classes(codeTable), format: .float32)
        let norm = finalNorm.scaleAndShift
        let normed = Storage(count: rows * width), vectors = Storage(count: rows * vectorWidth)
        let scratch = Storage(count: rows * max(projection.scratchCount, classes.scratchCount))
        return TokenDecoding.Ends(
            beginning: { $0.next(after: self.beginning) },
            embed: { token, position, row in
                let embedding = self.tokenEmbedding.weight.pointer + token * width
                let place = self.tokenPositions.weight.pointer + position * width
                for c in 0..<width { row[c] = embedding[c] + place[c] }
            },
            classify: { x, count, scores in
                for row in 0..<count {
                    layerNormRow(
                        x + row * width, gamma: norm.gamma, beta: norm.beta, into: normed.pointer + row * width)
                }
                projection.apply(normed.pointer, inputs: count, into: vectors.pointer, scratch: scratch.pointer)
                classes.apply(vectors.pointer, inputs: count, into: scores, scratch: scratch.pointer)
            },
            classCount: configuration.codeCount + 1)
    }
}
