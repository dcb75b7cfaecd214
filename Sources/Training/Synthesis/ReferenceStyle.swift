import Audio
import Foundation
import Tensor
import VoiceModel

/// The recording whose style a sentence is spoken in.
package enum ReferenceStyle {
    /// What the voice's speaker encoder reads, [1, reference bins, T], of a file's first ten seconds at most, trimmed and levelled as clips are; of the voice's own
    /// default, the middle of its longest training clip (of `speaker`, in a voice of several), when none is named.
    package static func spectrum(of url: URL?, voice: Voice, speaker: String? = nil) throws -> Tensor {
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
        return try spectrum(of: longest(of: speaker, voice), voice: voice)
    }

    private static func longest(of speaker: String?, _ voice: Voice) throws -> Voice.Clip {
        let own = voice.trainingClips.filter { $0.speaker == speaker }
        let lengths = try (own.isEmpty ? voice.trainingClips : own).map {
            (clip: $0, frames: try AudioFile.peek($0.url).frames)
        }
        guard let longest = lengths.max(by: { ($0.frames, $1.clip.id) < ($1.frames, $0.clip.id) })?.clip else {
            throw TrainingError.noTrainingClips(voice: voice.name)
        }
        return longest
    }

    /// In whose style a voice of several speakers speaks when no reference is named: a sentence; nil for other voices.
    package static func remark(_ voice: Voice) throws -> String? {
        guard voice.speakers.count > 1 else { return nil }
        let clip = try longest(of: nil, voice)
        let speaker = clip.speaker.isEmpty ? "one without a name" : clip.speaker
        return
            "\(voice.name) has \(voice.speakers.count) speakers and takes the style of \(speaker), from clip \(clip.id): "
            + "name a reference to hear another one."
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
