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

extension TokenPrior {
    /// Draws the tokens of one utterance, EOS not included; the same for the same `random`, with drafts or without.
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
        let limit = min(max(0, options.maximumTokens), tokenLimit)
        let decoding = try decoding(
            text: text, speaker: speaker, codeTable: codeTable, bert: bert, maximumTokens: limit)
        return try options.tokens(from: decoding, limit: limit, end: end, random: random, progress: progress)
    }
}

extension SamplingOptions {
    /// The loop of every prior: number i of `random` decides token i.
    ///
    /// A decoding that can guess drafts some tokens first, is then asked about all of them at once, and forgets those
    /// from the first one on that it would not have drawn itself (Leviathan et al. 2023, with the same numbers for both
    /// draws): every token is drawn from the exact scores.
    ///
    /// - Throws: `PriorError.notFinite`, `CancellationError` when `progress` returns false.
    package func tokens(
        from decoding: TokenDecoding, limit: Int, end: Int, random: RandomStream, progress: ((Int) -> Bool)?
    ) throws -> [Int] {
        var tokens = [Int](), drafted = [Int]()
        var drafting = DraftLength()
        while tokens.count < limit {
            let rows = tokens.isEmpty ? [decoding.next(after: nil)] : decoding.next(after: tokens.suffix(1) + drafted)
            var right = 0
            for scores in rows {
                guard let token = drawNext(scores, after: tokens, end: end, random) else { throw PriorError.notFinite }
                if token == end { return tokens }
                tokens.append(token)
                if let progress, !progress(tokens.count) { throw CancellationError() }
                guard right < drafted.count, drafted[right] == token else { break }
                right += 1
            }
            decoding.takeBack(drafted.count - right)
            drafting.learn(right: right, of: drafted.count)
            drafted = draft(
                min(drafting.best, limit - tokens.count - 1), after: tokens, with: decoding, end: end, random)
        }
        return tokens
    }

    /// At most `count` tokens that may come next; fewer where the end may come.
    private func draft(
        _ count: Int, after tokens: [Int], with decoding: TokenDecoding, end: Int, _ random: RandomStream
    ) -> [Int] {
        guard decoding.canGuess, var last = tokens.last else { return [] }
        var drafted = [Int]()
        while drafted.count < count {
            let scores = decoding.guess(after: last, ahead: drafted.count)
            guard let token = drawNext(scores, after: tokens + drafted, end: end, random), token != end else { break }
            drafted.append(token)
            last = token
        }
        return drafted
    }

    private func drawNext(_ scores: [Float], after tokens: [Int], end: Int, _ random: RandomStream) -> Int? {
        var scores = scores
        if tokens.count < minimumTokens { scores[end] = -.infinity }
        return draw(scores, after: tokens, number: random.uniform(at: tokens.count))
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
        // In the order of their indices: scores that differ by rounding are often ranked otherwise, and the same number
        // would then draw another token.
        candidates.sort()
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
