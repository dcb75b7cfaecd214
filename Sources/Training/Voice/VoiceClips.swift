import Audio
import Foundation
import Text
import VoiceModel

/// The clips of a voice's folder. Every call reads the folder as it is now, so that what others changed is seen.
package actor VoiceClips: ClipLibrary {
    private let directory: URL
    private var frontEnd: TextFrontEnd?
    private var knownSymbols: [String]?

    package init(directory: URL) { self.directory = directory }

    // MARK: Reading

    package func listing() throws -> ClipListing {
        let voice = try Voice(directory: directory)
        let (used, heldOut) = (Set(voice.clips.map(\.id)), Set(voice.configuration.data.heldOut))
        let entries = voice.allClips.map { clip in
            ClipListing.Entry(
                id: clip.id, text: clip.text, path: clip.url.path, ownPhonemes: clip.phonemes,
                isExcluded: !used.contains(clip.id), isHeldOut: heldOut.contains(clip.id))
        }
        let language = voice.configuration.voice.language
        return ClipListing(
            entries: entries, language: language, symbols: try symbols(of: voice),
            prompts: PromptSentences.sentences(language: language))
    }

    package func inspect(_ id: String) -> ClipInspection {
        do {
            let voice = try voice()
            guard let clip = voice.allClips.first(where: { $0.id == id }) else { throw Self.missing(id) }
            return try ClipInspection(clip, of: voice, frontEnd: frontEnd(of: voice))
        } catch {
            return ClipInspection(
                id: id, seconds: 0, symbols: [], outline: .empty, warnings: [.unreadable("\(error)")])
        }
    }

    /// The folder read last; the listing or a change reads it anew.
    private var current: Voice?

    private func voice() throws -> Voice {
        if let current { return current }
        let voice = try Voice(directory: directory)
        current = voice
        return voice
    }

    private func frontEnd(of voice: Voice) throws -> TextFrontEnd {
        if let frontEnd { return frontEnd }
        let made = try voice.textFrontEnd()
        frontEnd = made
        return made
    }

    /// The symbols of the language: those of the prompts and of numerals, or a grapheme voice's letters.
    private func symbols(of voice: Voice) throws -> [String] {
        if let knownSymbols { return knownSymbols }
        let frontEnd = try frontEnd(of: voice)
        let found = PromptSentences.symbols(of: frontEnd)
        knownSymbols = found
        return found
    }

    private static func missing(_ id: String) -> VoiceError {
        .unusableClip(id: id, problem: "it is not in metadata.csv any more")
    }

    // MARK: Changing

    package func setExcluded(_ id: String, _ isExcluded: Bool) throws {
        let (voice, _) = try clip(id)
        if isExcluded {
            let heldOut = Set(voice.configuration.data.heldOut)
            guard voice.trainingClips.contains(where: { $0.id != id }) || heldOut.contains(id) else {
                throw VoiceError.unusableClip(id: id, problem: "it is the last clip to train on and has to stay")
            }
        }
        var overrides = try ClipOverrides(directory: directory)
        if isExcluded { overrides.excluded.insert(id) } else { overrides.excluded.remove(id) }
        try overrides.writeExcluded(to: directory)
        current = nil
    }

    package func setTranscript(_ id: String, _ text: String) throws {
        let (voice, _) = try clip(id)
        let line = ClipPreparation.line(text)
        guard !line.isEmpty else {
            throw VoiceError.unusableClip(id: id, problem: "its transcript cannot be empty; exclude it instead")
        }
        _ = try frontEnd(of: voice).encode(line)
        try editMetadata { transcripts, lines in
            guard let entry = transcripts.entries.first(where: { $0.id == id }) else { throw Self.missing(id) }
            lines[entry.line - 1] = "\(entry.recording)|\(line)"
        }
    }

    package func setPhonemes(_ id: String, _ phonemes: String?) throws {
        let (voice, found) = try clip(id)
        var overrides = try ClipOverrides(directory: directory)
        let written = ClipPreparation.line(phonemes ?? "")
        if written.isEmpty {
            overrides.phonemes[id] = nil
        } else {
            var clip = found
            clip.phonemes = written
            let encoded = try clip.encoded(by: frontEnd(of: voice))
            guard encoded.unknown.isEmpty else {
                let names = encoded.unknown.map { "\"\($0)\"" }.joined(separator: ", ")
                throw VoiceError.unusableClip(id: id, problem: "there is no symbol \(names); write the others only")
            }
            overrides.phonemes[id] = written
        }
        try overrides.writePhonemes(to: directory)
        current = nil
    }

    private func clip(_ id: String) throws -> (Voice, Voice.Clip) {
        let voice = try Voice(directory: directory)
        guard let clip = voice.allClips.first(where: { $0.id == id }) else { throw Self.missing(id) }
        return (voice, clip)
    }

    /// Changes lines of metadata.csv and leaves all others as they are.
    private func editMetadata(_ change: (TranscriptFile, inout [String]) throws -> Void) throws {
        let url = directory.appendingPathComponent("metadata.csv")
        let transcripts = try TranscriptFile(url, layout: .ljSpeech)
        var lines = transcripts.lines
        try change(transcripts, &lines)
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        try DurableFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: url)
        current = nil
    }

    // MARK: Recording

    package func prepare(_ recording: RecordedSound, saying text: String) -> RecordingDraft {
        let whole = Waveform(samples: recording.samples, sampleRate: recording.sampleRate)
        do {
            let voice = try voice()
            let preset = voice.configuration.voice.preset
            guard !preset.readsRecordedFeatures else {
                throw VoiceError.unusableClip(
                    id: voice.name,
                    problem: "preset \(preset.rawValue) reads recorded features, which a microphone "
                        + "does not give")
            }
            return RecordingDraft(
                whole, saying: text,
                by: ClipPreparation(frontEnd: try frontEnd(of: voice), sampleRate: preset.sampleRate))
        } catch {
            return RecordingDraft(
                text: text, sound: recording,
                outline: SoundOutline(recording.samples, level: Loudness.gated(whole)), refusal: "\(error)")
        }
    }

    package func add(_ draft: RecordingDraft) throws -> String {
        if let refusal = draft.refusal { throw VoiceError.unusableClip(id: "recorded", problem: refusal) }
        let voice = try Voice(directory: directory)
        let taken = Set(voice.allClips.map(\.id))
        var number = 1
        func name() -> String { String(format: "recorded_%04d", number) }
        func file() -> URL { directory.appendingPathComponent("clips/\(name()).flac") }
        // A file that no line names is somebody's all the same.
        while taken.contains(name()) || FileManager.default.fileExists(atPath: file().path) { number += 1 }
        try AudioFile.write(Waveform(samples: draft.sound.samples, sampleRate: draft.sound.sampleRate), to: file())
        // The line comes last: a power cut before it leaves a file that nothing names.
        try editMetadata { _, lines in
            while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
            lines.append("\(name())|\(draft.text)")
        }
        return name()
    }
}
