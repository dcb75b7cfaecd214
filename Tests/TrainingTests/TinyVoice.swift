import Audio
import Foundation
import Tensor
import Training
import VoiceModel

/// Clips of tones and noise with texts: nothing to listen to, but all that training needs, in memory or in a folder.
enum TinyVoice {
    static let texts = [
        "One tone.", "Two tones follow.", "A third of them.", "Four in a row.", "The fifth one hums.",
        "Six are enough.",
        "Seven is a lot.", "Eight ends it.",
    ]

    /// About a second each; no two of the same length.
    static func waveform(_ index: Int) -> Waveform {
        let count = 15000 + 700 * index
        let noise = RandomStream(seed: 7, name: "clip", step: index).normal([count]).values
        let samples = (0..<count).map { t in
            let second = Float(t) / 16000
            let pitch = 110 + 30 * Float(index) + 60 * (second * 5).rounded(.down)
            return 0.3 * sin(2 * .pi * pitch * second) * (1 + sin(9 * second)) / 2 + 0.02 * noise[t]
        }
        return Waveform(samples: samples, sampleRate: 16000)
    }

    static func configuration(_ change: (inout VoiceConfiguration) -> Void = { _ in }) -> VoiceConfiguration {
        var configuration = VoiceConfiguration(name: "tiny", preset: .tiny)
        configuration.training.batchSize = 2
        configuration.training.validationSteps = 1_000_000
        configuration.data.heldOut = ["clip_0"]
        change(&configuration)
        return configuration
    }

    /// Data for an engine, without files or phonemes.
    static func dataset(
        clips: Int = 5, textFeatures: (_ index: Int, _ symbols: Int) -> TextFeatures? = { _, _ in nil }
    ) throws -> (dataset: Dataset, tokenizer: KMeansTokenizer) {
        let spectrogram = InputSpectrum(.tiny)
        var prepared = (0..<clips).map { index in
            PreparedClip(
                id: "clip_\(index)", waveform: waveform(index), text: (0..<(8 + index)).map { Int32(3 + $0) },
                spectrogram: spectrogram, hop: 320, textFeatures: textFeatures(index, 8 + index))
        }
        let tokenizer = try KMeansTokenizer.fit(prepared.map(\.spectrumTensor), limit: 64, seed: 1)
        for index in prepared.indices { prepared[index].tokens = tokenizer.tokens(of: prepared[index].spectrumTensor) }
        return (Dataset(training: Array(prepared.dropFirst()), heldOut: [prepared[0]]), tokenizer)
    }

    static func engine(
        clips: Int = 5, _ change: (inout VoiceConfiguration) -> Void = { _ in }
    ) throws -> TrainingEngine {
        // Nothing that a step reads may be what nobody wrote.
        StoragePool.shared.isPoisoned = true
        let (dataset, tokenizer) = try dataset(clips: clips)
        return TrainingEngine(
            configuration: configuration(change), symbolCount: 40, dataset: dataset, tokenizer: tokenizer)
    }
}

/// A voice in a temporary folder, removed when it goes.
final class VoiceFolder: Sendable {
    let url: URL
    /// A voice this one starts from, kept as long.
    private let base: VoiceFolder?

    init(clips: Int = 5, base: VoiceFolder? = nil, _ change: (inout VoiceConfiguration) -> Void = { _ in }) throws {
        self.base = base
        url = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-trainer-\(UUID().uuidString)")
        let sounds = url.appendingPathComponent("clips")
        try FileManager.default.createDirectory(at: sounds, withIntermediateDirectories: true)
        var metadata = ""
        for index in 0..<clips {
            metadata += "clip_\(index)|\(TinyVoice.texts[index])\n"
            try AudioFile.write(TinyVoice.waveform(index), to: sounds.appendingPathComponent("clip_\(index).wav"))
        }
        try Data(metadata.utf8).write(to: url.appendingPathComponent("metadata.csv"))
        try write(TinyVoice.configuration(change))
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func write(_ configuration: VoiceConfiguration) throws {
        try Data(configuration.toml.utf8).write(to: url.appendingPathComponent("voice.toml"))
    }

    func voice() throws -> Voice { try Voice(directory: url) }
}
