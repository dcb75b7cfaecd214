import Audio
import Foundation
import Text
import VoiceModel

extension ClipInspection {
    /// Reads a clip's sound and text, and finds what is odd about them.
    init(_ clip: Voice.Clip, of voice: Voice, frontEnd: TextFrontEnd) {
        var encoded = EncodedText(), warnings = [ClipWarning]()
        do {
            encoded = try clip.encoded(by: frontEnd)
        } catch {
            warnings.append(.unsayable("\(error)"))
        }
        if !encoded.unknown.isEmpty { warnings.append(.unknownCharacters(encoded.unknown)) }
        do {
            let sound = try AudioFile.read(clip.url)
            let preset = voice.configuration.voice.preset
            let level = Loudness.gated(sound)
            warnings += Self.warnings(
                sound, level: level, encoded: encoded, isPhonetic: frontEnd.language != TextFrontEnd.graphemes,
                sampleRate: preset.sampleRate, keepsSilence: preset.readsRecordedFeatures)
            self.init(
                id: clip.id, seconds: sound.duration, symbols: encoded.symbols,
                outline: SoundOutline(sound.samples, level: level), warnings: warnings)
        } catch {
            self.init(
                id: clip.id, seconds: 0, symbols: encoded.symbols, outline: .empty,
                warnings: [.unreadable(error.description)] + warnings)
        }
    }

    /// Silence of this many seconds at an end is more than an import leaves.
    private static let longestSilence = 0.3
    /// dB by which a clip may differ from the loudness of an import before anybody would notice it as odd.
    private static let levelSlack = 12.0

    private static func warnings(
        _ sound: Waveform, level: Double?, encoded: EncodedText, isPhonetic: Bool, sampleRate: Int, keepsSilence: Bool
    ) -> [ClipWarning] {
        var warnings = [ClipWarning]()
        if sound.sampleRate != sampleRate {
            warnings.append(.sampleRate(found: sound.sampleRate, wanted: sampleRate))
        }
        if sound.duration < ClipLimits.shortest { warnings.append(.tooShort(sound.duration)) }
        if sound.duration > ClipLimits.longest { warnings.append(.tooLong(sound.duration)) }
        guard let level else { return warnings + [.silent] }
        let clipped = Loudness.clippedShare(sound)
        if clipped > ClipLimits.clippedShare { warnings.append(.clipped(clipped)) }
        if !encoded.ids.isEmpty {
            let sounds = SpeechRate.soundCount(encoded, isPhonetic: isPhonetic)
            let rate = Double(sounds) / max(0.01, sound.duration)
            if !ClipLimits.speechRate.contains(rate) { warnings.append(.speechRate(rate)) }
        }
        if abs(level - ClipWarning.commonLevel) > levelSlack { warnings.append(.level(level)) }
        let sounding = SilenceTrimming().soundingRange(sound)
        let edges = [sounding.lowerBound, sound.samples.count - sounding.upperBound]
        let longest = Double(edges.max() ?? 0) / Double(sound.sampleRate)
        if longest > longestSilence, !keepsSilence { warnings.append(.silence(longest)) }
        return warnings
    }
}

extension RecordingDraft {
    /// Trims a recording and brings it to a voice's rate and loudness, or says why it cannot be used.
    init(_ whole: Waveform, saying text: String, by preparation: ClipPreparation) {
        switch preparation.prepare(whole, saying: text) {
        case .success(let clip):
            self.init(
                text: clip.text,
                sound: RecordedSound(samples: clip.waveform.samples, sampleRate: clip.waveform.sampleRate),
                outline: SoundOutline(clip.waveform.samples, level: Loudness.gated(whole)),
                warnings: clip.unknown.isEmpty ? [] : [.unknownCharacters(clip.unknown)])
        case .failure(let refusal):
            self.init(
                text: text, sound: RecordedSound(samples: whole.samples, sampleRate: whole.sampleRate),
                outline: SoundOutline(whole.samples, level: Loudness.gated(whole)),
                refusal: refusal.reason.description)
        }
    }
}
