import Audio
import Foundation
import Tensor
import Text
import VoiceModel

/// A clip as the model wants it, cut to whole tokens.
package struct PreparedClip: Sendable {
    package let id: String
    /// frames · hop samples.
    package let samples: [Float]
    /// Log mel, [80, frames] in row-major order.
    package let mel: [Float]
    package let frames: Int
    /// Semantic tokens, frames / 2 of them; empty until a tokenizer has read the clip.
    package var tokens: [Int]
    /// Symbol ids.
    package let text: [Int32]

    package static let melBands = 80

    /// Reads nothing: takes a waveform at the preset's rate and its text.
    package init(id: String, waveform: Waveform, text: [Int32], spectrogram: MelSpectrogram, hop: Int) {
        self.id = id
        self.text = text
        // A token is two frames.
        frames = waveform.samples.count / (2 * hop) * 2
        samples = Array(waveform.samples.prefix(frames * hop))
        mel = spectrogram(Tensor(samples, shape: [1, samples.count])).values
        tokens = []
    }

    package var melTensor: Tensor { Tensor(mel, shape: [1, Self.melBands, frames]) }

    /// `length` frames of log mel from `start` on, [80 · length]; a clip that is too short begins again.
    func melCrop(start: Int, length: Int, into target: UnsafeMutablePointer<Float>) {
        for band in 0..<Self.melBands {
            for t in 0..<length { target[band * length + t] = mel[band * frames + (start + t) % frames] }
        }
    }
}
