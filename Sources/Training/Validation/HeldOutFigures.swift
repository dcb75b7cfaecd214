import Audio
import Foundation
import Tensor
import VoiceModel

extension SoVITS {
    /// A clip's semantic tokens: its own, or by the present codebook those of its recorded features.
    func tokens(of clip: PreparedClip) -> [Int] { clip.featureTensor.flatMap(tokens(ofFeatures:)) ?? clip.tokens }
}

/// What held-out clips say of weights, without a token being drawn: a second or two.
enum HeldOutFigures {
    /// Mean mel L1 of the clips' copy synthesis; and, each token foretold from the true ones before it, the prior's
    /// cross-entropy and the share of tokens among its three most probable. Means of the clips' own means; nothing
    /// without clips. Processes measure some of the clips each, and all of them learn of all.
    ///
    /// - Parameter references: of each clip's speaker.
    /// - Parameter check: called before each clip; may throw to end it.
    /// - Throws: `PriorError` when a text or an utterance does not fit.
    static func measure(
        _ clips: [PreparedClip], _ sovits: SoVITS, _ prior: any TokenPrior, references: [String: Tensor],
        among group: (any ProcessGroup)? = nil, check: () throws -> Void = {}
    ) throws -> [Metric: Float] {
        guard !clips.isEmpty else { return [:] }
        let sizes = sovits.configuration
        let spectrogram = MelSpectrogram(
            sampleRate: sizes.sampleRate, fftSize: sizes.fftLength, hop: sizes.hopLength, bands: sizes.lossMelBands)
        func logMel(_ waveform: Tensor) -> Tensor {
            spectrogram(waveform.reshaped([waveform.shape[0], waveform.shape[2]]))
        }
        let (rank, ranks) = (group?.rank ?? 0, group?.count ?? 1), most = (clips.count + ranks - 1) / ranks
        let own = stride(from: rank, to: clips.count, by: ranks).map { clips[$0] }
        let measured = try sovits.frozen {
            try prior.frozen {
                let styles = references.mapValues(sovits.speakerVector)
                return try own.flatMap { clip in
                    try check()
                    guard let reference = references[clip.speaker], let g = styles[clip.speaker] else {
                        preconditionFailure("there is no reference for \(clip.speaker)")
                    }
                    let generated = sovits.reconstruct(spectrum: clip.spectrumTensor, reference: reference)
                    let target = logMel(Tensor(clip.samples, shape: [1, 1, clip.samples.count]))
                    let (loss, share) = try prior.loss(
                        text: [clip.text], tokens: [sovits.tokens(of: clip)], speaker: g,
                        codeTable: sovits.codeTable.detached(), bert: TextFeatures.batch([clip.textFeatures]),
                        randomness: nil, padding: nil)
                    return [SoVITSLoss.mel(logMel(generated), target).item, loss.item, share]
                }
            }
        }
        let padded = measured + Array(repeating: 0, count: 3 * most - measured.count)
        let all = group?.gathered(padded, zero: 0) ?? padded
        // In the order of the clips, whoever measured them: the same sums to the bit.
        func mean(_ figure: Int) -> Float {
            clips.indices.reduce(0) { $0 + all[3 * ($1 % ranks * most + $1 / ranks) + figure] } / Float(clips.count)
        }
        return [.validationMel: mean(0), .validationCrossEntropy: mean(1), .validationTopThree: mean(2)]
    }
}

extension TrainingEngine {
    /// The figures of the held-out clips by the weights of this moment; those of held-out speakers alone where nothing but
    /// their encoder is trained.
    package func validation() throws -> [Metric: Float] {
        let stages = position.stageOverride.map { [$0] } ?? configuration.training.schedule
        var figures: [Metric: Float] = [:]
        if stages.contains(where: { $0 != .speaker }) {
            let speakers = Set(dataset.heldOut.map(\.speaker))
            figures = try HeldOutFigures.measure(
                dataset.heldOut, model.sovits, model.prior,
                references: Dictionary(
                    uniqueKeysWithValues: speakers.map {
                        ($0, dataset.defaultReference(bins: referenceBins, of: $0))
                    }), among: crew?.group)
        }
        if let speakers = heldOutSpeakers() { figures[.validationSpeakerError] = Float(speakers.errorRate) }
        return figures
    }
}
