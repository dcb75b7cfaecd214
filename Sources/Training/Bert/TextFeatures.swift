import Tensor
import Text

/// What BERT knows of a text, for each of its symbols: the features of the word that a symbol is said for.
package struct TextFeatures: Sendable, Equatable {
    /// Channels that the priors' projection reads; a narrower BERT leaves the rest zero.
    package static let width = 1024

    /// [W, `channels`] in row-major order.
    let words: [Float]
    /// Of the BERT that made them.
    let channels: Int
    /// The word of each symbol; −1 for one that belongs to none.
    let wordOfSymbol: [Int32]

    /// - Parameters:
    ///   - words: the words of the text; `values` has `channels` numbers of each.
    ///   - symbols: what is said for them, as the front end wrote it.
    package init(words: [String], values: [Float], channels: Int, symbols: [String]) {
        precondition(values.count == words.count * channels && channels <= Self.width)
        self.words = values
        self.channels = channels
        wordOfSymbol = WordAlignment.words(of: symbols, in: words).map { $0.map(Int32.init) ?? -1 }
    }

    /// The features of texts as the priors take them, [B, 1024, L], L the longest text's symbols; nil when there are none
    /// at all, which counts as zeros.
    package static func batch(_ items: [TextFeatures?]) -> Tensor? {
        guard items.contains(where: { $0 != nil }) else { return nil }
        let length = items.map { $0?.wordOfSymbol.count ?? 0 }.max() ?? 0
        let result = Tensor.zeros([items.count, width, length])
        for case (let item, let features?) in items.enumerated().map({ ($0, $1) }) {
            for (symbol, word) in features.wordOfSymbol.enumerated() where word >= 0 {
                for channel in 0..<features.channels {
                    result.pointer[(item * width + channel) * length + symbol] =
                        features.words[Int(word) * features.channels + channel]
                }
            }
        }
        return result
    }
}

extension BertModel {
    /// The features of a text's symbols, as the front end wrote them.
    package func textFeatures(of text: String, symbols: [String]) -> TextFeatures {
        let (words, values) = features(of: text)
        return TextFeatures(words: words, values: values, channels: configuration.width, symbols: symbols)
    }
}
