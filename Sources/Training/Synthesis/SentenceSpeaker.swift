import Audio
import Foundation
import Tensor
import Text
import VoiceModel

/// What turns a text into speech once the weights are there and g is known: a voice's, or those of a speech file.
///
/// Not Sendable: build it on the thread that uses it.
package final class SentenceSpeaker {
    /// What the text means, by a BERT.
    enum Reader {
        /// The voice never had one.
        case none
        /// The voice had one that is not here.
        case missing
        case reads((_ sentence: String, _ symbols: [String]) throws -> TextFeatures)
    }

    let generator: SpeechGenerator
    let prior: any TokenPrior
    let frontEnd: TextFrontEnd
    /// Semantic tokens per symbol of text.
    let tokensPerSymbol: Double
    private let reader: Reader
    /// How tokens are drawn.
    package var sampling: VoiceConfiguration.Sampling
    /// Characters of what was spoken last that no symbol stands for: one sentence each.
    package private(set) var remarks: [String] = []
    /// Silence between two sentences, in seconds.
    private let pause = 0.2

    init(
        _ generator: SpeechGenerator, _ prior: any TokenPrior, _ frontEnd: TextFrontEnd, reader: Reader,
        tokensPerSymbol: Double, sampling: VoiceConfiguration.Sampling
    ) {
        self.generator = generator
        self.prior = prior
        self.frontEnd = frontEnd
        self.reader = reader
        self.tokensPerSymbol = tokensPerSymbol
        self.sampling = sampling
    }

    package var sampleRate: Int { generator.configuration.sampleRate }

    /// Speaks a text in the style g, [1, W, 1]; see `Synthesizer.speak`.
    package func speak(
        _ text: String, style g: Tensor, seed: UInt64, progress: ((Int) -> Bool)? = nil,
        onAudio: (([Float]) -> Bool)? = nil, onTokens: ((SpokenTokens) -> Void)? = nil
    ) throws -> Waveform {
        let sentences = try sentences(in: text)
        guard !sentences.isEmpty else { throw TrainingError.nothingToSay }
        var samples = [Float](), spoken = 0
        func add(_ piece: [Float]) throws {
            samples += piece
            if let onAudio, !onAudio(piece) { throw CancellationError() }
        }
        remarks = []
        if case .missing = reader {
            remarks.append("The voice's BERT is not there; this is spoken without what it knows of the text.")
        }
        for (index, sentence) in sentences.enumerated() {
            guard let symbols = try encode(sentence) else { continue }
            if !samples.isEmpty { try add([Float](repeating: 0, count: Int(pause * Double(sampleRate)))) }
            let drawn = try draw(symbols, style: g, seed: seed, part: index) { progress?(spoken + $0) ?? true }
            spoken += drawn.tokens.count
            onTokens?(drawn)
            try decode(drawn.tokens, drawn.symbols, g, seed: seed, part: index, into: add)
        }
        guard !samples.isEmpty else { throw TrainingError.nothingToSay }
        return Waveform(samples: samples, sampleRate: sampleRate)
    }

    /// The pieces that a text is spoken in, one after the other.
    func sentences(in text: String) throws -> [String] {
        frontEnd.sentences(in: try TextNormalizer().normalize(text))
    }

    /// A sentence as the prior reads it, without tokens; nil where nothing of it can be said.
    func encode(_ sentence: String) throws -> SpokenTokens? {
        let encoded = try frontEnd.encode(sentence)
        if let warning = encoded.warning { remarks.append(warning) }
        guard !encoded.ids.isEmpty else { return nil }
        var features: TextFeatures?
        if case .reads(let read) = reader { features = try read(sentence, encoded.symbols) }
        return SpokenTokens(symbols: encoded.ids, textFeatures: features, tokens: [])
    }

    /// The same with the tokens that the prior draws.
    func draw(
        _ sentence: SpokenTokens, style g: Tensor, seed: UInt64, part: Int, progress: @escaping (Int) -> Bool
    ) throws -> SpokenTokens {
        var drawn = sentence
        drawn.tokens = try prior.sample(
            text: sentence.symbols, speaker: g, codeTable: generator.codeTable,
            bert: TextFeatures.batch([sentence.textFeatures]), options: options(for: sentence.symbols),
            random: RandomStream(seed: seed, name: "sampling", step: part), progress: progress)
        return drawn
    }

    /// The tokens that a text is likely to take, by the voice's rate of speech.
    package func expectedTokens(_ text: String) throws -> Int {
        let symbols = try sentences(in: text).reduce(0) { $0 + (try frontEnd.encode($1).ids.count) }
        return max(1, Int(tokensPerSymbol * Double(symbols)))
    }

    private func options(for symbols: [Int32]) -> SamplingOptions {
        let predicted = tokensPerSymbol * Double(symbols.count)
        var options = SamplingOptions(maximumTokens: max(25, Int((3 * predicted).rounded(.up))))
        options.topK = sampling.topK
        options.topP = Float(sampling.topP)
        options.temperature = Float(sampling.temperature)
        options.repetitionPenalty = Float(sampling.repetitionPenalty)
        return options
    }

    /// Every frame before the decoder depends on all tokens, so those must be known first; the decoder hears only a few
    /// frames around each, and runs window by window.
    func decode(
        _ tokens: [Int], _ symbols: [Int32], _ g: Tensor, seed: UInt64, part: Int, into add: ([Float]) throws -> Void
    ) rethrows {
        if tokens.isEmpty { return }
        let z = generator.latents(
            tokens: tokens, text: symbols, speaker: g, noiseScale: Float(sampling.noiseScale),
            random: RandomStream(seed: seed, name: "noise", step: part))
        for frames in DecoderWindows(frames: 2 * tokens.count) {
            try add(generator.decode(z, speaker: g, frames: frames).values)
        }
    }
}
