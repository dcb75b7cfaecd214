import Foundation
import VoiceModel

/// Which heads of a prior follow its text, and how surely.
///
/// A prior that learned to read has heads whose rows look at the symbol that is being said. Which they are differs from
/// voice to voice and from step to step, so they are chosen on recordings. On those, whose tokens neither repeat nor skip a
/// word, it is not enough that a look goes forward from the text's start to its end (as the hard alignment of Kim et al.
/// 2020, Glow-TTS, is found): one that only counts tokens does so, too, and would go on serenely while a word is said
/// twice. So each recording is also shown with a third of its tokens said again and with a third left out, where the head
/// has to look at what it looked at when it heard the same tokens in their place. The best head counts, together with those
/// nearly as good; where none is good enough, or half of these slips are not found with them, the prior does not follow
/// the text yet, and nothing can be said of repeats and skips.
package struct AlignmentGuide: Equatable {
    /// Below this, a look is too much elsewhere to be told from chance.
    static let weakest: Float = 0.3
    /// Symbols on either side of the path that count as being on it.
    static let band = 2
    /// Symbols that a path may go forward from a token to the next.
    static let stride = 3
    /// What a jump costs a path, in nats: that of three or four tokens whose look is three times as much elsewhere.
    static let jumpCost: Float = 4

    /// By number in `TextAttention.heads`.
    package private(set) var heads: [Int]
    /// The share of the best head's look that lies within two symbols of what is being said, 0 ... 1.
    package let strength: Float
    /// The slips that were made in recordings, and how many of them are found.
    package private(set) var known = 0, found = 0

    /// Whether a recording is long enough to slip in: a third of it must be more than people leave out.
    package static func isUsable(tokens: Int, symbols: Int) -> Bool {
        symbols >= 4 * SpeechSlips.jump && tokens >= symbols
    }

    /// Chooses the heads on recordings; nil where none follows what is said.
    ///
    /// - Parameters:
    ///   - recordings: the tokens of each.
    ///   - look: the attention of a recording whose tokens come in the given order.
    package init?(
        recordings: [Int], look: (_ recording: Int, _ order: [Int]) throws -> TextAttention
    ) rethrows {
        var sums: [(plain: Float, slipped: Float)] = []
        for (index, count) in recordings.enumerated() {
            let plain = try look(index, Array(0..<count)),
                slipped = try KnownSlip.all(of: count).map { slip in
                    (slip, try look(index, slip.order))
                }
            if sums.isEmpty { sums = Array(repeating: (0, 0), count: plain.heads.count) }
            for head in sums.indices {
                let followed = Alignment(plain, heads: [head]).forward
                sums[head].plain += followed.strength / Float(recordings.count)
                for (slip, attention) in slipped {
                    let alignment = Alignment(attention, heads: [head])
                    sums[head].slipped +=
                        slip.strength(of: alignment, places: followed.places) / Float(recordings.count * slipped.count)
                }
            }
        }
        let strengths = sums.map { min($0.plain, $0.slipped) }
        guard let best = strengths.max(), best >= Self.weakest else { return nil }
        strength = best
        heads = strengths.indices.filter { strengths[$0] >= max(Self.weakest, 0.9 * best) }
        for (index, count) in recordings.enumerated() {
            let plain = slips(try look(index, Array(0..<count)))
            for slip in KnownSlip.all(of: count) {
                let slips = slips(try look(index, slip.order))
                known += 1
                if slip.isRepeat ? slips.repeats > plain.repeats : slips.skipped > plain.skipped { found += 1 }
            }
        }
        guard 2 * found >= known else { return nil }
    }

    /// What went wrong in an utterance.
    package func slips(_ attention: TextAttention) -> SpeechSlips {
        SpeechSlips(Alignment(attention, heads: heads))
    }
}

/// A third of a recording said again, or left out.
private struct KnownSlip {
    let isRepeat: Bool
    /// The recording's tokens in the order in which they come now.
    let order: [Int]

    static func all(of tokens: Int) -> [KnownSlip] {
        let (first, second) = (tokens / 3, 2 * tokens / 3)
        return [
            KnownSlip(isRepeat: true, order: Array(0..<second) + Array(first..<tokens)),
            KnownSlip(isRepeat: false, order: Array(0..<first) + Array(second..<tokens)),
        ]
    }

    /// How much of the look lies near what is said, from the slip on.
    func strength(of alignment: Alignment, places: [Int]) -> Float {
        let moved = order.indices.filter { order[$0] != $0 }
        return moved.reduce(0) { $0 + alignment.near($1, places[order[$1]]) } / Float(max(1, moved.count))
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
    func near(_ row: Int, _ symbol: Int) -> Float {
        let first = max(0, symbol - AlignmentGuide.band), last = min(symbols - 1, symbol + AlignmentGuide.band)
        return weights[row * symbols + first...row * symbols + last].reduce(0, +)
    }

    /// The likeliest path that never goes back nor jumps, and the mean of what lies near it, 0 ... 1.
    package var forward: (places: [Int], strength: Float) {
        guard tokens > 0, symbols > 0 else { return ([], 0) }
        let places = likeliest(jumps: false)
        return (places, places.indices.reduce(0) { $0 + near($1, places[$1]) } / Float(tokens))
    }

    /// Where it is in the text while each token is foretold: the likeliest path, which may jump where several tokens bear
    /// that out.
    package var path: [Int] { tokens > 0 && symbols > 0 ? likeliest(jumps: true) : [] }

    /// Dynamic programming over tokens: from one to the next a path stands or goes on by up to `AlignmentGuide.stride`
    /// symbols, or jumps at a cost. It begins near the text's first symbol; without jumps it ends near the last, if it can
    /// get there.
    private func likeliest(jumps: Bool) -> [Int] {
        let cost = jumps ? AlignmentGuide.jumpCost : .infinity
        var sums = (0..<symbols).map { evidence(0, $0) - ($0 <= AlignmentGuide.band ? 0 : cost) }
        var origins: [[Int]] = []
        for row in 1..<max(1, tokens) {
            let best = Self.best(sums[...])
            var (next, from) = (sums, [Int](repeating: best, count: symbols))
            for symbol in 0..<symbols {
                next[symbol] = sums[best] - cost
                for before in stride(from: symbol, through: max(0, symbol - AlignmentGuide.stride), by: -1)
                where sums[before] > next[symbol] {
                    (next[symbol], from[symbol]) = (sums[before], before)
                }
                next[symbol] += evidence(row, symbol)
            }
            sums = next
            origins.append(from)
        }
        let ends = jumps ? sums[...] : sums.suffix(AlignmentGuide.band + 1)
        var place = Self.best(ends.contains { $0.isFinite } ? ends : sums[...]), path = [place]
        for from in origins.reversed() {
            place = from[place]
            path.append(place)
        }
        return path.reversed()
    }

    /// The first of the largest.
    private static func best(_ sums: ArraySlice<Float>) -> Int {
        sums.indices.max { (sums[$0], $1) < (sums[$1], $0) } ?? sums.startIndex
    }

    /// How much a look speaks for a symbol, in nats: its neighbours count less, so that a sharp look has one place.
    private func evidence(_ row: Int, _ symbol: Int) -> Float {
        let reach = AlignmentGuide.band + 1
        var sum: Float = 0
        for other in max(0, symbol - reach + 1)...min(symbols - 1, symbol + reach - 1) {
            sum += weights[row * symbols + other] * Float(reach - abs(other - symbol)) / Float(reach)
        }
        return log(sum + 0.02)
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
        for (before, place) in zip(path.prefix(1) + path, path) {
            // Going on by a few symbols passes over none.
            let isStep = (before...before + AlignmentGuide.stride).contains(place)
            for symbol in (isStep ? before : place)...place { isSeen[symbol] = true }
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
