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
    /// without clips.
    ///
    /// - Throws: `PriorError` when a text or an utterance does not fit.
    static func measure(
        _ clips: [PreparedClip], _ sovits: SoVITS, _ prior: any TokenPrior, reference: Tensor
    ) throws -> [Metric: Float] {
        guard !clips.isEmpty else { return [:] }
        let sizes = sovits.configuration
        let spectrogram = MelSpectrogram(
            sampleRate: sizes.sampleRate, fftSize: sizes.fftLength, hop: sizes.hopLength, bands: sizes.lossMelBands)
        func logMel(_ waveform: Tensor) -> Tensor {
            spectrogram(waveform.reshaped([waveform.shape[0], waveform.shape[2]]))
        }
        return try sovits.frozen {
            try prior.frozen {
                var distance: Float = 0
                for clip in clips {
                    let generated = sovits.reconstruct(spectrum: clip.spectrumTensor, reference: reference)
                    let target = logMel(Tensor(clip.samples, shape: [1, 1, clip.samples.count]))
                    distance += SoVITSLoss.mel(logMel(generated), target).item
                }
                let g = sovits.speakerVector(reference)
                var entropy: Float = 0, accuracy: Float = 0
                for clip in clips {
                    let (loss, share) = try prior.loss(
                        text: [clip.text], tokens: [sovits.tokens(of: clip)], speaker: g,
                        codeTable: sovits.codeTable.detached(), bert: TextFeatures.batch([clip.textFeatures]),
                        randomness: nil, padding: nil)
                    entropy += loss.item
                    accuracy += share
                }
                let count = Float(clips.count)
                return [
                    .validationMel: distance / count, .validationCrossEntropy: entropy / count,
                    .validationTopThree: accuracy / count,
                ]
            }
        }
    }
}

extension TrainingEngine {
    /// The figures of the held-out clips by the weights of this moment.
    func validation() throws -> [Metric: Float] {
        try HeldOutFigures.measure(
            dataset.heldOut, model.sovits, model.prior, reference: dataset.defaultReference(bins: referenceBins))
    }
}
