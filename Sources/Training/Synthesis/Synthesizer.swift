import Audio
import Checkpoint
import Foundation
import Neural
import Tensor
import Text
import VoiceModel

/// A voice ready to speak: frozen weights of one moment, apart from the ones that train.
///
/// Not Sendable: build it on the thread that uses it, from a `WeightsImage`.
package final class Synthesizer {
    let sovits: SoVITS
    private let speaker: SentenceSpeaker
    var prior: any TokenPrior { speaker.prior }

    /// How tokens are drawn: the voice's own way, until it is changed.
    package var sampling: VoiceConfiguration.Sampling {
        get { speaker.sampling }
        set { speaker.sampling = newValue }
    }
    /// Characters of what was spoken last that no symbol stands for: one sentence each.
    package var remarks: [String] { speaker.remarks }

    /// - Throws: `TrainingError.incompatible` when the weights are not those of this voice.
    ///
    /// The prior draws tokens with `priorWeights`: smaller ones are faster and agree less.
    package init(_ weights: WeightsImage, voice: Voice, priorWeights: WeightFormat = .float32) throws {
        let sizes = SoVITSConfiguration(
            voice.configuration.voice.preset, symbolCount: weights.position.symbolCount,
            codeCount: weights.position.codeCount)
        sovits = SoVITS(sizes)
        let prior = voice.configuration.voice.preset.prior(for: sizes)
        try weights.load(into: sovits, prior)
        prior.decodeWith(priorWeights)
        let bert = BertReader(voice)
        let reader: SentenceSpeaker.Reader =
            bert.map { bert in bert.isInstalled ? .reads { try bert.features(of: $0, symbols: $1) } : .missing }
            ?? .none
        speaker = SentenceSpeaker(
            sovits.generator, prior, try voice.textFrontEnd(), reader: reader,
            tokensPerSymbol: weights.position.tokensPerSymbol, sampling: voice.configuration.sampling)
    }

    /// Speaks a text with the style of `reference`, a spectrum [1, reference bins, T].
    ///
    /// - Parameters:
    ///   - progress: told the tokens so far; false cancels.
    ///   - onAudio: given the sound in pieces as they are made, together the result; false cancels. The first piece is
    ///     half a second that comes as soon as the first sentence's tokens are known.
    ///   - onTokens: given each sentence's tokens, before they are heard.
    /// - Throws: `TextError`, `PriorError`, `TrainingError.nothingToSay`, `CancellationError`.
    package func speak(
        _ text: String, reference: Tensor, seed: UInt64, progress: ((Int) -> Bool)? = nil,
        onAudio: (([Float]) -> Bool)? = nil, onTokens: ((SpokenTokens) -> Void)? = nil
    ) throws -> Waveform {
        try speaker.speak(
            text, style: sovits.speakerVector(reference), seed: seed, progress: progress, onAudio: onAudio,
            onTokens: onTokens)
    }

    /// A clip's own tokens, spoken again: what SoVITS can do before the prior has learned anything.
    package func resynthesize(_ clip: PreparedClip, reference: Tensor, seed: UInt64) -> Waveform {
        let g = sovits.speakerVector(reference)
        let tokens = sovits.tokens(of: clip)
        var samples = [Float]()
        speaker.decode(tokens, clip.text, g, seed: seed, part: 0) { samples += $0 }
        return Waveform(samples: samples, sampleRate: sampleRate)
    }

    /// The tokens that a text is likely to take, by the voice's rate of speech.
    package func expectedTokens(_ text: String) throws -> Int { try speaker.expectedTokens(text) }

    package var sampleRate: Int { speaker.sampleRate }
}

/// A sentence as the prior read it, and the tokens it drew.
package struct SpokenTokens: Sendable {
    package var symbols: [Int32]
    package var textFeatures: TextFeatures?
    package var tokens: [Int]
}

/// A copy of the weights that synthesis needs, and which moment they are of.
package struct WeightsImage: Sendable {
    let files: [StateFile]
    let position: TrainingPosition
    /// The checkpoint's ID, or `branch@step` for weights of the moment.
    package let label: String
    package var step: Int { position.step }

    /// The weights of a verified checkpoint.
    package init(_ loaded: LoadedCheckpoint) throws {
        files =
            [try loaded.image.file("sovits.safetensors"), try loaded.image.file("prior.safetensors")]
            + loaded.image.files.filter { $0.name.hasSuffix("_lora.safetensors") }
        position = try loaded.image.position()
        label = loaded.id.description
    }

    init(files: [StateFile], position: TrainingPosition, label: String) {
        self.files = files
        self.position = position
        self.label = label
    }

    /// Fills both models and freezes them; adapters are merged into the weights they adapt.
    func load(into sovits: SoVITS, _ prior: any TokenPrior) throws {
        if let lora = position.lora {
            let settings = LowRankSettings(rank: lora.rank, alpha: lora.alpha)
            _ = prior.adapt(lora.targets, settings)
            if !lora.sovitsTargets.isEmpty { _ = sovits.adapt(lora.sovitsTargets, settings) }
        }
        for (name, module) in [("sovits", sovits as any Module), ("prior", prior)] {
            for isAdapter in [false, true] {
                let wanted = module.state.filter { $0.isAdapter == isAdapter }.map { ($0.name, $0.tensor) }
                if wanted.isEmpty { continue }
                let file = "\(name)\(isAdapter ? "_lora" : "").safetensors"
                guard let image = files.first(where: { $0.name == file }) else {
                    throw TrainingError.missingTensor(checkpoint: label, name: file)
                }
                for (source, target) in try TensorMatch.pairs(image, wanted, checkpoint: label) {
                    try source.copy(into: target)
                }
            }
            module.mergeAdapters()
            module.freeze()
        }
    }
}
