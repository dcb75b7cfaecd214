import Foundation

/// A folder of recordings with transcripts, as an import finds it. Only read.
struct ImportSource: Sendable {
    struct Item: Sendable {
        var id: String
        var text: String
        /// As a .list names it; empty otherwise.
        var speaker = ""
        /// nil when there is no such recording.
        var url: URL?
        /// Recorded features beside the recording, under its name.
        var features: URL? { url.map { $0.deletingPathExtension().appendingPathExtension("safetensors") } }
    }

    private(set) var items: [Item] = []
    private(set) var unused: [ImportReport.Unused] = []
    private(set) var notes: [String] = []
    /// The language most lines of a .list name, as espeak-ng calls it.
    private(set) var language: String?

    /// - Parameter url: a folder, or the metadata.csv or .list itself.
    /// - Throws: `VoiceError.unreadable`, `.noTranscripts`.
    init(_ url: URL) throws {
        for file in try Self.transcripts(at: url) { read(file) }
    }

    private static func transcripts(at url: URL) throws -> [TranscriptFile] {
        guard VoiceLocation.isFolder(url) else {
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw VoiceError.unreadable(file: url.path, reason: "there is no such folder")
            }
            return [try TranscriptFile(url, layout: url.pathExtension.lowercased() == "list" ? .list : .ljSpeech)]
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
        } catch {
            throw VoiceError.unreadable(file: url.path, reason: TranscriptFile.reason(of: error))
        }
        if names.contains("metadata.csv") {
            return [try TranscriptFile(url.appendingPathComponent("metadata.csv"), layout: .ljSpeech)]
        }
        let lists = names.filter { $0.lowercased().hasSuffix(".list") && !$0.hasPrefix(".") }
        guard !lists.isEmpty else { throw VoiceError.noTranscripts(folder: url.path) }
        return try lists.map { try TranscriptFile(url.appendingPathComponent($0), layout: .list) }
    }

    private mutating func read(_ file: TranscriptFile) {
        let folder = file.url.deletingLastPathComponent()
        let index = RecordingIndex(
            folders: [folder] + ["wavs", "wav", "clips", "audio"].map { folder.appendingPathComponent($0) })
        unused += file.malformed.map {
            .init(id: "\(file.url.lastPathComponent), line \($0.line)", reason: .malformedLine($0.problem))
        }
        var taken = Set(items.map(\.id))
        var places: [String: Set<String>] = [:]
        for entry in file.entries {
            let url = Self.recording(entry, folder: folder, index: index)
            let place = url?.path ?? entry.recording
            var id = Self.fileSafe(entry.id)
            if places[id]?.contains(place) == true {
                unused.append(.init(id: "\(id), line \(entry.line)", reason: .duplicate))
                continue
            }
            places[id, default: []].insert(place)
            // Two folders of one list may use the same names.
            var number = 2
            while !taken.insert(id).inserted {
                id = "\(Self.fileSafe(entry.id))_\(number)"
                number += 1
            }
            items.append(Item(id: id, text: entry.text, speaker: entry.speaker, url: url))
        }
        describe(file.entries, list: file.url.lastPathComponent)
    }

    private static func recording(_ entry: TranscriptEntry, folder: URL, index: RecordingIndex) -> URL? {
        let path = entry.recording.replacingOccurrences(of: "\\", with: "/")
        if path.contains("/") || path.contains(".") {
            let url = path.hasPrefix("/") ? URL(fileURLWithPath: path) : folder.appendingPathComponent(path)
            if FileManager.default.fileExists(atPath: url.path), !VoiceLocation.isFolder(url) { return url }
        }
        // Lists keep the paths of the machine they were made on.
        return index.find(entry.recording)
    }

    private mutating func describe(_ entries: [TranscriptEntry], list: String) {
        let speakers = Set(entries.map(\.speaker)).subtracting([""])
        if speakers.count > 1 {
            notes.append(
                "\(list) names \(speakers.count) speakers (\(speakers.sorted().prefix(5).joined(separator: ", "))"
                    + "\(speakers.count > 5 ? ", …" : "")); each clip keeps its own.")
        }
        let counts = Dictionary(grouping: entries.map(\.language).filter { !$0.isEmpty }) { $0 }.mapValues(\.count)
        let common = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        let names = ["zh": "cmn", "en": "en-us", "all_zh": "cmn", "all_ja": "ja", "all_ko": "ko", "all_yue": "yue"]
        language = language ?? common.map { names[$0] ?? $0 }
    }

    /// An id that can be a file name.
    private static func fileSafe(_ id: String) -> String {
        let safe = String(
            String.UnicodeScalarView(
                id.unicodeScalars.map { scalar in
                    scalar.properties.generalCategory == .control || scalar == "/" || scalar == "|" ? "_" : scalar
                }))
        return safe.hasPrefix(".") ? "_" + safe.dropFirst() : safe
    }
}
