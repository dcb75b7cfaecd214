import Checkpoint
import Foundation
import Text

/// An opened voice folder: its configuration and its clips. Nothing here is written to.
package struct Voice: Sendable, Equatable {
    /// One recording with its text.
    package struct Clip: Sendable, Codable, Equatable, Identifiable {
        package var id: String
        package var text: String
        /// What is said, in the voice's symbols, where the user wrote that instead of leaving it to the text.
        package var phonemes: String?
        /// Who speaks, in a voice of several speakers; empty otherwise.
        package var speaker = ""
        /// Inside clips/.
        package var fileName: String
        package var url: URL
    }

    package let directory: URL
    package let configuration: VoiceConfiguration
    /// Every clip of metadata.csv, in its order.
    package let allClips: [Clip]
    /// The clips that are used: all but the excluded ones.
    package let clips: [Clip]

    /// Whose clips are used, by name; one without a name where nobody said who speaks.
    package let speakers: [String]
    /// Those that never train: they measure how well speakers are told apart.
    package let heldOutSpeakers: Set<String>

    /// Clips that only measure the voice.
    package var heldOut: [Clip] {
        let ids = Set(configuration.data.heldOut)
        return clips.filter { ids.contains($0.id) && !heldOutSpeakers.contains($0.speaker) }
    }

    /// Clips that train the voice; never empty.
    package var trainingClips: [Clip] {
        let ids = Set(configuration.data.heldOut)
        return clips.filter { !ids.contains($0.id) && !heldOutSpeakers.contains($0.speaker) }
    }

    package var checkpointDirectory: URL { directory.appendingPathComponent("checkpoints") }
    /// Recorded features of a clip, which preset v2 reads: features/ID.safetensors.
    package func features(of clip: Clip) -> URL {
        directory.appendingPathComponent("features").appendingPathComponent("\(clip.id).safetensors")
    }

    package var takesDirectory: URL { directory.appendingPathComponent("takes") }
    package var journalURL: URL { directory.appendingPathComponent("journal.sqlite") }

    /// Opens a voice by path or name.
    /// - Throws: `VoiceError`.
    package static func open(_ reference: String, location: VoiceLocation = VoiceLocation()) throws -> Voice {
        try Voice(directory: location.find(reference))
    }

    /// How a voice wants to be shown and heard: of all it has, only voice.toml is read.
    /// - Throws: `VoiceError`.
    package static func studioSettings(
        of reference: String, location: VoiceLocation = VoiceLocation()
    ) throws -> VoiceConfiguration.Studio {
        let file = try location.find(reference).appendingPathComponent("voice.toml")
        return try VoiceConfiguration(toml: text(of: file), file: file.path).studio
    }

    /// - Throws: `VoiceError`: whatever is wrong with voice.toml, metadata.csv or the clips, in one sentence.
    package init(directory: URL) throws {
        self.directory = directory
        let configurationURL = directory.appendingPathComponent("voice.toml")
        let metadataURL = directory.appendingPathComponent("metadata.csv")
        guard FileManager.default.fileExists(atPath: configurationURL.path) else {
            throw VoiceError.notAVoice(folder: directory.path)
        }
        configuration = try VoiceConfiguration(
            toml: Self.text(of: configurationURL), file: configurationURL.path)
        let overrides = try ClipOverrides(directory: directory)
        allClips = try Self.readClips(
            metadataURL, folder: directory.appendingPathComponent("clips"), phonemes: overrides.phonemes,
            speakers: VoiceSpeakers.read(directory))
        clips = allClips.filter { !overrides.excluded.contains($0.id) }
        speakers = Set(clips.map(\.speaker)).sorted()
        heldOutSpeakers = VoiceSpeakers.heldOut(of: speakers, share: configuration.data.heldOutSpeakers)
        let ids = Set(allClips.map(\.id))
        if let stranger = configuration.data.heldOut.first(where: { !ids.contains($0) }) {
            throw VoiceError.unknownHeldOut(id: stranger, file: configurationURL.path)
        }
        guard ids.count > configuration.data.heldOut.count else {
            throw VoiceError.configuration(
                file: configurationURL.path, problem: "[data] held_out names every clip; leave at least one to train on"
            )
        }
        guard !trainingClips.isEmpty else {
            throw VoiceError.everythingExcluded(file: directory.appendingPathComponent(ClipOverrides.excludedName).path)
        }
    }

    /// The text front end that this voice's configuration asks for.
    /// - Throws: `TextError`.
    package func textFrontEnd() throws -> TextFrontEnd {
        try TextFrontEnd(language: configuration.voice.language, symbols: configuration.voice.symbols)
    }

    /// A hash of all that training data is made of: transcripts, phonemes, the bytes of the clips that are used, language,
    /// symbols, sample rate, who speaks and which clips and speakers are held out. Equal fingerprints mean equal data, wherever the folder stands.
    /// - Throws: `VoiceError.unreadable`.
    package func fingerprint() throws -> String {
        var lines = [
            "reprise-data-1", configuration.voice.language, configuration.voice.symbols,
            "\(configuration.voice.preset.sampleRate)", configuration.data.heldOut.sorted().joined(separator: "|"),
        ]
        // A voice without a BERT counts as it always did.
        if let bert = BertReader(self) { lines.append("bert \(bert.identity(clips: clips))") }
        // So does one of few speakers.
        if !heldOutSpeakers.isEmpty {
            lines.append("held-out speakers \(heldOutSpeakers.sorted().joined(separator: "|"))")
        }
        let hasFeatures = configuration.voice.preset.readsRecordedFeatures
        for clip in clips {
            let files = [clip.url] + (hasFeatures ? [features(of: clip)] : [])
            let digests = try files.map { Digest(of: try Self.bytes(of: $0)).description }
            // A clip without phonemes of its own, or a speaker, counts as it always did.
            let phonemes = clip.phonemes.map { "|phonemes \($0)" } ?? ""
            let speaker = clip.speaker.isEmpty ? "" : "|speaker \(clip.speaker)"
            lines.append("\(clip.id)|\(clip.text)|\(digests.joined(separator: "|"))\(phonemes)\(speaker)")
        }
        return Digest(of: lines.joined(separator: "\n")).description
    }

    private static func bytes(of url: URL) throws -> [UInt8] {
        do {
            return [UInt8](try Foundation.Data(contentsOf: url, options: .mappedIfSafe))
        } catch {
            throw VoiceError.unreadable(file: url.path, reason: TranscriptFile.reason(of: error))
        }
    }

    private static func text(of url: URL) throws -> String {
        do {
            return try String(contentsOf: url, encoding: .utf8)
        } catch {
            throw VoiceError.unreadable(file: url.path, reason: TranscriptFile.reason(of: error))
        }
    }

    private static func readClips(
        _ metadata: URL, folder: URL, phonemes: [String: String], speakers: [String: String]
    ) throws -> [Clip] {
        let transcripts = try TranscriptFile(metadata, layout: .ljSpeech)
        if let first = transcripts.malformed.first {
            throw VoiceError.malformedTranscript(file: metadata.path, line: first.line, problem: first.problem)
        }
        let recordings = RecordingIndex(folders: [folder])
        var seen: Set<String> = []
        var clips: [Clip] = []
        for entry in transcripts.entries {
            guard seen.insert(entry.id).inserted else {
                throw VoiceError.duplicateClip(id: entry.id, file: metadata.path, line: entry.line)
            }
            guard !entry.text.isEmpty else {
                throw VoiceError.malformedTranscript(
                    file: metadata.path, line: entry.line, problem: "\"\(entry.id)\" has no text; write what is said")
            }
            guard let url = recordings.find(entry.recording) else {
                throw VoiceError.missingClip(id: entry.id, file: metadata.path, line: entry.line)
            }
            clips.append(
                Clip(
                    id: entry.id, text: entry.text, phonemes: phonemes[entry.id], speaker: speakers[entry.id] ?? "",
                    fileName: url.lastPathComponent, url: url))
        }
        guard !clips.isEmpty else {
            throw VoiceError.malformedTranscript(file: metadata.path, line: 1, problem: "the file names no clip")
        }
        return clips
    }
}

/// The sound files of a few folders, by name and by stem; earlier folders win.
struct RecordingIndex {
    private var byName: [String: URL] = [:]
    private var byStem: [String: URL] = [:]

    init(folders: [URL]) {
        for folder in folders {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            // Sorted, so that the choice does not depend on the file system's order.
            for name in names.sorted() where !name.hasPrefix(".") && Self.isSound(name) {
                let url = folder.appendingPathComponent(name)
                byName[Self.key(name)] = byName[Self.key(name)] ?? url
                let stem = Self.key(TranscriptEntry.stem(of: name))
                byStem[stem] = byStem[stem] ?? url
            }
        }
    }

    /// The file an entry of metadata.csv means: its exact name, else any sound file of that stem.
    func find(_ recording: String) -> URL? {
        byName[Self.key(TranscriptEntry.fileName(of: recording))]
            ?? byStem[Self.key(TranscriptEntry.stem(of: recording))]
    }

    /// Names typed on one system and stored by another may differ in Unicode composition only.
    private static func key(_ name: String) -> String { name.precomposedStringWithCanonicalMapping }

    private static func isSound(_ name: String) -> Bool {
        guard let point = name.lastIndex(of: ".") else { return false }
        return TranscriptEntry.soundExtensions.contains(name[name.index(after: point)...].lowercased())
    }
}
