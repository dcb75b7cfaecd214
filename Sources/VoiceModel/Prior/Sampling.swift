import Tensor

/// How tokens are drawn from the prior's scores.
package struct SamplingOptions: Sendable, Equatable, Codable {
    /// Draw among this many of the most probable.
    package var topK = 15
    /// Draw among the fewest whose probabilities reach this sum.
    package var topP: Float = 1
    /// Below 1 surer, above 1 more varied.
    package var temperature: Float = 1
    /// Scores of tokens among the last `repetitionWindow` are divided by this (Keskar et al. 2019); 1 for none.
    package var repetitionPenalty: Float = 1.35
    package var repetitionWindow = 16
    /// No EOS before this many tokens.
    package var minimumTokens = 11
    /// The end in any case; at most what the prior has positions for.
    package var maximumTokens: Int

    package init(maximumTokens: Int) { self.maximumTokens = maximumTokens }
}

extension Prior {
    /// Draws the tokens of one utterance, EOS not included; the same for the same `random`.
    ///
    /// - Parameters:
    ///   - speaker: g, [1, 192, 1].
    ///   - codeTable: [K, 256].
    ///   - bert: [1, 1024, L], or nil for zeros.
    ///   - random: number i decides token i.
    ///   - progress: told the count after each token; false ends it with `CancellationError`.
    /// - Throws: `PriorError` when the text does not fit or the weights are not finite, `CancellationError`.
    package func sample(
        text: [Int32], speaker: Tensor, codeTable: Tensor, bert: Tensor? = nil, options: SamplingOptions,
        random: RandomStream, progress: ((Int) -> Bool)? = nil
    ) throws -> [Int] {
        let limit = min(max(0, options.maximumTokens), configuration.maximumTokens)
        let following = try following(
            text: text, speaker: speaker, codeTable: codeTable, bert: bert, maximumTokens: limit)
        return try options.tokens(limit: limit, end: end, random: random, progress: progress, next: following)
    }
}

extension SamplingOptions {
    /// The loop of every prior: `next(last token, nil at the start)` gives the scores, number i of `random` decides
    /// token i.
    ///
    /// - Throws: `PriorError.notFinite`, `CancellationError` when `progress` returns false.
    func tokens(
        limit: Int, end: Int, random: RandomStream, progress: ((Int) -> Bool)?, next: (Int?) -> [Float]
    ) throws -> [Int] {
        var tokens = [Int]()
        while tokens.count < limit {
            var scores = next(tokens.last)
            if tokens.count < minimumTokens { scores[end] = -.infinity }
            guard let token = draw(scores, after: tokens, number: random.uniform(at: tokens.count)) else {
                throw PriorError.notFinite
            }
            if token == end { break }
            tokens.append(token)
            if let progress, !progress(tokens.count) { throw CancellationError() }
        }
        return tokens
    }

    /// One draw: repetition penalty, then top-p, temperature and top-k. `number` in [0, 1) decides. Nil when no
    /// score is a number.
    package func draw(_ scores: [Float], after tokens: [Int], number: Float) -> Int? {
        var scores = scores
        for token in Set(tokens.suffix(max(0, repetitionWindow))) {
            scores[token] = scores[token] < 0 ? scores[token] * repetitionPenalty : scores[token] / repetitionPenalty
        }
        var candidates: [Int]
        if topP < 1 {
            candidates = scores.indices.filter { scores[$0] > -.infinity }
            candidates.sort { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
            var sum: Float = 0
            let count = probabilities(candidates.map { scores[$0] }).prefix { probability in
                defer { sum += probability }
                return sum < topP
            }.count
            candidates = Array(candidates.prefix(min(max(1, count), max(1, topK))))
        } else {
            candidates = best(max(1, topK), of: scores)
        }
        let weights = probabilities(candidates.map { scores[$0] / max(temperature, 1e-4) })
        var rest = number
        for (candidate, weight) in zip(candidates, weights) {
            if rest < weight { return candidate }
            rest -= weight
        }
        return candidates.last
    }

    /// The indices of the best scores above −∞, best first; equal scores by index, so that the order is one.
    private func best(_ count: Int, of scores: [Float]) -> [Int] {
        var indices = [Int]()
        indices.reserveCapacity(min(count, scores.count) + 1)
        for (index, score) in scores.enumerated() where score > -.infinity {
            if indices.count == count, let last = indices.last, score <= scores[last] { continue }
            var place = indices.count
            while place > 0, scores[indices[place - 1]] < score { place -= 1 }
            indices.insert(index, at: place)
            if indices.count > count { indices.removeLast() }
        }
        return indices
    }

    private func probabilities(_ scores: [Float]) -> [Float] {
        Tensor(scores, shape: [scores.count]).softmax().values
    }
}
