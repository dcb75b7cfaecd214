import Neural
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

/// Tokens that were guessed with small weights first, against those drawn one by one.
@Suite struct DraftedSamplingTests {
    private let text: [Int32] = [1, 5, 7, 2, 9, 9, 4]
    private let speaker = RandomStream(seed: 4, name: "speaker").normal([1, 192, 1])
    private let codeTable = RandomStream(seed: 4, name: "codes").normal([40, 256])

    /// Wide enough for its weights not to fit a cache: else nothing is drafted.
    private func priors() -> [any TokenPrior] {
        var sizes = SemanticDecoderConfiguration()
        (sizes.hidden, sizes.layers, sizes.heads, sizes.symbolCount, sizes.codeCount) = (512, 3, 8, 12, 40)
        let decoder = SemanticDecoder(sizes)
        let prior = Prior(PriorConfiguration(hidden: 512, layers: 3, heads: 8, symbolCount: 12, codeCount: 40))
        let all: [any TokenPrior] = [decoder, prior]
        for prior in all { prior.initialize(seed: 3) }
        return all
    }

    private func draw(
        _ prior: any TokenPrior, _ options: SamplingOptions, seed: UInt64 = 1, progress: ((Int) -> Bool)? = nil
    ) throws -> (tokens: [Int], passes: Int) {
        let decoding = try prior.decoding(
            text: text, speaker: speaker, codeTable: codeTable, bert: nil, maximumTokens: options.maximumTokens)
        let tokens = try options.tokens(
            from: decoding, limit: options.maximumTokens, end: prior.end,
            random: RandomStream(seed: seed, name: "sampling"), progress: progress)
        return (tokens, decoding.passes)
    }

    @Test func tokensAreTheSame() throws {
        for prior in priors() {
            for seed in 1...4 as ClosedRange<UInt64> {
                var options = SamplingOptions(maximumTokens: 60)
                options.topP = seed == 4 ? 0.8 : 1
                prior.decodeWith(.float32, drafts: false)
                let alone = try draw(prior, options, seed: seed)
                prior.decodeWith(.float32, drafts: true)
                let drafted = try draw(prior, options, seed: seed)
                #expect(drafted.tokens == alone.tokens)
                #expect(alone.passes >= alone.tokens.count - 1)
                #expect(drafted.passes < alone.passes * 2 / 3, "most guesses are right")
            }
        }
    }

    /// Copies of other weights guess wrong, and no token changes.
    @Test func wrongGuessesChangeNothing() throws {
        for prior in priors() {
            let options = SamplingOptions(maximumTokens: 40)
            prior.decodeWith(.float32, drafts: true)
            prior.initialize(seed: 9)
            let drafted = try draw(prior, options)
            prior.decodeWith(.float32, drafts: false)
            let alone = try draw(prior, options)
            #expect(drafted.tokens == alone.tokens)
            #expect(drafted.passes > alone.passes / 2, "other weights cannot guess well")
        }
    }

    @Test func anyLimitHolds() throws {
        for prior in priors() {
            prior.decodeWith(.float32, drafts: true)
            var options = SamplingOptions(maximumTokens: 30)
            options.minimumTokens = 30
            let all = try draw(prior, options).tokens
            #expect(all.count == 30)
            for limit in 0...9 {
                options.maximumTokens = limit
                #expect(try draw(prior, options).tokens == Array(all.prefix(limit)))
            }
        }
    }

    @Test func everyTokenIsReportedOnceAndCanBeTheLast() throws {
        let prior = priors()[0]
        prior.decodeWith(.float32, drafts: true)
        for last in [1, 4, 5, 9] {
            var counts = [Int]()
            #expect(throws: CancellationError.self) {
                try draw(prior, SamplingOptions(maximumTokens: 30)) {
                    counts.append($0)
                    return $0 < last
                }
            }
            #expect(counts == Array(1...last))
        }
    }

    @Test func smallWeightsAreNotDrafted() throws {
        for prior in priors() {
            for format in [WeightFormat.bfloat16, .int8] {
                prior.decodeWith(format)
                let drawn = try draw(prior, SamplingOptions(maximumTokens: 20))
                #expect(drawn.passes >= drawn.tokens.count - 1)
            }
        }
    }
}
