import VoiceModel

/// Which heads of a prior follow its text, and how surely.
///
/// A prior that learned to read has heads whose rows look at the symbol that is being said. Which they are differs from
/// voice to voice and from step to step, so they are chosen on recordings, whose tokens neither repeat nor skip a word: a
/// head's strength is the share of its look at the text that lies within two symbols of the best path that only goes
/// forward, from the text's start to its end (as the hard alignment of Kim et al. 2020, Glow-TTS, is found). The best
/// head counts, together with those nearly as good. Where no head reaches `weakest`, the prior does not follow the text
/// yet, and nothing can be said of repeats and skips.
package struct AlignmentGuide: Equatable {
    /// Below this, half of the look goes elsewhere: what would be found is chance.
    static let weakest: Float = 0.5
    /// Symbols on either side of the path that count as being on it.
    static let band = 2
    /// Symbols that a path may go forward from a token to the next.
    static let stride = 3

    /// By number in `TextAttention.heads`.
    package let heads: [Int]
    /// Of the best head, 0 ... 1.
    package let strength: Float

    /// Chooses the heads on recordings; nil where none follows the text.
    package init?(recordings: [TextAttention]) {
        let usable = recordings.filter { $0.tokens > 0 && $0.symbols > 0 }
        guard let count = usable.map(\.heads.count).min(), count > 0 else { return nil }
        let strengths = (0..<count).map { head in
            usable.reduce(0) { $0 + Alignment($1, heads: [head]).strengthOfPath } / Float(usable.count)
        }
        guard let best = strengths.max(), best >= Self.weakest else { return nil }
        strength = best
        heads = strengths.indices.filter { strengths[$0] >= max(Self.weakest, 0.9 * best) }
    }
}

/// One utterance against its text, by the mean of some heads: where the prior looks while it foretells each token.
package struct Alignment {
    package let tokens, symbols: Int
    /// [tokens, symbols]; each row sums to 1.
    private let weights: [Float]

    package init(_ attention: TextAttention, heads: [Int]) {
        (tokens, symbols) = (attention.tokens, attention.symbols)
        var sum = [Float](repeating: 0, count: tokens * symbols)
        for head in heads {
            for row in 0..<tokens {
                let line = attention.heads[head][row * symbols..<(row + 1) * symbols]
                let total = line.reduce(0, +)
                guard total > 0 else { continue }
                for (column, value) in line.enumerated() {
                    sum[row * symbols + column] += value / total / Float(heads.count)
                }
            }
        }
        weights = sum
    }

    /// What lies within `AlignmentGuide.band` of a symbol.
    private func near(_ row: Int, _ symbol: Int) -> Float {
        let first = max(0, symbol - AlignmentGuide.band), last = min(symbols - 1, symbol + AlignmentGuide.band)
        return weights[row * symbols + first...row * symbols + last].reduce(0, +)
    }

    /// The mean of what lies near the best path that never goes back, 0 ... 1.
    var strengthOfPath: Float {
        guard tokens > 0, symbols > 0 else { return 0 }
        // Dynamic programming over tokens; a path begins and ends within a band of the text's ends, if it can get there.
        let edge = AlignmentGuide.band
        var best = (0..<symbols).map { $0 <= edge ? near(0, $0) : -Float.infinity }
        for row in 1..<max(1, tokens) {
            best = (0..<symbols).map { symbol in
                let before = best[max(0, symbol - AlignmentGuide.stride)...symbol].max() ?? -.infinity
                return before + near(row, symbol)
            }
        }
        let ending = best.suffix(edge + 1).max() ?? -.infinity
        return ending.isFinite ? ending / Float(tokens) : 0
    }

    /// The symbol looked at most while each token is foretold, as the median of five tokens.
    var path: [Int] {
        let raw = (0..<tokens).map { row in
            (0..<symbols).max { (near(row, $0), $1) < (near(row, $1), $0) } ?? 0
        }
        return raw.indices.map { index in
            let window = raw[max(0, index - 2)...min(raw.count - 1, index + 2)].sorted()
            return window[window.count / 2]
        }
    }
}

/// What went wrong between an utterance and its text, as far as the attention tells.
package struct SpeechSlips: Sendable, Equatable {
    /// Times that the prior went back several symbols and stayed there, or stood still for over a second and a half.
    package var repeats = 0
    /// Symbols that it passed over, in runs of several.
    package var skipped = 0
    /// Symbols of the text, and tokens.
    package var symbols = 0
    package var tokens = 0

    package init() {}

    /// Symbols that a look must go back, or a run of missed ones must be long, to count: less is how people speak and how
    /// attention wavers.
    static let jump = 5
    /// Tokens that it must stay there: 120 ms.
    static let stay = 3
    /// Tokens within a symbol or two: 1.5 s, longer than a full stop.
    static let stall = 38

    package init(_ alignment: Alignment) {
        (symbols, tokens) = (alignment.symbols, alignment.tokens)
        let path = alignment.path
        repeats = Self.jumpsBack(path) + Self.stalls(path)
        skipped = Self.missed(path, symbols: symbols)
    }

    static func + (one: SpeechSlips, other: SpeechSlips) -> SpeechSlips {
        var sum = one
        sum.repeats += other.repeats
        sum.skipped += other.skipped
        sum.symbols += other.symbols
        sum.tokens += other.tokens
        return sum
    }

    private static func jumpsBack(_ path: [Int]) -> Int {
        var (count, reach, behind) = (0, path.first ?? 0, 0)
        for place in path {
            behind = place <= reach - jump ? behind + 1 : 0
            if behind == stay {
                count += 1
                // From here it may go on, and back again.
                (reach, behind) = (place, 0)
            }
            reach = max(reach, place)
        }
        return count
    }

    private static func stalls(_ path: [Int]) -> Int {
        var (count, start, length) = (0, path.first ?? 0, 0)
        for place in path {
            if abs(place - start) <= AlignmentGuide.band {
                length += 1
                if length == stall { count += 1 }
            } else {
                (start, length) = (place, 1)
            }
        }
        return count
    }

    private static func missed(_ path: [Int], symbols: Int) -> Int {
        var isSeen = [Bool](repeating: false, count: symbols)
        for place in path {
            let first = max(0, place - AlignmentGuide.band), last = min(symbols - 1, place + AlignmentGuide.band)
            for symbol in first...max(first, last) { isSeen[symbol] = true }
        }
        var (sum, run) = (0, 0)
        for symbol in 0...symbols {
            if symbol < symbols, !isSeen[symbol] {
                run += 1
            } else {
                if run >= jump { sum += run }
                run = 0
            }
        }
        return sum
    }
}
