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
    /// Clips of speakers that never train.
    package let ofHeldOutSpeakers: [PreparedClip]
    /// Who speaks the training clips, by name.
    package let speakers: [String]
    /// For each training clip the place of who speaks in `speakers`; for each of these the clips, in their order.
    private let speakerOfClip: [Int]
    private let clipsOfSpeaker: [[Int]]
    /// Characters of transcripts that no symbol stands for: one sentence a clip.
    package var remarks: [String] = []
    /// Frames of a reference for the speaker encoder: 3 s.
    package static let referenceFrames = 150
    /// Frames of a crop of the speaker stage: 2 s.
    package static let cropFrames = 100

    package init(
        training: [PreparedClip], heldOut: [PreparedClip], ofHeldOutSpeakers: [PreparedClip] = [],
        remarks: [String] = []
    ) {
        self.training = training
        self.heldOut = heldOut
        self.ofHeldOutSpeakers = ofHeldOutSpeakers
        self.remarks = remarks
        let names = Set(training.map(\.speaker)).sorted()
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        speakers = names
        speakerOfClip = training.map { places[$0.speaker] ?? 0 }
        var clips = names.map { _ in [Int]() }
        for (clip, speaker) in speakerOfClip.enumerated() { clips[speaker].append(clip) }
        clipsOfSpeaker = clips
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
        var training = [PreparedClip](), heldOut = [PreparedClip](), strangers = [PreparedClip](), remarks = [String]()
        let aside = Set(voice.configuration.data.heldOut)
        for (index, clip) in clips.enumerated() {
            guard progress("Reading clips", Double(index) / Double(clips.count)) else { throw CancellationError() }
            let (prepared, remark) = try reader.read(clip)
            if let remark { remarks.append(remark) }
            if voice.heldOutSpeakers.contains(clip.speaker) {
                strangers.append(prepared)
            } else if aside.contains(clip.id) {
                heldOut.append(prepared)
            } else {
                training.append(prepared)
            }
        }
        guard !training.isEmpty else { throw TrainingError.noTrainingClips(voice: voice.name) }
        if preset.readsRecordedFeatures {
            return (
                Dataset(training: training, heldOut: heldOut, ofHeldOutSpeakers: strangers, remarks: remarks), nil
            )
        }
        let tokenizer = try known ?? fitted(training, voice.configuration, progress)
        for index in training.indices { training[index].tokens = tokenizer.tokens(of: training[index].spectrumTensor) }
        for index in heldOut.indices { heldOut[index].tokens = tokenizer.tokens(of: heldOut[index].spectrumTensor) }
        return (
            Dataset(training: training, heldOut: heldOut, ofHeldOutSpeakers: strangers, remarks: remarks), tokenizer
        )
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

    /// The lowest `bins` of 3 s of another clip of the same speaker for each place of a batch (of the clip itself when
    /// there is no other), [B, bins, 150].
    package func references(for indices: [Int], bins: Int, seed: UInt64, step: Int) -> Tensor {
        let length = Self.referenceFrames
        let result = Tensor(uninitialized: [indices.count, bins, length])
        let choice = RandomStream(seed: seed, name: "reference", step: step)
        for (b, index) in indices.enumerated() {
            var other = index
            let clips = clipsOfSpeaker[speakerOfClip[index]]
            if clips.count > 1 {
                var place = choice.integer(below: clips.count - 1, at: 2 * b)
                if clips[place] >= index { place += 1 }
                other = clips[place]
            }
            let start = choice.integer(below: max(1, training[other].frames - length + 1), at: 2 * b + 1)
            training[other].crop(
                lowest: bins, start: start, length: length, into: result.pointer + b * bins * length)
        }
        return result
    }

    /// The lowest `bins` of a stretch of each of the clips `indices`, drawn from (seed, step, place in the batch), and
    /// the place of who speaks in `speakers`: what the speaker stage reads, [B, bins, 100]. A few neighbouring bins and
    /// frames of each are masked (SpecAugment, Park et al. 2019), so that nothing small gives a speaker away.
    package func crops(
        of indices: [Int], bins: Int, seed: UInt64, step: Int
    ) -> (spectrum: Tensor, speakers: [Int]) {
        let length = Self.cropFrames
        let result = Tensor(uninitialized: [indices.count, bins, length])
        let choice = RandomStream(seed: seed, name: "speaker crop", step: step)
        for (b, index) in indices.enumerated() {
            func draw(_ bound: Int, _ number: Int) -> Int { choice.integer(below: bound, at: 5 * b + number) }
            let start = draw(max(1, training[index].frames - length + 1), 0), crop = result.pointer + b * bins * length
            training[index].crop(lowest: bins, start: start, length: length, into: crop)
            let (maskedBins, maskedFrames) = (draw(Self.mostMaskedBins + 1, 1), draw(Self.mostMaskedFrames + 1, 2))
            let bin = draw(bins - maskedBins + 1, 3), frame = draw(length - maskedFrames + 1, 4)
            for row in 0..<bins {
                let line = crop + row * length
                // The encoder takes the mean of every band off: this is silence to it.
                let mean = (0..<length).reduce(Float(0)) { $0 + line[$1] } / Float(length)
                let isMasked = row >= bin && row < bin + maskedBins
                (line + (isMasked ? 0 : frame)).update(repeating: mean, count: isMasked ? length : maskedFrames)
            }
        }
        return (result, indices.map { speakerOfClip[$0] })
    }

    /// Of a crop, at most.
    private static let mostMaskedBins = 10, mostMaskedFrames = 10

    /// The reference that validation and synthesis use when none is named: 3 s from the middle of the longest training
    /// clip, where a speaker is named that has one of his longest, [1, bins, 150].
    package func defaultReference(bins: Int, of speaker: String? = nil) -> Tensor {
        let own = training.filter { $0.speaker == speaker }
        let clip = (own.isEmpty ? training : own).max { ($0.frames, $1.id) < ($1.frames, $0.id) } ?? training[0]
        let length = Self.referenceFrames
        let result = Tensor(uninitialized: [1, bins, length])
        clip.crop(lowest: bins, start: max(0, (clip.frames - length) / 2), length: length, into: result.pointer)
        return result
    }
}
