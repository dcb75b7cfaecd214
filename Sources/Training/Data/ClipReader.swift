import Audio
import Text
import VoiceModel

/// Reads a voice's clips as its preset wants them.
struct ClipReader {
    private let voice: Voice
    private let preset: ModelPreset
    private let spectrogram: InputSpectrum
    private let frontEnd: TextFrontEnd
    private let bert: BertReader?

    /// - Throws: `TextError`, `BertError`.
    init(_ voice: Voice) throws {
        self.voice = voice
        preset = voice.configuration.voice.preset
        spectrogram = InputSpectrum(preset)
        frontEnd = try voice.textFrontEnd()
        bert = BertReader(voice)
    }

    /// A clip without its tokens, and what is to be said of its transcript: one sentence.
    ///
    /// - Throws: `AudioFileError`, `TextError`, `BertError`, `TrainingError.wrongSampleRate`, `.clipTooShort`.
    func read(_ clip: Voice.Clip) throws -> (clip: PreparedClip, remark: String?) {
        let waveform = try AudioFile.read(clip.url)
        guard waveform.sampleRate == preset.sampleRate else {
            throw TrainingError.wrongSampleRate(
                clip: clip.fileName, found: waveform.sampleRate, wanted: preset.sampleRate)
        }
        let encoded = try clip.encoded(by: frontEnd)
        let prepared = PreparedClip(
            id: clip.id, speaker: clip.speaker, waveform: waveform, text: encoded.ids, spectrogram: spectrogram,
            hop: preset.hopLength,
            features: preset.readsRecordedFeatures
                ? try RecordedFeatures.read(
                    voice.features(of: clip), frames: PreparedClip.frames(of: waveform, hop: preset.hopLength))
                : [],
            textFeatures: try bert?.features(of: clip, symbols: encoded.symbols))
        guard prepared.frames >= 40 else { throw TrainingError.clipTooShort(clip: clip.fileName) }
        return (prepared, encoded.warning.map { "Clip \(clip.id): \($0)" })
    }
}
