import Audio
import Checkpoint
import Foundation
import Tensor
import Text
import VoiceModel

/// Takes a deeper look at checkpoints: has them speak the held-out clips' transcripts, always with the same random numbers
/// and the usual sampling, and measures what came out. Seconds a clip; belongs to the thread that uses it.
package final class CheckpointEvaluator {
    package struct Options: Sendable, Equatable {
        /// Held-out clips that are spoken at most, from the first one on.
        package var clips: Int
        package var seed: UInt64 = 1

        package init(clips: Int = 8) { self.clips = clips }
    }

    private let voice: Voice
    private let store: CheckpointStore
    private let options: Options
    private let recognizer: SpeechRecognizer?
    /// Takes how much is done, 0 ... 1; throws to end it.
    private typealias Progress = (Double) throws -> Void
    /// The held-out clips as the model reads them, without tokens.
    private var prepared: [PreparedClip]?
    /// What the recogniser made of the recordings.
    private var heardRecordings: CharacterErrors?
    private var likeness: SpeakerLikeness?

    /// - Throws: `TrainingError.withdrawn` where nothing may be spoken any more.
    package init(
        voice: Voice, store: CheckpointStore, options: Options = Options(),
        recognizer: SpeechRecognizer? = SpeechRecognizer()
    ) throws {
        try VoiceConsent.require(voice)
        self.voice = voice
        self.store = store
        self.options = options
        self.recognizer = recognizer
    }

    private var spokenClips: [Voice.Clip] { Array(voice.heldOut.prefix(max(1, options.clips))) }

    /// Names what the figures depend on beside the checkpoint.
    private var basis: String {
        let texts = voice.heldOut.map { "\($0.id)|\($0.text)|\($0.phonemes ?? "")" }
        return Digest(of: (texts + ["\(spokenClips.count)", "\(options.seed)"]).joined(separator: "\n")).description
    }

    /// Measures one checkpoint.
    ///
    /// - Parameter progress: told how much is done, 0 ... 1; false ends it with `CancellationError`.
    /// - Throws: `EvaluationError`, `CheckpointError`, `TrainingError`, `AudioFileError`, `CancellationError`.
    package func evaluate(
        _ id: CheckpointID, progress report: @escaping (Double) -> Bool = { _ in true }
    ) throws -> CheckpointEvaluation {
        func progress(_ share: Double) throws {
            if !report(min(1, share)) { throw CancellationError() }
        }
        guard !voice.heldOut.isEmpty else { throw EvaluationError.noHeldOutClips(voice: voice.name) }
        try progress(0)
        let loaded = try store.load(id)
        let synthesizer = try Synthesizer(WeightsImage(loaded), voice: voice)
        synthesizer.sampling = .init()
        try progress(0.05)
        let clips = try clips(tokenizer: Self.tokenizer(of: loaded, voice))
        let references = try Dictionary(
            uniqueKeysWithValues: Set(clips.map(\.speaker)).map {
                ($0, try ReferenceStyle.spectrum(of: nil, voice: voice, speaker: $0))
            })
        let means = try HeldOutFigures.measure(clips, synthesizer.sovits, synthesizer.prior, references: references) {
            try progress(0.05)
        }
        try progress(0.15)
        var result = CheckpointEvaluation(
            date: Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down)), clips: spokenClips.count,
            basis: basis)
        for figure in CheckpointFigure.allCases {
            if let value = figure.metric.flatMap({ means[$0] }) { result.figures[figure] = Double(value) }
        }
        let takes = try speak(synthesizer, references) { try progress(0.15 + 0.55 * $0) }
        try follow(takes, clips, synthesizer, references, into: &result) { try progress(0.72) }
        try progress(0.75)
        try compareSpeakers(takes, into: &result)
        try progress(0.8)
        try recognize(takes, into: &result) { try progress(0.8 + 0.2 * $0) }
        try progress(1)
        return result
    }

    // MARK: Material

    private static func tokenizer(of loaded: LoadedCheckpoint, _ voice: Voice) throws -> KMeansTokenizer? {
        voice.configuration.voice.preset.readsRecordedFeatures ? nil : try TrainingEngine.tokenizer(of: loaded.image)
    }

    /// All held-out clips, with a checkpoint's tokens.
    private func clips(tokenizer: KMeansTokenizer?) throws -> [PreparedClip] {
        var clips = try prepared ?? Dataset.prepare(voice.heldOut, of: voice)
        prepared = clips
        guard let tokenizer else { return clips }
        for index in clips.indices { clips[index].tokens = tokenizer.tokens(of: clips[index].spectrumTensor) }
        return clips
    }

    /// What the prior said to a transcript.
    private struct Spoken {
        var clip: Voice.Clip
        var sound: Waveform
        var sentences: [SpokenTokens]
    }

    private func speak(
        _ synthesizer: Synthesizer, _ references: [String: Tensor], _ progress: @escaping Progress
    ) throws -> [Spoken] {
        let all = spokenClips
        return try all.enumerated().map { index, clip in
            let expected = Double(try synthesizer.expectedTokens(clip.text))
            var sentences: [SpokenTokens] = [], isCancelled = false
            func tell(_ share: Double) -> Bool {
                do { try progress((Double(index) + min(0.99, share)) / Double(all.count)) } catch { isCancelled = true }
                return !isCancelled
            }
            guard let reference = references[clip.speaker] else {
                preconditionFailure("there is no reference for \(clip.speaker)")
            }
            let sound = try synthesizer.speak(clip.text, reference: reference, seed: options.seed) { count in
                tell(Double(count) / expected / 2)
            } onAudio: { _ in
                tell(0.5)
            } onTokens: {
                sentences.append($0)
            }
            try progress(Double(index + 1) / Double(all.count))
            return Spoken(clip: clip, sound: sound, sentences: sentences)
        }
    }

    // MARK: Figures

    /// Repeats and skips, by the heads that follow the text in the recordings.
    private func follow(
        _ takes: [Spoken], _ clips: [PreparedClip], _ synthesizer: Synthesizer, _ references: [String: Tensor],
        into result: inout CheckpointEvaluation, _ check: () throws -> Void
    ) throws {
        let (sovits, prior) = (synthesizer.sovits, synthesizer.prior)
        let styles = references.mapValues(sovits.speakerVector)
        func attention(
            _ text: [Int32], _ tokens: [Int], _ features: TextFeatures?, of speaker: String
        ) throws -> TextAttention {
            try check()
            guard let g = styles[speaker] else { preconditionFailure("there is no reference for \(speaker)") }
            return try prior.textAttention(
                text: text, tokens: tokens, speaker: g, codeTable: sovits.codeTable,
                bert: TextFeatures.batch([features]))
        }
        let spoken = Set(takes.map(\.clip.id)), recordings = clips.filter { spoken.contains($0.id) }
        let tokens = recordings.map { sovits.tokens(of: $0) }
        let usable = recordings.indices.filter {
            AlignmentGuide.isUsable(tokens: tokens[$0].count, symbols: recordings[$0].text.count)
        }
        let guide = try AlignmentGuide(recordings: usable.map { tokens[$0].count }) { index, order in
            let number = usable[index], clip = recordings[number]
            return try attention(
                clip.text, order.map { tokens[number][$0] }, clip.textFeatures, of: clip.speaker)
        }
        guard let guide else {
            for figure in [CheckpointFigure.repeats, .skips] {
                result.notes[figure] =
                    usable.isEmpty
                    ? "no held-out clip is long enough to see whether attention follows the text"
                    : "the prior's attention does not follow the text yet"
            }
            return
        }
        var slips = SpeechSlips(), control = SpeechSlips()
        for take in takes {
            for sentence in take.sentences where !sentence.tokens.isEmpty {
                let look = try attention(
                    sentence.symbols, sentence.tokens, sentence.textFeatures, of: take.clip.speaker)
                slips = slips + guide.slips(look)
            }
        }
        for (clip, tokens) in zip(recordings, tokens) {
            control = control + guide.slips(try attention(clip.text, tokens, clip.textFeatures, of: clip.speaker))
        }
        result.figures[.repeats] = Double(slips.repeats)
        result.figures[.skips] = Double(slips.skipped)
        result.recordings[.repeats] = Double(control.repeats)
        result.recordings[.skips] = Double(control.skipped)
        result.notes[.repeats] =
            "of \(guide.known) repeats and skips made in recordings, \(guide.found) are found by the prior's attention"
        result.notes[.skips] = "symbols passed over of \(slips.symbols)"
    }

    private func compareSpeakers(_ takes: [Spoken], into result: inout CheckpointEvaluation) throws {
        let judge = try likeness ?? SpeakerLikeness(voice)
        likeness = judge
        switch judge {
        case .unknown(let reason): result.notes[.similarity] = reason
        case .known(let encoder):
            result.figures[.similarity] = try encoder.mean(of: takes.map { ($0.sound, $0.clip.speaker) })
            result.recordings[.similarity] = try encoder.mean(
                of: takes.map { (try AudioFile.read($0.clip.url), $0.clip.speaker) })
            result.notes[.similarity] = encoder.remark
        }
    }

    private func recognize(
        _ takes: [Spoken], into result: inout CheckpointEvaluation, _ progress: Progress
    ) throws {
        guard voice.configuration.voice.language.hasPrefix("en") else {
            result.notes[.characterError] = "the recogniser knows English only"
            return
        }
        guard let recognizer else {
            result.notes[.characterError] = "no recogniser, \(SpeechRecognizer.program) is not installed"
            return
        }
        let usable = takes.filter { !CharacterErrors.hasDigits($0.clip.text) }
        guard !usable.isEmpty else {
            result.notes[.characterError] = "every transcript has figures, which a recogniser writes as words"
            return
        }
        var errors = CharacterErrors(), control = CharacterErrors(), done = 0
        let count = usable.count * (heardRecordings == nil ? 2 : 1)
        func hear(_ sound: Waveform, _ text: String, _ errors: inout CharacterErrors) throws {
            var isCancelled = false
            let heard = try recognizer.transcribe(sound) {
                do { try progress(Double(done) / Double(count)) } catch { isCancelled = true }
                return isCancelled
            }
            errors.add(text: text, heard: heard)
            done += 1
        }
        do {
            for take in usable { try hear(take.sound, take.clip.text, &errors) }
            if heardRecordings == nil {
                for take in usable { try hear(AudioFile.read(take.clip.url), take.clip.text, &control) }
                heardRecordings = control
            }
        } catch let error as RecognizerError {
            result.notes[.characterError] = "\(error)"
            return
        }
        result.figures[.characterError] = errors.rate
        result.recordings[.characterError] = heardRecordings?.rate
        if usable.count < takes.count {
            result.notes[.characterError] =
                "of \(usable.count) of \(takes.count) clips: the others' transcripts have figures, which a recogniser writes as words"
        }
    }
}
