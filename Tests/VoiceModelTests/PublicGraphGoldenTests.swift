import Neural
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

/// The modules that only the v2 graph has, against tensors of the public implementation.
@Suite struct PublicGraphGoldenTests {
    @Test func styleEncoder() throws {
        let golden = try Golden("style_encoder")
        let module = MelStyleEncoder(
            bins: golden.number("n_mel"), hidden: golden.number("hidden"), outputs: golden.number("out"),
            kernel: golden.number("kernel"), heads: golden.number("heads"))
        load(golden, into: module)
        let x = golden.leaf("x")
        let g = module(x, lengths: golden.lengths("mask"))
        expectOutput(g, golden, "g")
        probeLoss([g]).backward()
        expectGradients(golden, of: module, inputs: ["x": x])
    }

    @Test func mishStaysFiniteFarOut() throws {
        let x = Tensor([-200, -30, -1, 0, 1, 19, 21, 300], shape: [8])
        x.requiresGradient = true
        let y = x.mish()
        let expected: [Float] = [0, -2.807287e-12, -0.3034014, 0, 0.8650984, 19, 21, 300]
        for (value, wanted) in zip(y.values, expected) { #expect(abs(value - wanted) <= 1e-5 * abs(wanted)) }
        y.sum().backward()
        let slopes: [Float] = [0, -2.713711e-12, 0.0592, 0.6, 1.0490, 1, 1, 1]
        for (slope, wanted) in zip(try #require(x.gradient).values, slopes) { #expect(abs(slope - wanted) < 1e-4) }
    }

    @Test func semanticDecoder() throws {
        let golden = try Golden("semantic_decoder")
        let module = try decoder(golden)
        let text = try rows(golden, "phonemes").map { $0.map(Int32.init) }, tokens = try rows(golden, "tokens")
        let logits = try module.logits(text: text, tokens: tokens, bert: golden["input/bert"])
        expectOutput(logits, golden, "logits")
        let loss = module.loss(logits: logits, tokens: tokens)
        expectOutput(loss, golden, "loss")
        loss.backward()
        expectGradients(golden, of: module)
    }

    /// A short item's scores and loss do not depend on what it shares a batch with.
    @Test func semanticDecoderPadsUnequalItems() throws {
        let golden = try Golden("semantic_decoder")
        let module = try decoder(golden)
        let text = try rows(golden, "phonemes").map { $0.map(Int32.init) }, tokens = try rows(golden, "tokens")
        let short = (text: Array(text[0].prefix(6)), tokens: Array(tokens[0].prefix(5)))
        let alone = try module.logits(text: [short.text], tokens: [short.tokens])
        let together = try module.logits(text: [short.text, text[1]], tokens: [short.tokens, tokens[1]])
        #expect(relativeDifference(together.sliced(axis: 0, 0..<1).sliced(axis: 1, 0..<6), alone) < 1e-5)
        let losses =
            try module.loss(text: [short.text], tokens: [short.tokens]).item
            + module.loss(text: [text[1]], tokens: [tokens[1]]).item
        let sum = try module.loss(text: [short.text, text[1]], tokens: [short.tokens, tokens[1]]).item
        #expect(abs(sum - losses) < 1e-4 * losses)
    }

    @Test func semanticDecoderStepsEqualTheFullForward() throws {
        let golden = try Golden("semantic_decoder")
        let module = try decoder(golden)
        let text = try rows(golden, "phonemes")[1].map(Int32.init), tokens = try rows(golden, "tokens")[1]
        let bert = golden["input/bert"].sliced(axis: 0, 1..<2)
        let decoding = try module.decoding(text: text, bert: bert, maximumTokens: tokens.count)
        var scores = decoding.next(after: nil)
        for token in tokens { scores += decoding.next(after: token) }
        let expected = golden["output/logits"].sliced(axis: 0, 1..<2)
        #expect(relativeDifference(Tensor(scores, shape: expected.shape), expected) < 1e-4)
        #expect(module.parameters.allSatisfy { $0.tensor.requiresGradient }, "decoding leaves it trainable")
    }

    @Test func semanticDecoderRefusesWhatItDoesNotKnow() throws {
        let module = try decoder(Golden("semantic_decoder"))
        #expect(throws: PriorError.emptyText) { try module.logits(text: [[]], tokens: [[1]]) }
        #expect(throws: PriorError.unknownSymbol(40, symbolCount: 40)) {
            try module.logits(text: [[40]], tokens: [[1]])
        }
        #expect(throws: PriorError.unknownToken(32, codeCount: 32)) { try module.logits(text: [[1]], tokens: [[32]]) }
    }

    private func decoder(_ golden: Golden) throws -> SemanticDecoder {
        var configuration = SemanticDecoderConfiguration()
        configuration.hidden = golden.number("hidden")
        configuration.layers = golden.number("layers")
        configuration.heads = golden.number("heads")
        configuration.codeCount = golden.number("eos")
        configuration.symbolCount = golden["weight/ar_text_embedding.word_embeddings.weight"].shape[0]
        let module = SemanticDecoder(configuration)
        load(golden, into: module)
        return module
    }

    /// A batch of 2 of an integer input.
    private func rows(_ golden: Golden, _ name: String) throws -> [[Int]] {
        let all = try #require(golden.integers["input/\(name)"])
        return [Array(all.prefix(all.count / 2)), Array(all.suffix(all.count / 2))]
    }
}
