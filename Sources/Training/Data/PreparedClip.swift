import Audio
import Foundation
import Tensor
import Text
import VoiceModel

/// A clip as the model wants it, cut to whole tokens.
package struct PreparedClip: Sendable {
    package let id: String
    /// Who speaks, in a voice of several speakers; empty otherwise.
    package let speaker: String
    /// frames · hop samples.
    package let samples: [Float]
    /// What the posterior encoder reads, [bins, frames] in row-major order.
    package let spectrum: [Float]
    package let bins: Int
    /// Recorded features, [768, frames] in row-major order; empty where tokens are made of the sound itself.
    package let features: [Float]
    package let frames: Int
    /// Semantic tokens, frames / 2 of them; empty until a tokenizer has read the clip.
    package var tokens: [Int]
    /// Symbol ids.
    package let text: [Int32]
    /// What BERT knows of the text; nil without one.
    package let textFeatures: TextFeatures?

    /// Reads nothing: takes a waveform at the preset's rate, its text and, where the preset wants them, its recorded
    /// features as long as the sound.
    package init(
        id: String, speaker: String = "", waveform: Waveform, text: [Int32], spectrogram: InputSpectrum, hop: Int,
        features: [Float] = [],
        textFeatures: TextFeatures? = nil
    ) {
        self.id = id
        self.speaker = speaker
        self.text = text
        frames = Self.frames(of: waveform, hop: hop)
        samples = Array(waveform.samples.prefix(frames * hop))
        spectrum = spectrogram(Tensor(samples, shape: [1, samples.count])).values
        bins = spectrogram.bins
        self.features = features
        self.textFeatures = textFeatures
        tokens = []
    }

    /// Frames of a sound cut to whole tokens, each two frames.
    package static func frames(of waveform: Waveform, hop: Int) -> Int { waveform.samples.count / (2 * hop) * 2 }

    /// [1, bins, frames]
    package var spectrumTensor: Tensor { Tensor(spectrum, shape: [1, bins, frames]) }

    /// [1, 768, frames], nil when there are none.
    package var featureTensor: Tensor? {
        features.isEmpty ? nil : Tensor(features, shape: [1, features.count / frames, frames])
    }

    /// `length` frames of the lowest bins from `start` on, [lowest · length]; a clip that is too short begins again.
    func crop(lowest: Int, start: Int, length: Int, into target: UnsafeMutablePointer<Float>) {
        for bin in 0..<lowest {
            for t in 0..<length { target[bin * length + t] = spectrum[bin * frames + (start + t) % frames] }
        }
    }
}
