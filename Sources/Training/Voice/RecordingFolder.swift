import Audio
import Foundation
import Text
import VoiceModel

/// Clips that are recorded for a voice that is not made yet: a folder with metadata.csv and clips/, as an import reads it.
/// Every clip that was kept is on the disk, so that recording can go on another day.
actor RecordingFolder: ClipLibrary {
    private let directory: URL
    private let frontEnd: TextFrontEnd

    /// - Throws: `TextError` for a language that espeak-ng lacks.
    init(_ directory: URL, language: String) throws {
        self.directory = directory
        guard language != TextFrontEnd.graphemes else { throw TextError.missingSymbols }
        frontEnd = try TextFrontEnd(language: language)
    }

    private var metadata: URL { directory.appendingPathComponent("metadata.csv") }

    private func entries() throws -> [TranscriptEntry] {
        guard FileManager.default.fileExists(atPath: metadata.path) else { return [] }
        return try TranscriptFile(metadata, layout: .ljSpeech).entries
    }

    private func url(_ id: String) -> URL { directory.appendingPathComponent("clips/\(id).flac") }

    func listing() throws -> ClipListing {
        ClipListing(
            entries: try entries().map { .init(id: $0.id, text: $0.text, path: url($0.id).path) },
            language: frontEnd.language, symbols: PromptSentences.symbols(of: frontEnd),
            prompts: PromptSentences.sentences(language: frontEnd.language))
    }

    func prepare(_ recording: RecordedSound, saying text: String) -> RecordingDraft {
        RecordingDraft(
            Waveform(samples: recording.samples, sampleRate: recording.sampleRate), saying: text,
            by: ClipPreparation(frontEnd: frontEnd, sampleRate: ModelPreset.nano.sampleRate))
    }

    func add(_ draft: RecordingDraft) throws -> String {
        if let refusal = draft.refusal { throw VoiceError.unusableClip(id: "recorded", problem: refusal) }
        do {
            try FileManager.default.createDirectory(
                at: directory.appendingPathComponent("clips"), withIntermediateDirectories: true)
        } catch {
            throw VoiceError.cannotWrite(path: directory.path, reason: TranscriptFile.reason(of: error))
        }
        let known = try entries()
        let taken = Set(known.map(\.id))
        var number = known.count + 1
        while taken.contains(String(format: "recorded_%04d", number)) { number += 1 }
        let id = String(format: "recorded_%04d", number)
        try AudioFile.write(Waveform(samples: draft.sound.samples, sampleRate: draft.sound.sampleRate), to: url(id))
        let lines = known.map { "\($0.recording)|\($0.text)\n" } + ["\(id)|\(draft.text)\n"]
        try DurableFile.write(Array(lines.joined().utf8), to: metadata)
        return id
    }

    // The welcome screen only records; what was kept is changed once it is a voice.

    func inspect(_ id: String) -> ClipInspection {
        ClipInspection(id: id, seconds: 0, symbols: [], outline: .empty, warnings: [])
    }
    func setExcluded(_ id: String, _ isExcluded: Bool) throws { throw Self.notYet(id) }
    func setTranscript(_ id: String, _ text: String) throws { throw Self.notYet(id) }
    func setPhonemes(_ id: String, _ phonemes: String?) throws { throw Self.notYet(id) }

    private static func notYet(_ id: String) -> VoiceError {
        .unusableClip(id: id, problem: "it can be changed once the voice is made")
    }
}
