import Audio
import Foundation
import Text

/// Makes one recording ready to train on, or says why it is not.
struct ClipPreparation: Sendable {
    struct Clip: Sendable {
        var text: String
        /// Mono, trimmed (unless `keepsSilence`), at the preset's rate and the common loudness.
        var waveform: Waveform
        /// Characters of the text that the voice has no symbol for.
        var unknown: [Character]
    }

    struct Refusal: Error {
        var reason: ImportReport.Reason
        init(_ reason: ImportReport.Reason) { self.reason = reason }
    }

    let frontEnd: TextFrontEnd
    let sampleRate: Int
    /// True where recorded features belong to the whole recording: trimming would shift them.
    var keepsSilence = false

    func prepare(_ item: ImportSource.Item) -> Result<Clip, Refusal> {
        do throws(Refusal) {
            let text = Self.line(item.text)
            guard !text.isEmpty else { throw Refusal(.emptyTranscript) }
            guard let url = item.url else { throw Refusal(.missing) }
            return .success(try clip(text, encoded: try encode(text), whole: try read(url)))
        } catch {
            return .failure(error)
        }
    }

    /// The same for a sound that is not a file yet.
    func prepare(_ sound: Waveform, saying spoken: String) -> Result<Clip, Refusal> {
        do throws(Refusal) {
            let text = Self.line(spoken)
            guard !text.isEmpty else { throw Refusal(.emptyTranscript) }
            return .success(try clip(text, encoded: try encode(text), whole: try Self.audible(sound)))
        } catch {
            return .failure(error)
        }
    }

    /// A text as one field of one line of metadata.csv, whatever stood in the source.
    static func line(_ text: String) -> String {
        text.replacingOccurrences(of: "|", with: " ").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private func clip(_ text: String, encoded: EncodedText, whole: Waveform) throws(Refusal) -> Clip {
        let trimmed = keepsSilence ? whole : SilenceTrimming()(whole)
        guard trimmed.duration >= ClipLimits.shortest else { throw Refusal(.tooShort(trimmed.duration)) }
        guard trimmed.duration <= ClipLimits.longest else { throw Refusal(.tooLong(trimmed.duration)) }
        let isPhonetic = frontEnd.language != TextFrontEnd.graphemes
        let rate = Double(SpeechRate.soundCount(encoded, isPhonetic: isPhonetic)) / trimmed.duration
        guard ClipLimits.speechRate.contains(rate) else { throw Refusal(.speechRate(rate)) }
        do {
            let resampled = try Resampler().resample(trimmed, to: sampleRate)
            return Clip(text: text, waveform: Loudness.normalized(resampled).waveform, unknown: encoded.unknown)
        } catch {
            throw Refusal(.unreadable(error.description))
        }
    }

    private func encode(_ text: String) throws(Refusal) -> EncodedText {
        do {
            return try frontEnd.encode(text)
        } catch TextError.emptyText {
            throw Refusal(.emptyTranscript)
        } catch {
            throw Refusal(.unsayable("\(error)"))
        }
    }

    private static func reason(of error: AudioFileError) -> ImportReport.Reason {
        if case .tooLong(_, let duration, _) = error { return .tooLong(duration) }
        return .unreadable(error.description)
    }

    /// Sound that is whole, audible and not clipped.
    private func read(_ url: URL) throws(Refusal) -> Waveform {
        let waveform: Waveform
        do {
            // Ten minutes: enough to trim, little enough for any memory.
            waveform = try AudioFile.read(url, maximumDuration: 600)
        } catch {
            throw Refusal(Self.reason(of: error))
        }
        return try Self.audible(waveform)
    }

    private static func audible(_ waveform: Waveform) throws(Refusal) -> Waveform {
        guard !Loudness.isSilent(waveform) else { throw Refusal(.silent) }
        let clipped = Loudness.clippedShare(waveform)
        guard clipped <= ClipLimits.clippedShare else { throw Refusal(.clipped(clipped)) }
        return waveform
    }
}
