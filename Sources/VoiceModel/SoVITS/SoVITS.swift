import Neural
import Tensor

/// One batch for SoVITS: items padded to the longest.
package struct SoVITSBatch {
    /// What the posterior encoder reads of each clip, [B, bins, T], zeros after its end.
    package var spectrum: Tensor
    /// Frames of each clip.
    package var lengths: [Int]
    /// The clips' samples, [B, 1, T · hop].
    package var waveform: Tensor
    /// Semantic tokens, one per two frames; empty where they are made of `features`.
    package var tokens: [[Int]]
    /// Recorded features, [B, 768, T], zeros after a clip's end; nil where tokens are made of the sound itself.
    package var features: Tensor?
    package var text: PaddedText
    /// The lowest bins of 3 s of the same speaker's spectrum, [B, reference bins, 150].
    package var reference: Tensor

    package init(
        spectrum: Tensor, lengths: [Int], waveform: Tensor, tokens: [[Int]], features: Tensor? = nil, text: PaddedText,
        reference: Tensor
    ) {
        self.spectrum = spectrum
        self.lengths = lengths
        self.waveform = waveform
        self.tokens = tokens
        self.features = features
        self.text = text
        self.reference = reference
    }

    package var frames: Int { spectrum.shape[2] }

    /// Some of its items, as long as ever.
    package func items(_ rows: Range<Int>) -> SoVITSBatch {
        SoVITSBatch(
            spectrum: spectrum.items(rows), lengths: Array(lengths[rows]), waveform: waveform.items(rows),
            tokens: Array(tokens[rows]), features: features?.items(rows), text: text.items(rows),
            reference: reference.items(rows))
    }
}

/// The acoustic model: prior encoder, posterior encoder, flow, decoder, and the speaker encoder and code table that
/// all of them share (VITS, Kim et al. 2021; GPT-SoVITS).
package final class SoVITS: Module {
    package let configuration: SoVITSConfiguration
    private let contentSource: any ContentSource
    private let referenceEncoder: any ReferenceEncoder
    private let posteriorEncoder: PosteriorEncoder
    /// The parts that speak.
    package let generator: SpeechGenerator
    private var priorEncoder: PriorEncoder { generator.priorEncoder }
    private var flow: Flow { generator.flow }
    private var decoder: any Vocoder { generator.decoder }

    package init(_ c: SoVITSConfiguration) {
        configuration = c
        contentSource =
            c.readsRecordedFeatures
            ? RecordedContent(codes: c.codeCount, width: c.codeWidth, learns: c.learnsCodebook)
            : TokenTable(codes: c.codeCount, width: c.codeWidth)
        referenceEncoder = c.referenceEncoder.module()
        posteriorEncoder = PosteriorEncoder(
            bins: c.posteriorBins, outputs: c.interChannels, hidden: c.hiddenChannels, kernel: 5,
            layers: c.posteriorLayers,
            speakerWidth: c.speakerWidth)
        generator = SpeechGenerator(c, content: contentSource)
    }

    /// What a training pass yields: a generated slice, the real one, the KL term, and the commitment where a codebook
    /// learns.
    package struct Pass {
        /// [B, 1, segment · hop]
        package let generated: Tensor
        package let real: Tensor
        package let kl: Tensor
        package let commitment: Tensor?
    }

    package func trainingPass(_ batch: SoVITSBatch, _ randomness: StepRandomness) -> Pass {
        let mask = Tensor.mask(lengths: batch.lengths, frames: batch.frames)
        let g = referenceEncoder.style(of: batch.reference, training: true, randomness)
        let content = contentSource.content(of: batch, randomness)
        let prior = priorEncoder(
            content.vectors, lengths: batch.lengths, text: batch.text, speaker: g, randomness)
        let posterior = posteriorEncoder(batch.spectrum, mask: mask, speaker: g)
        let z = posterior.sample(
            noise: randomness.next("posterior", count: posterior.mean.count).normal(posterior.mean.shape), mask: mask)
        let kl = SoVITSLoss.kl(
            flowed: flow(z, mask: mask, speaker: g), posteriorLogDeviation: posterior.logDeviation, prior: prior,
            mask: mask)

        let segment = configuration.segmentFrames, hop = configuration.hopLength
        let places = randomness.next("segment")
        let starts = batch.lengths.enumerated().map { b, length in
            places.integer(below: max(1, length - segment + 1), at: (randomness.share?.rows.lowerBound ?? 0) + b)
        }
        return Pass(
            generated: decoder(z.segments(starts: starts, length: segment), speaker: g),
            real: batch.waveform.segments(starts: starts.map { $0 * hop }, length: segment * hop), kl: kl,
            commitment: content.commitment)
    }

    /// Copy synthesis through the posterior's mean: spectrum [1, bins, T] -> [1, 1, T · hop]. Validation hears this.
    package func reconstruct(spectrum: Tensor, reference: Tensor) -> Tensor {
        let g = speakerVector(reference)
        let mask = Tensor.mask(lengths: [spectrum.shape[2]], frames: spectrum.shape[2])
        return decoder(posteriorEncoder(spectrum, mask: mask, speaker: g).mean, speaker: g)
    }

    /// g of a reference [1, reference bins, T], [1, W, 1], with the running statistics.
    package func speakerVector(_ reference: Tensor) -> Tensor {
        referenceEncoder.style(of: reference, training: false, nil)
    }

    /// g of references [B, reference bins, T] where the encoder itself is taught: by the batch's statistics, which move
    /// the running ones.
    package func taughtSpeakerVectors(_ references: Tensor, _ randomness: StepRandomness) -> Tensor {
        referenceEncoder.style(of: references, training: true, randomness)
    }

    /// The speaker encoder's parameters that are trained, under their names here.
    package var speakerParameters: [StateEntry] { trainedParameters.filter { $0.name.hasPrefix("ref_enc.") } }

    /// The codes' vectors, [K, W].
    package var codeTable: Tensor { contentSource.table }

    /// Tokens of recorded features [1, 768, T]; nil where tokens are made of the sound itself.
    package func tokens(ofFeatures features: Tensor) -> [Int]? { contentSource.tokens(ofFeatures: features) }

    /// Speech from tokens and text: -> [1, 1, 2 · tokens · hop]. `noiseScale` multiplies the prior's deviation.
    package func synthesize(
        tokens: [Int], text: [Int32], speaker g: Tensor, noiseScale: Float, random: RandomStream
    ) -> Tensor {
        decoder(latents(tokens: tokens, text: text, speaker: g, noiseScale: noiseScale, random: random), speaker: g)
    }

    /// As `SpeechGenerator.decode`.
    package func decode(_ z: Tensor, speaker g: Tensor, frames: Range<Int>) -> Tensor {
        generator.decode(z, speaker: g, frames: frames)
    }

    /// As `SpeechGenerator.latents`.
    package func latents(
        tokens: [Int], text: [Int32], speaker g: Tensor, noiseScale: Float, random: RandomStream
    ) -> Tensor {
        generator.latents(tokens: tokens, text: text, speaker: g, noiseScale: noiseScale, random: random)
    }

    package func collect(_ state: StateCollector) {
        contentSource.collect(state)
        state.child("enc_p", priorEncoder)
        state.child("enc_q", posteriorEncoder)
        state.child("flow", flow)
        state.child("dec", decoder)
        state.child("ref_enc", referenceEncoder)
    }
}
