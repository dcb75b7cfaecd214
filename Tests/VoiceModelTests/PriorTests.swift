import Foundation
import Neural
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

/// A small prior with what it is conditioned on.
struct PriorFixture {
    let prior: Prior
    let codeTable: Tensor
    static let codes = 20
    static let symbols = 12

    init(seed: UInt64 = 1) {
        prior = Prior(.preset(.tiny, symbolCount: Self.symbols, codeCount: Self.codes))
        prior.initialize(seed: seed)
        codeTable = RandomStream(seed: 3, name: "code table").normal([Self.codes, 256])
    }

    func speakers(_ count: Int) -> Tensor { RandomStream(seed: 4, name: "speakers").normal([count, 192, 1]) }

    func loss(_ text: [[Int32]], _ tokens: [[Int]], speaker: Tensor? = nil) throws -> Float {
        try prior.loss(
            text: text, tokens: tokens, speaker: speaker ?? speakers(text.count), codeTable: codeTable, randomness: nil
        ).loss.item
    }
}

@Suite struct PriorTests {
    private let fixture = PriorFixture()
    private let texts: [[Int32]] = [[1, 5, 7, 2, 9], [3, 3, 8]]
    private let utterances = [[4, 4, 11, 19, 0, 7], [2, 13, 13, 6]]

    @Test func startsFromChance() throws {
        let loss = try fixture.loss(texts, utterances)
        #expect(abs(loss - logf(21)) < 0.5)
    }

    @Test func learnsABatchByHeart() throws {
        let optimizer = AdamW(
            fixture.prior.parameters, settings: .init(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.01))
        let speakers = fixture.speakers(2)
        let first = try fixture.loss(texts, utterances)
        for step in 0..<40 {
            let (loss, _) = try fixture.prior.loss(
                text: texts, tokens: utterances, speaker: speakers, codeTable: fixture.codeTable,
                randomness: StepRandomness(seed: 1, step: step))
            loss.backward()
            optimizer.update(learningRate: 3e-3, gradientScale: clippingScale(norm: optimizer.gradientNorm(), limit: 1))
        }
        let (last, accuracy) = try fixture.prior.loss(
            text: texts, tokens: utterances, speaker: speakers, codeTable: fixture.codeTable, randomness: nil)
        #expect(last.item < 0.2 * first)
        #expect(accuracy == 1)
    }

    @Test func aTokenSeesOnlyEarlierTokens() throws {
        func rows(_ tokens: [Int]) throws -> [Tensor] {
            let logits = try fixture.prior.logits(
                text: [texts[0]], tokens: [tokens], speaker: fixture.speakers(1), codeTable: fixture.codeTable)
            return logits.split(axis: 1, Array(repeating: 1, count: tokens.count + 1))
        }
        let before = try rows([4, 11, 0, 7])
        let after = try rows([4, 11, 5, 7])
        for row in 0...2 { #expect(relativeDifference(before[row], after[row]) < 1e-6) }
        for row in 3...4 { #expect(relativeDifference(before[row], after[row]) > 1e-4) }
    }

    @Test func everyTokenHearsAllTextAndTheSpeaker() throws {
        func first(_ text: [Int32], _ speaker: Tensor) throws -> Tensor {
            try fixture.prior.logits(text: [text], tokens: [[]], speaker: speaker, codeTable: fixture.codeTable)
        }
        let speaker = fixture.speakers(1)
        let base = try first([1, 2, 3, 4], speaker)
        #expect(relativeDifference(try first([1, 2, 3, 5], speaker), base) > 1e-4)
        #expect(relativeDifference(try first([1, 2, 4, 3], speaker), base) > 1e-5)
        #expect(relativeDifference(try first([1, 2, 3, 4], speaker * -1), base) > 1e-4)
    }

    @Test func anotherItemsPaddingChangesNothing() throws {
        let both = fixture.speakers(2)
        let (one, two) = (both.sliced(axis: 0, 0..<1), both.sliced(axis: 0, 1..<2))
        let apart =
            try fixture.loss([texts[0]], [utterances[0]], speaker: one) * 7
            + fixture.loss([texts[1]], [utterances[1]], speaker: two) * 5
        let together = try fixture.loss(texts, utterances, speaker: both) * 12
        #expect(abs(apart - together) < 1e-4 * abs(apart))
    }

    @Test func gradientsReachEveryParameterAndNothingElse() throws {
        let speakers = fixture.speakers(2)
        let codeTable = fixture.codeTable
        let bert = RandomStream(seed: 5, name: "bert").normal([2, 1024, 5])
        for tensor in [speakers, codeTable, bert] { tensor.requiresGradient = true }
        try fixture.prior.loss(
            text: texts, tokens: utterances, speaker: speakers, codeTable: codeTable, bert: bert, randomness: nil
        ).loss.backward()
        for entry in fixture.prior.parameters {
            #expect(entry.tensor.gradient?.values.contains { $0 != 0 } == true, "\(entry.name)")
        }
        for tensor in [speakers, codeTable, bert] { #expect(tensor.gradient == nil) }
    }

    @Test func missingFeaturesCountAsZeros() throws {
        let zeros = try fixture.prior.loss(
            text: texts, tokens: utterances, speaker: fixture.speakers(2), codeTable: fixture.codeTable,
            bert: .zeros([2, 1024, 5]), randomness: nil
        ).loss.item
        let none = try fixture.loss(texts, utterances)
        #expect(abs(zeros - none) < 1e-5)
    }

    @Test func topThreeAccuracyCountsTokensAndTheEnd() throws {
        // Chance among 21 classes, over a text that repeats: far from 1, and a share of whole rows.
        let accuracy = try fixture.prior.loss(
            text: texts, tokens: utterances, speaker: fixture.speakers(2), codeTable: fixture.codeTable, randomness: nil
        ).topThreeAccuracy
        #expect((accuracy * 12).rounded() == accuracy * 12 || abs((accuracy * 12).rounded() - accuracy * 12) < 1e-4)
        #expect(accuracy < 0.9)
    }

    @Test func refusesWhatDoesNotFit() {
        let long = [Int32](repeating: 1, count: 1025)
        #expect(throws: PriorError.textTooLong(symbols: 1025, limit: 1024)) { try fixture.loss([long], [[1]]) }
        #expect(throws: PriorError.tooManyTokens(count: 1024, limit: 1023)) {
            try fixture.loss([[1]], [[Int](repeating: 1, count: 1024)])
        }
        #expect(throws: PriorError.emptyText) { try fixture.loss([[]], [[1]]) }
        #expect(throws: PriorError.unknownSymbol(12, symbolCount: 12)) { try fixture.loss([[12]], [[1]]) }
        #expect(throws: PriorError.unknownToken(20, codeCount: 20)) { try fixture.loss([[1]], [[20]]) }
        #expect(
            PriorError.textTooLong(symbols: 1025, limit: 1024).description
                == "The text has 1025 symbols, more than the prior's 1024; split it into shorter sentences.")
    }

    @Test func parametersHaveThePublicNames() {
        let shapes = Dictionary(uniqueKeysWithValues: fixture.prior.state.map { ($0.name, $0.tensor.shape) })
        #expect(shapes["ar_text_embedding.word_embeddings.weight"] == [12, 64])
        #expect(shapes["ar_audio_embedding.word_embeddings.weight"] == [21, 64])
        #expect(shapes["bert_proj.weight"] == [64, 1024])
        #expect(shapes["h.layers.1.self_attn.in_proj_weight"] == [192, 64])
        #expect(shapes["h.layers.0.linear1.weight"] == [256, 64])
        #expect(shapes["out_proj.weight"] == [256, 64])
    }

    @Test func presetsHaveTheirSizes() {
        let nano = PriorConfiguration.preset(.nano, symbolCount: 10, codeCount: 512)
        #expect((nano.hidden, nano.layers, nano.heads) == (256, 6, 4))
        let standard = PriorConfiguration.preset(.standard, symbolCount: 10, codeCount: 1024)
        #expect((standard.hidden, standard.layers, standard.heads) == (768, 6, 8))
        #expect(standard.positions == 1024 && standard.codeWidth == 256 && standard.bertWidth == 1024)
    }
}
