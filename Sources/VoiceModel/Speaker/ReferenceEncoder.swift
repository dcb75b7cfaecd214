import Neural
import Tensor

/// Makes g, which all components share, of a stretch of the speaker's sound.
package protocol ReferenceEncoder: Module {
    /// Spectrum [B, bins, T], all of it sound -> g, [B, W, 1]. Training may move running statistics and, with
    /// `randomness`, drops out.
    func style(of reference: Tensor, training: Bool, _ randomness: StepRandomness?) -> Tensor
}

extension SpeakerEncoder: ReferenceEncoder {
    package func style(of reference: Tensor, training: Bool, _ randomness: StepRandomness?) -> Tensor {
        self(reference, training: training, share: randomness?.share)
    }
}

extension MelStyleEncoder: ReferenceEncoder {
    package func style(of reference: Tensor, training: Bool, _ randomness: StepRandomness?) -> Tensor {
        self(
            reference, lengths: Array(repeating: reference.shape[2], count: reference.shape[0]),
            training ? randomness : nil)
    }
}
