import Audio
import Foundation
import Tensor
import VoiceModel

/// The recording whose style a sentence is spoken in.
package enum ReferenceStyle {
    /// What the voice's speaker encoder reads, [1, reference bins, T], of a file's first ten seconds at most, trimmed and levelled as clips are; of the voice's own
    /// default, the middle of its longest training clip, when none is named.
    package static func spectrum(of url: URL?, voice: Voice) throws -> Tensor {
        let preset = voice.configuration.voice.preset
        let bins = ReferenceEncoderConfiguration.preset(preset).bins
        if let url {
            let resampled = try Resampler().resample(AudioFile.read(url), to: preset.sampleRate)
            let trimmed = SilenceTrimming()(resampled)
            let levelled = Loudness.normalized(trimmed).waveform
            let samples = Array(levelled.samples.prefix(10 * preset.sampleRate))
            guard samples.count >= preset.sampleRate else { throw TrainingError.referenceTooShort(file: url.path) }
            return InputSpectrum(preset)(Tensor(samples, shape: [1, samples.count])).sliced(axis: 1, 0..<bins)
        }
        let lengths = try voice.trainingClips.map { (clip: $0, frames: try AudioFile.peek($0.url).frames) }
        guard let longest = lengths.max(by: { ($0.frames, $1.clip.id) < ($1.frames, $0.clip.id) })?.clip else {
            throw TrainingError.noTrainingClips(voice: voice.name)
        }
        return try spectrum(of: longest, voice: voice)
    }

    /// The same of one of the voice's own clips: three seconds from its middle.
    package static func spectrum(of chosen: Voice.Clip, voice: Voice) throws -> Tensor {
        let preset = voice.configuration.voice.preset
        let clip = PreparedClip(
            id: chosen.id, waveform: try AudioFile.read(chosen.url), text: [], spectrogram: InputSpectrum(preset),
            hop: preset.hopLength)
        guard clip.frames > 0 else { throw TrainingError.referenceTooShort(file: chosen.url.path) }
        return Dataset(training: [clip], heldOut: []).defaultReference(
            bins: ReferenceEncoderConfiguration.preset(preset).bins)
    }
}
