import Neural
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

/// Decoding token by token against the graph that trains.
@Suite struct PriorDecodingTests {
    private let text: [Int32] = [1, 5, 7, 2, 9, 9, 4]
    private let tokens = (0..<40).map { ($0 * 7 + $0 / 3) % 20 }
    private let fixture = PriorFixture()

    /// Rows of scores, [S + 1, K + 1].
    private func decodePrior(_ format: WeightFormat = .float32) throws -> [Float] {
        fixture.prior.decodeWith(format)
        let decoding = try fixture.prior.decoding(
            text: text, speaker: fixture.speakers(1), codeTable: fixture.codeTable, maximumTokens: tokens.count)
        return tokens.reduce(into: decoding.next(after: nil)) { $0 += decoding.next(after: $1) }
    }

    private func semanticDecoder() -> SemanticDecoder {
        var configuration = SemanticDecoderConfiguration()
        (configuration.hidden, configuration.layers, configuration.heads) = (96, 3, 4)
        (configuration.symbolCount, configuration.codeCount) = (12, 20)
        let decoder = SemanticDecoder(configuration)
        decoder.initialize(seed: 3)
        return decoder
    }

    private func decode(_ decoder: SemanticDecoder, _ format: WeightFormat = .float32) throws -> [Float] {
        decoder.decodeWith(format)
        let decoding = try decoder.decoding(text: text, maximumTokens: tokens.count)
        return tokens.reduce(into: decoding.next(after: nil)) { $0 += decoding.next(after: $1) }
    }

    @Test func float32AgreesWithTheGraph() throws {
        let graph = try fixture.prior.logits(
            text: [text], tokens: [tokens], speaker: fixture.speakers(1), codeTable: fixture.codeTable)
        #expect(relativeDifference(Tensor(try decodePrior(), shape: graph.shape), graph) < 1e-5)
        let decoder = semanticDecoder()
        let other = try decoder.logits(text: [text], tokens: [tokens])
        #expect(relativeDifference(Tensor(try decode(decoder), shape: other.shape), other) < 1e-5)
    }

    @Test(arguments: WeightFormat.allCases)
    func threadsDoNotChangeABit(_ format: WeightFormat) throws {
        let before = Threads.count
        defer { Threads.use(before) }
        let decoder = semanticDecoder()
        let results = try [1, 2, 4].map { count in
            Threads.use(count)
            return try decodePrior(format) + decode(decoder, format)
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }

    @Test func tokensTogetherHaveTheScoresThatTheyHaveAlone() throws {
        let decoder = semanticDecoder()
        let decodings: [() throws -> TokenDecoding] = [
            { try decoder.decoding(text: text, maximumTokens: tokens.count) },
            {
                try fixture.prior.decoding(
                    text: text, speaker: fixture.speakers(1), codeTable: fixture.codeTable,
                    maximumTokens: tokens.count)
            },
        ]
        for make in decodings {
            let alone = try make()
            _ = alone.next(after: nil)
            let expected = tokens.map { alone.next(after: $0) }
            let together = try make()
            _ = together.next(after: nil)
            // What is taken back leaves nothing behind.
            _ = together.next(after: [3, 3, 3])
            together.takeBack(3)
            var place = 0
            for count in [1, 2, 3, 4, 5, 6, 7, 8] where place + count <= tokens.count {
                _ = together.next(after: Array(repeating: 1, count: min(count, tokens.count - place)))
                together.takeBack(min(count, tokens.count - place))
                let scores = together.next(after: Array(tokens[place..<place + count]))
                #expect(scores == Array(expected[place..<place + count]), "\(count) tokens after \(place)")
                place += count
            }
            #expect(place == 36)
        }
    }

    @Test func smallWeightsStayClose() throws {
        let decoder = semanticDecoder()
        func difference(_ format: WeightFormat) throws -> Float {
            let exact = try decode(decoder), small = try decode(decoder, format)
            return zip(exact, small).map { abs($0 - $1) }.max() ?? 0
        }
        let (bfloat16, int8) = (try difference(.bfloat16), try difference(.int8))
        #expect(bfloat16 > 0 && bfloat16 < 0.05)
        #expect(int8 > bfloat16 && int8 < 0.2)
    }

    @Test func smallWeightsLeaveTheTrainedOnesAlone() throws {
        let exact = try decodePrior()
        let parameters = fixture.prior.parameters.map(\.tensor.values)
        #expect(try decodePrior(.int8) != exact)
        #expect(fixture.prior.parameters.map(\.tensor.values) == parameters)
        #expect(try decodePrior() == exact)
    }

    @Test func float32FollowsTraining() throws {
        let exact = try decodePrior()
        for entry in fixture.prior.parameters where entry.name.hasSuffix("linear1.weight") {
            entry.tensor.overwrite(entry.tensor.detached() * 2)
        }
        #expect(try decodePrior() != exact)
    }
}
