import Foundation
import Neural
import Tensor

/// One utterance being decoded: its text was fed, then come tokens, each costing one row.
///
/// The text goes through the trained weights in any case; only tokens' rows read small ones. Where the prior drafts,
/// what may follow can be guessed with int8 weights before the exact ones are asked.
package final class TokenDecoding {
    /// What a prior makes of a token, and of the rows that come out of its layers.
    struct Ends {
        /// Scores of the first token, before any was fed.
        let beginning: (TokenDecoding) -> [Float]
        /// Writes the embedding of a token at a position among the fed rows.
        let embed: (_ token: Int, _ position: Int, _ row: UnsafeMutablePointer<Float>) -> Void
        /// Scores of rows [R, C], [R, K + 1].
        let classify: (_ rows: UnsafePointer<Float>, _ count: Int, _ scores: UnsafeMutablePointer<Float>) -> Void
        let classCount: Int
    }

    /// How often tokens were fed: once for all that came together.
    package private(set) var passes = 0
    private let rows: RowDecoder
    private let ends: Ends
    private let memory: Storage
    private let width: Int

    /// `rows` holds the text's rows already, of `width` values.
    init(_ rows: RowDecoder, width: Int, _ ends: Ends) {
        self.rows = rows
        self.ends = ends
        self.width = width
        memory = Storage(count: RowDecoder.rowLimit * width)
    }

    /// Feeds a token (nil: none yet) and returns the scores of what follows it, K + 1 of them, the last being EOS.
    package func next(after token: Int?) -> [Float] {
        guard let token else { return ends.beginning(self) }
        return next(after: [token])[0]
    }

    /// Feeds at most `mostAtOnce` tokens; the scores of what follows each of them, to the bit those that it has when fed
    /// alone.
    package func next(after tokens: [Int]) -> [[Float]] {
        for (index, token) in tokens.enumerated() {
            ends.embed(token, rows.count + index, memory.pointer + index * width)
        }
        rows.step(memory.pointer, rows: tokens.count)
        passes += 1
        return scores(of: tokens.count)
    }

    package static var mostAtOnce: Int { RowDecoder.rowLimit }

    /// The last `count` tokens are as if they had never been fed.
    package func takeBack(_ count: Int) { rows.takeBack(count) }

    /// Whether `guess` can be asked.
    package var canGuess: Bool { rows.canDraft }

    /// About what follows a token that comes after `ahead` others that were guessed with, without feeding it.
    package func guess(after token: Int, ahead: Int) -> [Float] {
        ends.embed(token, rows.count + ahead, memory.pointer)
        rows.draft(memory.pointer, ahead: ahead)
        return scores(of: 1)[0]
    }

    private func scores(of count: Int) -> [[Float]] {
        let classes = ends.classCount
        let all = Storage(count: count * classes)
        ends.classify(memory.pointer, count, all.pointer)
        return (0..<count).map { Array(UnsafeBufferPointer(start: all.pointer + $0 * classes, count: classes)) }
    }
}

/// The layers of a prior as its decodings read them.
struct DecodingWeights {
    /// Copies of the layers' weights; none where the trained ones serve.
    private var copies: [RowDecoderLayer] = []
    /// Copies that guess what the trained ones will say.
    private var drafting: [RowDecoderLayer] = []

    /// Copies of this moment's weights.
    ///
    /// Exact decoding waits for memory, and int8 weights are a quarter of it: so it is faster to guess some tokens with
    /// those, and then to ask the exact weights about all of them at once. Where the exact ones stay in a cache it is
    /// not.
    init(_ layers: [PriorLayer] = [], _ format: WeightFormat = .float32, drafts: Bool = false) {
        if format != .float32 {
            copies = layers.map { $0.rowWeights(format) }
        } else if drafts, layers.reduce(0, { $0 + $1.rowBytes }) > Self.cachedBytes {
            drafting = layers.map { $0.rowWeights(.int8) }
        }
    }

    private static let cachedBytes = 32 << 20

    func decoder(
        _ layers: [PriorLayer], heads: Int, capacity: Int, arrangement: RowDecoder.Arrangement
    ) -> RowDecoder {
        RowDecoder(
            copies.isEmpty ? layers.map { $0.rowWeights(.float32) } : copies, drafting: drafting, heads: heads,
            capacity: capacity, arrangement: arrangement)
    }
}

/// How many tokens to draft: more, the more often guesses were right lately. Only speed depends on it.
struct DraftLength {
    /// The share of guesses that are right, at first that of an untrained v2 prior.
    private var accuracy = 0.85
    /// What a guess takes, and each further row of the exact weights, of the time of one row: v2 on a machine that reads
    /// 25 GB/s.
    private static let guess = 0.27, row = 0.06

    /// Of `count` guesses the first `right` were.
    mutating func learn(right: Int, of count: Int) {
        for _ in 0..<right { accuracy += (1 - accuracy) / 16 }
        if right < count { accuracy -= accuracy / 16 }
    }

    /// Makes the most tokens in a time. At least one, as nothing would be learned by none.
    var best: Int {
        func speed(_ count: Int) -> Double {
            // One token is certain, each guess counts when all before it were right.
            let tokens = (0...count).reduce(0) { $0 + pow(accuracy, Double($1)) }
            return tokens / (1 + Double(count) * (Self.guess + Self.row))
        }
        return (1..<TokenDecoding.mostAtOnce).max { speed($0) < speed($1) } ?? 1
    }
}
