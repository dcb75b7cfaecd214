import Neural
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

@Suite struct QuantizerTests {
    private func loaded() throws -> (Golden, ResidualVectorQuantizer) {
        let golden = try Golden("quantizer")
        let module = ResidualVectorQuantizer(codes: golden.number("bins"), width: golden.number("dim"))
        load(golden, into: module)
        return (golden, module)
    }

    @Test func agreesWithThePublicOneWhenFrozen() throws {
        let (golden, module) = try loaded()
        let before = module.state.map(\.tensor.values)
        let x = golden.leaf("x")
        let result = module.quantize(x)
        #expect(result.codes == golden.integers["output/codes"])
        expectOutput(result.quantized, golden, "quantized")
        #expect(result.commitment.item == golden["output/commit_loss_eval"].item)
        #expect(!result.quantized.requiresGradient)
        #expect(module.state.map(\.tensor.values) == before)
        #expect(module.decode(result.codes, batch: 2).values == result.quantized.values)
    }

    @Test func passesTheGradientThroughAndPullsTheInput() throws {
        let (golden, module) = try loaded()
        let x = golden.leaf("x")
        let result = module.quantizeAndLearn(x, StepRandomness(seed: 1, step: 0))
        #expect(result.codes == golden.integers["output/codes"])
        expectOutput(result.quantized, golden, "quantized")
        let distance = (golden["output/quantized"] - golden["input/x"])
        #expect(abs(result.commitment.item - distance.squared().mean().item) < 1e-6)
        (result.quantized.sum() + result.commitment).backward()
        let expected = distance * (-2 / Float(x.count)) + 1
        #expect(relativeDifference(try #require(x.gradient), expected) < 1e-5)
    }

    /// Two codes at 0 and 10 after one step of decay 0.99, worked out by hand.
    @Test func vectorsFollowTheirFrames() throws {
        let module = ResidualVectorQuantizer(codes: 2, width: 1)
        for entry in module.state {
            switch entry.name {
            case "_codebook.inited": entry.tensor.overwrite(Tensor([1], shape: [1]))
            case "_codebook.cluster_size": entry.tensor.overwrite(Tensor([4, 2], shape: [2]))
            case "_codebook.embed": entry.tensor.overwrite(Tensor([0, 10], shape: [2, 1]))
            default: entry.tensor.overwrite(Tensor([0, 20], shape: [2, 1]))
            }
        }
        let result = module.quantizeAndLearn(Tensor([1, 2, 9], shape: [1, 1, 3]), StepRandomness(seed: 1, step: 0))
        #expect(result.codes == [0, 0, 1])
        #expect(result.quantized.values == [0, 0, 10])
        // Sizes 0.99·4 + 0.01·2 and 0.99·2 + 0.01·1; sums 0.01·3 and 0.99·20 + 0.01·9.
        let expected: [Float] = [0.03 / 3.98, 19.89 / 1.99]
        for (value, wanted) in zip(module.table.values, expected) { #expect(abs(value - wanted) < 1e-4 * wanted) }
    }

    @Test func anEmptyCodebookIsSeededFromTheFirstBatch() throws {
        let x = RandomStream(seed: 5, name: "frames").normal([2, 4, 8])
        func seeded() -> ResidualVectorQuantizer {
            let module = ResidualVectorQuantizer(codes: 24, width: 4)
            module.initialize(seed: 1)
            let first = module.quantizeAndLearn(x, StepRandomness(seed: 7, step: 0))
            #expect(Set(first.codes).count == 16, "every frame finds itself")
            #expect(first.commitment.item == 0)
            return module
        }
        let module = seeded()
        #expect(module.table.values == seeded().table.values, "the same seed makes the same codebook")
        // 24 codes hold all 16 frames, so nothing is lost but what the first step of the averages moved.
        #expect(relativeDifference(module.quantize(x).quantized, x) < 1e-3)
    }
}
