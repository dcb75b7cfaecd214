import Audio
import Foundation
import Tensor
import Training
import VoiceModel

/// Speakers made of harmonics: each has a pitch and a timbre of its own, each clip its own tune.
enum SpeakerVoice {
    static let speakers = 12, clipsEach = 3
    static func name(_ speaker: Int) -> String { "speaker_\(speaker)" }

    static func waveform(_ speaker: Int, _ clip: Int) -> Waveform {
        let count = 13_500 + 640 * ((speaker + 3 * clip) % 5)
        let timbre = RandomStream(seed: 11, name: "timbre", step: speaker).uniform([8]).values
        let tune = RandomStream(seed: 12, name: "tune", step: 100 * speaker + clip).uniform([8]).values
        var phase: Float = 0
        let samples = (0..<count).map { t -> Float in
            phase += 2 * .pi * (90 + 18 * Float(speaker)) * (1 + 0.2 * tune[t / 2000 % 8]) / 16000
            return 0.05 * (0..<8).reduce(0) { $0 + timbre[$1] * sin(Float($1 + 1) * phase) }
        }
        return Waveform(samples: samples, sampleRate: 16000)
    }

    static func configuration(_ change: (inout VoiceConfiguration) -> Void = { _ in }) -> VoiceConfiguration {
        TinyVoice.configuration {
            $0.data.heldOut = []
            $0.training.schedule = [.speaker]
            $0.training.speakerBatchSize = 8
            change(&$0)
        }
    }

    /// The last two speakers are held out.
    static func engine(
        clips: Int = clipsEach, training: Int = speakers - 2, _ change: (inout VoiceConfiguration) -> Void = { _ in }
    ) throws -> TrainingEngine {
        StoragePool.shared.isPoisoned = true
        let spectrogram = InputSpectrum(.tiny)
        func prepared(_ speakers: Range<Int>) -> [PreparedClip] {
            speakers.flatMap { speaker in
                (0..<clips).map { clip in
                    PreparedClip(
                        id: "\(speaker)_\(clip)", speaker: name(speaker), waveform: waveform(speaker, clip),
                        text: (0..<(8 + clip)).map { Int32(3 + $0) }, spectrogram: spectrogram, hop: 320)
                }
            }
        }
        var clips = prepared(0..<training)
        let tokenizer = try KMeansTokenizer.fit(clips.map(\.spectrumTensor), limit: 32, seed: 1)
        for index in clips.indices { clips[index].tokens = tokenizer.tokens(of: clips[index].spectrumTensor) }
        return TrainingEngine(
            configuration: configuration(change), symbolCount: 40,
            dataset: Dataset(training: clips, heldOut: [], ofHeldOutSpeakers: prepared(training..<training + 2)),
            tokenizer: tokenizer)
    }
}

extension VoiceFolder {
    /// Makes it a voice of several speakers, of two clips each.
    func takeSpeakers(_ configuration: VoiceConfiguration, count: Int = SpeakerVoice.speakers) throws {
        var metadata = "", speakers = ""
        for index in 0..<2 * count {
            let id = String(format: "of_%02d", index)
            metadata += "\(id)|\(TinyVoice.texts[index % 8])\n"
            speakers += "\(id)|\(SpeakerVoice.name(index / 2))\n"
            try AudioFile.write(
                SpeakerVoice.waveform(index / 2, index % 2), to: url.appendingPathComponent("clips/\(id).wav"))
        }
        try Data(metadata.utf8).write(to: url.appendingPathComponent("metadata.csv"))
        try Data(speakers.utf8).write(to: url.appendingPathComponent("speakers.csv"))
        try write(configuration)
    }
}
