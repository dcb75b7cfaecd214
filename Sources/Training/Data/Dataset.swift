import Audio
import Foundation
import Tensor
import Text
import VoiceModel

/// Says how a long preparation is going; returns false to cancel it.
package typealias PreparationProgress = (_ what: String, _ fraction: Double?) -> Bool

/// A voice's clips in memory, ready for batches.
package struct Dataset: Sendable {
    package let training: [PreparedClip]
    package let heldOut: [PreparedClip]
    /// Characters of transcripts that no symbol stands for: one sentence a clip.
    package var remarks: [String] = []
    /// Frames of a reference for the speaker encoder: 3 s.
    package static let referenceFrames = 150

    package init(training: [PreparedClip], heldOut: [PreparedClip], remarks: [String] = []) {
        self.training = training
        self.heldOut = heldOut
        self.remarks = remarks
    }

    /// Reads and analyses every clip, and gives each its tokens: by `tokenizer`, or by one fitted to the training clips.
    ///
    /// - Throws: `AudioFileError`, `TextError`, `TokenizerError`, `TrainingError.tooFewClips`, `CancellationError`.
    package static func prepare(
        _ voice: Voice, tokenizer known: KMeansTokenizer?, progress: PreparationProgress
    ) throws -> (dataset: Dataset, tokenizer: KMeansTokenizer) {
        let preset = voice.configuration.voice.preset
        let spectrogram = MelSpectrogram(preset)
        let frontEnd = try voice.textFrontEnd()
        let clips = voice.clips
        var training = [PreparedClip](), heldOut = [PreparedClip](), remarks = [String]()
        let aside = Set(voice.configuration.data.heldOut)
        for (index, clip) in clips.enumerated() {
            guard progress("Reading clips", Double(index) / Double(clips.count)) else { throw CancellationError() }
            let waveform = try AudioFile.read(clip.url)
            guard waveform.sampleRate == preset.sampleRate else {
                throw TrainingError.wrongSampleRate(
                    clip: clip.fileName, found: waveform.sampleRate, wanted: preset.sampleRate)
            }
            let encoded = try frontEnd.encode(clip.text)
            if let warning = encoded.warning { remarks.append("Clip \(clip.id): \(warning)") }
            let prepared = PreparedClip(
                id: clip.id, waveform: waveform, text: encoded.ids, spectrogram: spectrogram,
                hop: preset.hopLength)
            guard prepared.frames >= 40 else { throw TrainingError.clipTooShort(clip: clip.fileName) }
            if aside.contains(clip.id) { heldOut.append(prepared) } else { training.append(prepared) }
        }
        guard !training.isEmpty else { throw TrainingError.noTrainingClips(voice: voice.name) }
        let tokenizer = try known ?? fitted(training, voice.configuration, progress)
        for index in training.indices { training[index].tokens = tokenizer.tokens(of: training[index].melTensor) }
        for index in heldOut.indices { heldOut[index].tokens = tokenizer.tokens(of: heldOut[index].melTensor) }
        return (Dataset(training: training, heldOut: heldOut, remarks: remarks), tokenizer)
    }

    private static func fitted(
        _ clips: [PreparedClip], _ configuration: VoiceConfiguration, _ progress: PreparationProgress
    ) throws -> KMeansTokenizer {
        try withoutActuallyEscaping(progress) { progress in
            try KMeansTokenizer.fit(
                clips.map(\.melTensor), limit: KMeansTokenizer.codeLimit(configuration.voice.preset),
                seed: configuration.randomSeed
            ) { step in
                let fraction =
                    switch step {
                    case .seeding(let found, let wanted): 0.5 * Double(found) / Double(wanted)
                    case .refining(let done, let allowed): 0.5 + 0.5 * Double(done) / Double(allowed)
                    }
                return progress("Finding semantic codes", fraction)
            }
        }
    }

    /// The voice's speech rate: semantic tokens per symbol of text.
    package var tokensPerSymbol: Double {
        let symbols = training.reduce(0) { $0 + $1.text.count }
        return Double(training.reduce(0) { $0 + $1.tokens.count }) / Double(max(1, symbols))
    }

    /// The clips `indices` as a padded batch; references are drawn from (seed, step, place in the batch).
    package func sovitsBatch(_ indices: [Int], hop: Int, seed: UInt64, step: Int) -> SoVITSBatch {
        let clips = indices.map { training[$0] }, bands = PreparedClip.melBands
        let frames = clips.map(\.frames).max() ?? 0
        let mel = Tensor.zeros([clips.count, bands, frames])
        let waveform = Tensor.zeros([clips.count, 1, frames * hop])
        for (b, clip) in clips.enumerated() {
            clip.mel.withUnsafeBufferPointer { source in
                guard let base = source.baseAddress else { return }
                for band in 0..<bands {
                    (mel.pointer + (b * bands + band) * frames).update(
                        from: base + band * clip.frames, count: clip.frames)
                }
            }
            clip.samples.withUnsafeBufferPointer { source in
                guard let base = source.baseAddress else { return }
                (waveform.pointer + b * frames * hop).update(from: base, count: clip.samples.count)
            }
        }
        return SoVITSBatch(
            mel: mel, lengths: clips.map(\.frames), waveform: waveform, tokens: clips.map(\.tokens),
            text: PaddedText(clips.map(\.text)), referenceMel: references(for: indices, seed: seed, step: step))
    }

    /// Log mel of 3 s of another clip for each place of a batch (of the clip itself when there is no other), [B, 80, 150].
    package func references(for indices: [Int], seed: UInt64, step: Int) -> Tensor {
        let length = Self.referenceFrames
        let result = Tensor(uninitialized: [indices.count, PreparedClip.melBands, length])
        let choice = RandomStream(seed: seed, name: "reference", step: step)
        for (b, index) in indices.enumerated() {
            var other = index
            if training.count > 1 {
                other = choice.integer(below: training.count - 1, at: 2 * b)
                if other >= index { other += 1 }
            }
            let start = choice.integer(below: max(1, training[other].frames - length + 1), at: 2 * b + 1)
            training[other].melCrop(
                start: start, length: length, into: result.pointer + b * PreparedClip.melBands * length)
        }
        return result
    }

    /// The reference that validation and synthesis use when none is named: 3 s from the longest training clip's middle.
    package var defaultReference: Tensor {
        let clip = training.max { ($0.frames, $1.id) < ($1.frames, $0.id) } ?? training[0]
        let length = Self.referenceFrames
        let result = Tensor(uninitialized: [1, PreparedClip.melBands, length])
        clip.melCrop(start: max(0, (clip.frames - length) / 2), length: length, into: result.pointer)
        return result
    }
}

extension MelSpectrogram {
    /// The 80-band mel that posterior, speaker encoder and tokenizer read.
    package init(_ preset: ModelPreset) {
        self.init(
            sampleRate: preset.sampleRate, fftSize: preset == .standard ? 2048 : 1024, hop: preset.hopLength,
            bands: PreparedClip.melBands)
    }
}
