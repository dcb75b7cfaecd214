import Neural
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

@Suite struct PriorSamplingTests {
    private let fixture = PriorFixture(seed: 2)
    private let text: [Int32] = [1, 5, 7, 2, 9]

    private func sample(
        _ options: SamplingOptions, seed: UInt64 = 1, progress: ((Int) -> Bool)? = nil
    ) throws -> [Int] {
        try fixture.prior.sample(
            text: text, speaker: fixture.speakers(1), codeTable: fixture.codeTable, options: options,
            random: RandomStream(seed: seed, name: "sampling"), progress: progress)
    }

    /// Makes EOS by far the most probable class everywhere.
    private func makeEndCertain() {
        for entry in fixture.prior.state where ["out_proj.bias", "eos"].contains(entry.name) {
            entry.tensor.overwrite(Tensor(repeating: 3, shape: entry.tensor.shape))
        }
    }

    @Test func cachedStepsEqualTheFullForward() throws {
        let tokens = [4, 4, 11, 19, 0, 7, 3, 3, 15, 2]
        let full = try fixture.prior.logits(
            text: [text], tokens: [tokens], speaker: fixture.speakers(1), codeTable: fixture.codeTable)
        let decoding = try fixture.prior.decoding(
            text: text, speaker: fixture.speakers(1), codeTable: fixture.codeTable, maximumTokens: tokens.count)
        var rows = decoding.next(after: nil)
        for token in tokens { rows += decoding.next(after: token) }
        #expect(relativeDifference(Tensor(rows, shape: full.shape), full) < 1e-4)
    }

    @Test func leavesThePriorTrainable() throws {
        _ = try sample(SamplingOptions(maximumTokens: 3))
        #expect(fixture.prior.parameters.allSatisfy { $0.tensor.requiresGradient && $0.tensor.gradient == nil })
    }

    @Test func aSeedDecides() throws {
        let options = SamplingOptions(maximumTokens: 30)
        let first = try sample(options)
        #expect(try sample(options) == first)
        #expect(try sample(options, seed: 2) != first)
        #expect(first.allSatisfy { (0..<PriorFixture.codes).contains($0) })
    }

    @Test func doesNotEndBeforeTheMinimum() throws {
        makeEndCertain()
        var options = SamplingOptions(maximumTokens: 30)
        #expect(try sample(options).count == 11)
        options.minimumTokens = 0
        #expect(try sample(options).isEmpty)
    }

    @Test func stopsAtTheMaximum() throws {
        #expect(try sample(SamplingOptions(maximumTokens: 8)).count == 8)
        #expect(try sample(SamplingOptions(maximumTokens: 0)).isEmpty)
    }

    @Test func reportsEveryTokenAndCanBeCancelled() throws {
        var counts = [Int]()
        #expect(throws: CancellationError.self) {
            try sample(SamplingOptions(maximumTokens: 30)) {
                counts.append($0)
                return $0 < 4
            }
        }
        #expect(counts == [1, 2, 3, 4])
    }

    @Test func refusesTextsAndWeightsThatCannotBeSpoken() {
        let options = SamplingOptions(maximumTokens: 5)
        #expect(throws: PriorError.textTooLong(symbols: 1025, limit: 1024)) {
            try fixture.prior.sample(
                text: Array(repeating: 1, count: 1025), speaker: fixture.speakers(1), codeTable: fixture.codeTable,
                options: options, random: RandomStream(seed: 1, name: ""))
        }
        for entry in fixture.prior.state where entry.name == "eos" || entry.name == "out_proj.weight" {
            entry.tensor.overwrite(Tensor(repeating: .nan, shape: entry.tensor.shape))
        }
        #expect(throws: PriorError.notFinite) { try sample(options) }
    }
}

/// The order of a draw: repetition penalty, top-p, temperature, top-k.
@Suite struct SamplingOptionsTests {
    private var options = SamplingOptions(maximumTokens: 100)

    @Test func defaultsAreThePublicOnes() {
        #expect(options.topK == 15 && options.topP == 1 && options.temperature == 1)
        #expect(options.repetitionPenalty == 1.35 && options.repetitionWindow == 16 && options.minimumTokens == 11)
    }

    @Test func penalisesRecentTokens() {
        var options = options
        options.topK = 1
        #expect(options.draw([2, 1.9, 0], after: [], number: 0) == 0)
        #expect(options.draw([2, 1.9, 0], after: [0], number: 0) == 1)
        // Below zero a division would reward.
        #expect(options.draw([-1, -1.2, -9], after: [0], number: 0) == 1)
        // Once is as often as many times, and only the last 16 count.
        #expect(options.draw([2, 1.4, 0], after: [0, 0, 0], number: 0) == 0)
        #expect(options.draw([2, 1.9, 0], after: [0] + Array(repeating: 2, count: 16), number: 0) == 0)
    }

    @Test func topPComesBeforeTemperature() {
        var options = options
        options.topP = 0.5
        options.temperature = 100
        // Probabilities 0.67, 0.24, 0.09: the first alone reaches a half. Flattened first, all three would be needed.
        #expect(options.draw([2, 1, 0], after: [], number: 0.99) == 0)
        options.topP = 0.9
        #expect(options.draw([2, 1, 0], after: [], number: 0.49) == 0)
        #expect(options.draw([2, 1, 0], after: [], number: 0.52) == 1)
        #expect(options.draw([2, 1, 0], after: [], number: 0.99) == 1)
    }

    @Test func topKKeepsTheBest() {
        var options = options
        options.topK = 2
        let drawn = Set((0..<100).map { options.draw([0, 3, 2.9, 2.8], after: [], number: Float($0) / 100) })
        #expect(drawn == [1, 2])
    }

    @Test func drawsByProbability() {
        let drawn = (0..<1000).map { options.draw([1, 0, -.infinity], after: [], number: Float($0) / 1000) }
        // e / (e + 1)
        #expect(abs(drawn.count { $0 == 0 } - 731) <= 1)
        #expect(!drawn.contains(2))
    }
}
