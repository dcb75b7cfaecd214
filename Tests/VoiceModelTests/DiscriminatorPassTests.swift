import Neural
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

/// Judging real and generated waveforms together is judging them one after the other.
@Suite struct DiscriminatorPassTests {
    private let discriminators: Discriminators
    private let real: Tensor
    private let generated: Tensor

    init() {
        discriminators = Discriminators(SoVITSConfiguration(.tiny, symbolCount: 10, codeCount: 16))
        discriminators.initialize(seed: 4)
        real = RandomStream(seed: 1, name: "real").normal([2, 1, 1999]) * 0.3
        generated = RandomStream(seed: 1, name: "generated").normal([2, 1, 1999]) * 0.3
    }

    @Test func scoresAndTheirGradientsAgree() {
        func gradients(_ judge: () -> ([Judgement], [Judgement])) -> (Float, [Tensor]) {
            discriminators.clearGradients()
            let (r, g) = judge()
            let loss = SoVITSLoss.discriminator(real: r, generated: g)
            loss.backward()
            return (loss.item, discriminators.parameters.compactMap(\.tensor.gradient))
        }
        let together = gradients { discriminators.scores(real: real, generated: generated) }
        let apart = gradients { (discriminators(real), discriminators(generated)) }
        #expect(abs(together.0 - apart.0) < 1e-4 * apart.0)
        #expect(together.1.count == apart.1.count)
        for (a, b) in zip(together.1, apart.1) { #expect(relativeDifference(a, b) < 1e-3) }
    }

    @Test func featuresAndTheWaveformsGradientAgree() {
        func gradient(_ judge: (Tensor) -> ([Judgement], [Judgement])) -> (Float, Tensor?) {
            let leaf = generated.copied()
            leaf.requiresGradient = true
            let (r, g) = judge(leaf)
            let loss = SoVITSLoss.featureMatching(real: r, generated: g) + SoVITSLoss.adversarial(g)
            loss.backward()
            return (loss.item, leaf.gradient)
        }
        let together = gradient { discriminators.compare(real: real, generated: $0) }
        let apart = discriminators.frozen { gradient { (discriminators(real), discriminators($0)) } }
        #expect(abs(together.0 - apart.0) < 1e-4 * apart.0)
        guard let a = together.1, let b = apart.1 else {
            Issue.record("no gradient reached the waveform")
            return
        }
        #expect(relativeDifference(a, b) < 1e-3)
        #expect(discriminators.parameters.allSatisfy { $0.tensor.gradient == nil && $0.tensor.requiresGradient })
    }
}
