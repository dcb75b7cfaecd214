import Foundation
import Tensor

/// How much the rows of an utterance's tokens look at each symbol of its text, by every head of every layer.
package struct TextAttention: Sendable {
    package var tokens: Int
    package var symbols: Int
    /// Layer by layer and head by head: [tokens, symbols], row s of what foretells token s; each number a share of all
    /// that the row looks at, earlier tokens too.
    package var heads: [[Float]]

    package init(tokens: Int, symbols: Int, heads: [[Float]]) {
        self.tokens = tokens
        self.symbols = symbols
        self.heads = heads
    }
}

/// Collects the attention of one utterance while it goes through a prior's layers, which themselves never keep it.
package final class AttentionRecord {
    private let rows: Range<Int>
    private(set) var attention: TextAttention

    /// - Parameter rows: those that foretell a token each, from the text's last row on.
    init(symbols: Int, rows: Range<Int>) {
        self.rows = rows
        attention = TextAttention(tokens: rows.count, symbols: symbols, heads: [])
    }

    /// Adds a layer's heads from its queries and keys, [1, R, 3C]; a row sees the text and the rows up to itself.
    func add(packed: Tensor, heads: Int) {
        let all = packed.shape[1], channels = packed.shape[2] / 3, width = channels / heads
        let symbols = attention.symbols, values = packed.pointer
        precondition(
            packed.shape[0] == 1 && all >= rows.upperBound, "one utterance of \(rows.upperBound) rows is recorded")
        let scale = 1 / Float(width).squareRoot()
        let result = Tensor.zeros([heads, rows.count, symbols])
        let target = result.pointer, first = rows.lowerBound, count = rows.count
        parallelFor(heads * count) { item in
            let head = item / count, row = first + item % count
            let query = values + row * 3 * channels + head * width
            let seen = max(symbols, row + 1)
            var scores = [Float](repeating: 0, count: seen)
            for place in 0..<seen {
                let key = values + place * 3 * channels + channels + head * width
                var sum: Float = 0
                for c in 0..<width { sum += query[c] * key[c] }
                scores[place] = sum * scale
            }
            let highest = scores.max() ?? 0
            var total: Float = 0
            for place in 0..<seen {
                scores[place] = exp(scores[place] - highest)
                total += scores[place]
            }
            for symbol in 0..<symbols { target[item * symbols + symbol] = scores[symbol] / total }
        }
        let numbers = result.values, size = count * symbols
        for head in 0..<heads { attention.heads.append(Array(numbers[head * size..<(head + 1) * size])) }
    }
}
