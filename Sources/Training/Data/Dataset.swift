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
    /// Where the preset reads recorded features there is no tokenizer.
    ///
    /// - Throws: `AudioFileError`, `TextError`, `BertError`, `TokenizerError`, `TrainingError.tooFewClips`, `CancellationError`.
    package static func prepare(
        _ voice: Voice, tokenizer known: KMeansTokenizer?, progress: PreparationProgress
    ) throws -> (dataset: Dataset, tokenizer: KMeansTokenizer?) {
        let preset = voice.configuration.voice.preset
        let reader = try ClipReader(voice)
        let clips = voice.clips
        var training = [PreparedClip](), heldOut = [PreparedClip](), remarks = [String]()
        let aside = Set(voice.configuration.data.heldOut)
        for (index, clip) in clips.enumerated() {
            guard progress("Reading clips", Double(index) / Double(clips.count)) else { throw CancellationError() }
            let (prepared, remark) = try reader.read(clip)
            if let remark { remarks.append(remark) }
            if aside.contains(clip.id) { heldOut.append(prepared) } else { training.append(prepared) }
        }
        guard !training.isEmpty else { throw TrainingError.noTrainingClips(voice: voice.name) }
        if preset.readsRecordedFeatures {
            return (Dataset(training: training, heldOut: heldOut, remarks: remarks), nil)
        }
        let tokenizer = try known ?? fitted(training, voice.configuration, progress)
        for index in training.indices { training[index].tokens = tokenizer.tokens(of: training[index].spectrumTensor) }
        for index in heldOut.indices { heldOut[index].tokens = tokenizer.tokens(of: heldOut[index].spectrumTensor) }
        return (Dataset(training: training, heldOut: heldOut, remarks: remarks), tokenizer)
    }

    /// Some clips without their tokens.
    ///
    /// - Throws: as `prepare` does for a clip.
    static func prepare(_ clips: [Voice.Clip], of voice: Voice) throws -> [PreparedClip] {
        let reader = try ClipReader(voice)
        return try clips.map { try reader.read($0).clip }
    }

    private static func fitted(
        _ clips: [PreparedClip], _ configuration: VoiceConfiguration, _ progress: PreparationProgress
    ) throws -> KMeansTokenizer {
        try withoutActuallyEscaping(progress) { progress in
            try KMeansTokenizer.fit(
                clips.map(\.spectrumTensor), limit: KMeansTokenizer.codeLimit(configuration.voice.preset),
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
        return Double(training.reduce(0) { $0 + $1.frames / 2 }) / Double(max(1, symbols))
    }

    /// The clips `indices` as a padded batch; references, the lowest `referenceBins` of a spectrum, are drawn from (seed,
    /// step, place in the batch).
    package func sovitsBatch(_ indices: [Int], hop: Int, referenceBins: Int, seed: UInt64, step: Int) -> SoVITSBatch {
        let clips = indices.map { training[$0] }
        let lengths = clips.map(\.frames), frames = lengths.max() ?? 0
        let hasFeatures = clips.contains { !$0.features.isEmpty }
        return SoVITSBatch(
            spectrum: Self.padded(clips.map(\.spectrum), lengths: lengths, to: frames), lengths: lengths,
            waveform: Self.padded(clips.map(\.samples), lengths: lengths.map { $0 * hop }, to: frames * hop),
            tokens: clips.map(\.tokens),
            features: hasFeatures ? Self.padded(clips.map(\.features), lengths: lengths, to: frames) : nil,
            text: PaddedText(clips.map(\.text)),
            reference: references(for: indices, bins: referenceBins, seed: seed, step: step))
    }

    /// Items of [rows, length], as [B, rows, longest] with zeros after each.
    private static func padded(_ items: [[Float]], lengths: [Int], to longest: Int) -> Tensor {
        let rows = zip(items, lengths).map { $0.count / max(1, $1) }.max() ?? 0
        let result = Tensor.zeros([items.count, rows, longest])
        for (b, item) in items.enumerated() {
            item.withUnsafeBufferPointer { source in
                guard let base = source.baseAddress else { return }
                for row in 0..<rows {
                    (result.pointer + (b * rows + row) * longest).update(
                        from: base + row * lengths[b], count: lengths[b])
                }
            }
        }
        return result
    }

    /// The lowest `bins` of 3 s of another clip for each place of a batch (of the clip itself when there is no other),
    /// [B, bins, 150].
    package func references(for indices: [Int], bins: Int, seed: UInt64, step: Int) -> Tensor {
        let length = Self.referenceFrames
        let result = Tensor(uninitialized: [indices.count, bins, length])
        let choice = RandomStream(seed: seed, name: "reference", step: step)
        for (b, index) in indices.enumerated() {
            var other = index
            if training.count > 1 {
                other = choice.integer(below: training.count - 1, at: 2 * b)
                if other >= index { other += 1 }
            }
            let start = choice.integer(below: max(1, training[other].frames - length + 1), at: 2 * b + 1)
            training[other].crop(
                lowest: bins, start: start, length: length, into: result.pointer + b * bins * length)
        }
        return result
    }

    /// The reference that validation and synthesis use when none is named: 3 s from the longest training clip's middle,
    /// [1, bins, 150].
    package func defaultReference(bins: Int) -> Tensor {
        let clip = training.max { ($0.frames, $1.id) < ($1.frames, $0.id) } ?? training[0]
        let length = Self.referenceFrames
        let result = Tensor(uninitialized: [1, bins, length])
        clip.crop(lowest: bins, start: max(0, (clip.frames - length) / 2), length: length, into: result.pointer)
        return result
    }
}
