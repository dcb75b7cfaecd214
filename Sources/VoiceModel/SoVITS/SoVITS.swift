import Neural
import Tensor

/// One batch for SoVITS: items padded to the longest.
package struct SoVITSBatch {
    /// Log mel of each clip, [B, 80, T], zeros after its end.
    package var mel: Tensor
    /// Frames of each clip.
    package var lengths: [Int]
    /// The clips' samples, [B, 1, T · hop].
    package var waveform: Tensor
    /// Semantic tokens, one per two frames.
    package var tokens: [[Int]]
    package var text: PaddedText
    /// Log mel of 3 s of the same speaker, [B, 80, 150].
    package var referenceMel: Tensor

    package init(
        mel: Tensor, lengths: [Int], waveform: Tensor, tokens: [[Int]], text: PaddedText, referenceMel: Tensor
    ) {
        self.mel = mel
        self.lengths = lengths
        self.waveform = waveform
        self.tokens = tokens
        self.text = text
        self.referenceMel = referenceMel
    }
}

/// The acoustic model: prior encoder, posterior encoder, flow, decoder, and the speaker encoder and code table that
/// all of them share (VITS, Kim et al. 2021; GPT-SoVITS).
package final class SoVITS: Module {
    package let configuration: SoVITSConfiguration
    package let codeTable: Embedding
    package let speakerEncoder: SpeakerEncoder
    private let priorEncoder: PriorEncoder
    private let posteriorEncoder: PosteriorEncoder
    private let flow: Flow
    private let decoder: any Vocoder

    package init(_ c: SoVITSConfiguration) {
        configuration = c
        codeTable = Embedding(c.codeCount, c.codeWidth)
        speakerEncoder = SpeakerEncoder(c.speaker)
        priorEncoder = PriorEncoder(c)
        posteriorEncoder = PosteriorEncoder(
            bins: c.melBands, outputs: c.interChannels, hidden: c.hiddenChannels, kernel: 5, layers: c.posteriorLayers,
            speakerWidth: c.speakerWidth)
        flow = Flow(
            channels: c.interChannels, hidden: c.hiddenChannels, kernel: 5, couplings: c.couplings,
            layers: c.couplingLayers, speakerWidth: c.speakerWidth)
        decoder = HiFiGAN(
            inputs: c.interChannels, initialChannels: c.decoderChannels, rates: c.upsamplingRates,
            kernels: c.upsamplingKernels, speakerWidth: c.speakerWidth)
    }

    /// What a training pass yields: a generated slice, the real one, and the KL term.
    package struct Pass {
        /// [B, 1, segment · hop]
        package let generated: Tensor
        package let real: Tensor
        package let kl: Tensor
    }

    package func trainingPass(_ batch: SoVITSBatch, _ randomness: StepRandomness) -> Pass {
        let frames = batch.mel.shape[2], mask = Tensor.mask(lengths: batch.lengths, frames: frames)
        let g = speakerEncoder(batch.referenceMel, training: true)
        let prior = priorEncoder(
            content(batch.tokens, frames: frames), lengths: batch.lengths, text: batch.text, speaker: g, randomness)
        let posterior = posteriorEncoder(batch.mel, mask: mask, speaker: g)
        let z = posterior.sample(noise: randomness.next("posterior").normal(posterior.mean.shape), mask: mask)
        let kl = SoVITSLoss.kl(
            flowed: flow(z, mask: mask, speaker: g), posteriorLogDeviation: posterior.logDeviation, prior: prior,
            mask: mask)

        let segment = configuration.segmentFrames, hop = configuration.hopLength
        let places = randomness.next("segment")
        let starts = batch.lengths.enumerated().map { b, length in
            places.integer(below: max(1, length - segment + 1), at: b)
        }
        return Pass(
            generated: decoder(z.segments(starts: starts, length: segment), speaker: g),
            real: batch.waveform.segments(starts: starts.map { $0 * hop }, length: segment * hop), kl: kl)
    }

    /// Copy synthesis through the posterior's mean: mel [1, 80, T] -> [1, 1, T · hop]. Validation hears this.
    package func reconstruct(mel: Tensor, referenceMel: Tensor) -> Tensor {
        let g = speakerVector(referenceMel)
        let mask = Tensor.mask(lengths: [mel.shape[2]], frames: mel.shape[2])
        return decoder(posteriorEncoder(mel, mask: mask, speaker: g).mean, speaker: g)
    }

    /// g of a reference, [1, W, 1], with the running statistics.
    package func speakerVector(_ referenceMel: Tensor) -> Tensor { speakerEncoder(referenceMel, training: false) }

    /// Speech from tokens and text: -> [1, 1, 2 · tokens · hop]. `noiseScale` multiplies the prior's deviation.
    package func synthesize(
        tokens: [Int], text: [Int32], speaker g: Tensor, noiseScale: Float, random: RandomStream
    ) -> Tensor {
        let frames = 2 * tokens.count, mask = Tensor.mask(lengths: [frames], frames: frames)
        let prior = priorEncoder(
            content([tokens], frames: frames), lengths: [frames], text: PaddedText([text]), speaker: g, nil)
        let noise = random.normal(prior.mean.shape) * noiseScale
        let z = flow.inverse(prior.sample(noise: noise, mask: mask), mask: mask, speaker: g)
        return decoder(z * mask, speaker: g)
    }

    /// z_prior: the tokens' vectors at frame rate, [B, code width, T].
    private func content(_ tokens: [[Int]], frames: Int) -> Tensor {
        let width = frames / 2
        let padded = tokens.flatMap { $0 + Array(repeating: 0, count: width - $0.count) }
        return codeTable(padded, shape: [tokens.count, width]).transposed().repeatedInterleaved(2)
    }

    package func collect(_ state: StateCollector) {
        state.child("quantizer.codes", codeTable)
        state.child("enc_p", priorEncoder)
        state.child("enc_q", posteriorEncoder)
        state.child("flow", flow)
        state.child("dec", decoder)
        state.child("ref_enc", speakerEncoder)
    }
}
