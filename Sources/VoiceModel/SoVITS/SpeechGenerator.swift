import Neural
import Tensor

/// The parts of SoVITS that speak: codes, prior encoder, flow and decoder, without what only training needs and without the
/// encoder that makes g of a recording.
package final class SpeechGenerator: Module {
    package let configuration: SoVITSConfiguration
    private let content: any ContentSource
    let priorEncoder: PriorEncoder
    let flow: Flow
    let decoder: any Vocoder

    init(_ c: SoVITSConfiguration, content: any ContentSource) {
        configuration = c
        self.content = content
        priorEncoder = PriorEncoder(c)
        flow = Flow(
            channels: c.interChannels, hidden: c.hiddenChannels, kernel: 5, couplings: c.couplings,
            layers: c.couplingLayers, speakerWidth: c.speakerWidth)
        decoder = HiFiGAN(
            inputs: c.interChannels, initialChannels: c.decoderChannels, rates: c.upsamplingRates,
            kernels: c.upsamplingKernels, speakerWidth: c.speakerWidth, postBias: c.hasOutputBias)
    }

    /// For weights without training: the codes are a table in every preset.
    package convenience init(_ c: SoVITSConfiguration) {
        self.init(c, content: TokenTable(codes: c.codeCount, width: c.codeWidth))
    }

    /// The codes' vectors, [K, W].
    package var codeTable: Tensor { content.table }

    /// The samples of some frames only, [1, 1, frames · hop], of what `latents` gave.
    package func decode(_ z: Tensor, speaker g: Tensor, frames: Range<Int>) -> Tensor {
        decoder(z, speaker: g, frames: frames)
    }

    /// What the decoder hears of tokens and text, [1, C, 2 · tokens]: every frame depends on all of them. `noiseScale`
    /// multiplies the prior's deviation.
    package func latents(
        tokens: [Int], text: [Int32], speaker g: Tensor, noiseScale: Float, random: RandomStream
    ) -> Tensor {
        let frames = 2 * tokens.count, mask = Tensor.mask(lengths: [frames], frames: frames)
        let prior = priorEncoder(
            content.vectors(of: [tokens], frames: frames), lengths: [frames], text: PaddedText([text]), speaker: g, nil)
        let noise = random.normal(prior.mean.shape) * noiseScale
        let z = flow.inverse(prior.sample(noise: noise, mask: mask), mask: mask, speaker: g)
        return z * mask
    }

    package func collect(_ state: StateCollector) {
        content.collect(state)
        collectParts(state)
    }

    private func collectParts(_ state: StateCollector) {
        state.child("enc_p", priorEncoder)
        state.child("flow", flow)
        state.child("dec", decoder)
    }

    /// Folds weight norm for good, and lists what another generator needs to speak alike, by the names it has there.
    package func foldedState() -> [(name: String, tensor: Tensor)] {
        foldWeightNorm()
        let parts = StateCollector()
        collectParts(parts)
        return [("quantizer.codes.weight", codeTable)] + parts.entries.map { ($0.name, $0.tensor) }
    }
}
