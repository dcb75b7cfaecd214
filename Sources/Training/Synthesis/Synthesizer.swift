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
    let prior: any TokenPrior
    private let frontEnd: TextFrontEnd
    private let bert: BertReader?
    private let weights: WeightsImage
    /// How tokens are drawn: the voice's own way, until it is changed.
    package var sampling: VoiceConfiguration.Sampling
    /// Characters of what was spoken last that no symbol stands for: one sentence each.
    package private(set) var remarks: [String] = []
    /// Silence between two sentences, in seconds.
    private let pause = 0.2

    /// - Throws: `TrainingError.incompatible` when the weights are not those of this voice.
    ///
    /// The prior draws tokens with `priorWeights`: smaller ones are faster and agree less.
    package init(_ weights: WeightsImage, voice: Voice, priorWeights: WeightFormat = .float32) throws {
        self.weights = weights
        sampling = voice.configuration.sampling
        frontEnd = try voice.textFrontEnd()
        bert = BertReader(voice)
        let sizes = SoVITSConfiguration(
            voice.configuration.voice.preset, symbolCount: weights.position.symbolCount,
            codeCount: weights.position.codeCount)
        sovits = SoVITS(sizes)
        prior = voice.configuration.voice.preset.prior(for: sizes)
        try weights.load(into: sovits, prior)
        prior.decodeWith(priorWeights)
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
        let sentences = frontEnd.sentences(in: try TextNormalizer().normalize(text))
        guard !sentences.isEmpty else { throw TrainingError.nothingToSay }
        let g = sovits.speakerVector(reference)
        var samples = [Float](), spoken = 0
        func add(_ piece: [Float]) throws {
            samples += piece
            if let onAudio, !onAudio(piece) { throw CancellationError() }
        }
        remarks = []
        if let bert, !bert.isInstalled {
            remarks.append("The voice's BERT is not there; this is spoken without what it knows of the text.")
        }
        for (index, sentence) in sentences.enumerated() {
            let encoded = try frontEnd.encode(sentence), symbols = encoded.ids
            if let warning = encoded.warning { remarks.append(warning) }
            guard !symbols.isEmpty else { continue }
            if !samples.isEmpty { try add([Float](repeating: 0, count: Int(pause * Double(sampleRate)))) }
            let features = try bert.flatMap {
                $0.isInstalled ? try $0.features(of: sentence, symbols: encoded.symbols) : nil
            }
            let tokens = try prior.sample(
                text: symbols, speaker: g, codeTable: sovits.codeTable, bert: TextFeatures.batch([features]),
                options: options(for: symbols),
                random: RandomStream(seed: seed, name: "sampling", step: index)
            ) { progress?(spoken + $0) ?? true }
            spoken += tokens.count
            onTokens?(SpokenTokens(symbols: symbols, textFeatures: features, tokens: tokens))
            try decode(tokens, symbols, g, seed: seed, part: index, into: add)
        }
        guard !samples.isEmpty else { throw TrainingError.nothingToSay }
        return Waveform(samples: samples, sampleRate: sampleRate)
    }

    /// A clip's own tokens, spoken again: what SoVITS can do before the prior has learned anything.
    package func resynthesize(_ clip: PreparedClip, reference: Tensor, seed: UInt64) -> Waveform {
        let g = sovits.speakerVector(reference)
        let tokens = sovits.tokens(of: clip)
        var samples = [Float]()
        decode(tokens, clip.text, g, seed: seed, part: 0) { samples += $0 }
        return Waveform(samples: samples, sampleRate: sampleRate)
    }

    /// The tokens that a text is likely to take, by the voice's rate of speech.
    package func expectedTokens(_ text: String) throws -> Int {
        let symbols = try frontEnd.sentences(in: try TextNormalizer().normalize(text)).reduce(0) {
            $0 + (try frontEnd.encode($1).ids.count)
        }
        return max(1, Int(weights.position.tokensPerSymbol * Double(symbols)))
    }

    package var sampleRate: Int { sovits.configuration.sampleRate }

    private func options(for symbols: [Int32]) -> SamplingOptions {
        let predicted = weights.position.tokensPerSymbol * Double(symbols.count)
        var options = SamplingOptions(maximumTokens: max(25, Int((3 * predicted).rounded(.up))))
        options.topK = sampling.topK
        options.topP = Float(sampling.topP)
        options.temperature = Float(sampling.temperature)
        options.repetitionPenalty = Float(sampling.repetitionPenalty)
        return options
    }

    /// Every frame before the decoder depends on all tokens, so those must be known first; the decoder hears only a few
    /// frames around each, and runs window by window.
    private func decode(
        _ tokens: [Int], _ symbols: [Int32], _ g: Tensor, seed: UInt64, part: Int, into add: ([Float]) throws -> Void
    ) rethrows {
        if tokens.isEmpty { return }
        let z = sovits.latents(
            tokens: tokens, text: symbols, speaker: g, noiseScale: Float(sampling.noiseScale),
            random: RandomStream(seed: seed, name: "noise", step: part))
        for frames in DecoderWindows(frames: 2 * tokens.count) {
            try add(sovits.decode(z, speaker: g, frames: frames).values)
        }
    }
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
