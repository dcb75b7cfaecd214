import Audio
import Checkpoint
import Foundation
import Text
import VoiceModel

/// The voices on this machine's disk.
package struct LocalVoiceHome: VoiceHome {
    private let location: VoiceLocation
    private let sampleFolders: [URL]
    private let language: String

    package init(
        location: VoiceLocation = VoiceLocation(), sampleFolders: [URL] = LocalVoiceHome.standardSampleFolders,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.location = location
        self.sampleFolders = sampleFolders
        let name =
            [environment["LC_ALL"], environment["LC_MESSAGES"], environment["LANG"]]
            .compactMap { $0 }.first { !$0.isEmpty } ?? ""
        let stem = name.prefix { $0 != "." && $0 != "@" }.lowercased().replacingOccurrences(of: "_", with: "-")
        let known = ["en-gb": "en-gb", "fr-fr": "fr-fr", "zh-cn": "cmn", "zh-tw": "cmn"]
        language =
            known[stem]
            ?? (stem.hasPrefix("en") || stem.count < 2 || stem == "posix" ? "en-us" : String(stem.prefix(2)))
    }

    /// A folder `samples` in the working directory, above the executable, or where the program is installed.
    package static var standardSampleFolders: [URL] {
        var folders = [URL(fileURLWithPath: FileManager.default.currentDirectoryPath).appendingPathComponent("samples")]
        guard var folder = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent() else {
            return folders
        }
        folders.append(folder.deletingLastPathComponent().appendingPathComponent("share/reprise/samples"))
        // A build folder lies some levels below the sources.
        for _ in 0..<4 {
            folders.append(folder.appendingPathComponent("samples"))
            folder.deleteLastPathComponent()
        }
        return folders
    }

    // MARK: What there is

    package func offer() -> VoiceOffer {
        let found = sampleFolders.first { !voices(in: $0).isEmpty }
        let samples = found.map(voices) ?? []
        return VoiceOffer(
            voices: voices(in: location.home).sorted { ($0.date, $1.url.path) > ($1.date, $0.url.path) }.map(entry),
            samples: samples.sorted { $0.url.path > $1.url.path }.map(entry), unfinished: unfinished(),
            home: location.home.path, sampleFolders: sampleFolders.prefix(2).map(\.path), language: language)
    }

    private func voices(in folder: URL) -> [(url: URL, date: Date)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.compactMap { name in
            let url = folder.appendingPathComponent(name)
            guard FileManager.default.fileExists(atPath: url.appendingPathComponent("voice.toml").path) else {
                return nil
            }
            // HEAD is written with every save.
            let touched = Self.date(of: url.appendingPathComponent("checkpoints/HEAD")) ?? Self.date(of: url)
            return (url, touched ?? .distantPast)
        }
    }

    private static func date(of url: URL) -> Date? {
        (try? FileManager.default.attributesOfItem(atPath: url.path))?[.modificationDate] as? Date
    }

    private func entry(_ voice: (url: URL, date: Date)) -> VoiceOffer.Entry {
        let clips = Self.lineCount(voice.url.appendingPathComponent("metadata.csv"))
        var detail = "\(clips) clip\(clips == 1 ? "" : "s")"
        let store = try? CheckpointStore(directory: voice.url.appendingPathComponent("checkpoints"), access: .readOnly)
        if let head = try? store?.readHead() { detail += ", trained to step \(head.checkpoint.step)" }
        return VoiceOffer.Entry(name: voice.url.lastPathComponent, path: voice.url.path, detail: detail)
    }

    private static func lineCount(_ url: URL) -> Int {
        let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }.count
    }

    package func check(_ path: String) throws -> String {
        try Voice.open(path, location: location).directory.path
    }

    // MARK: Samples

    package func adopt(sample path: String) throws -> String {
        let source = URL(fileURLWithPath: path), destination = try location.place(source.lastPathComponent)
        if FileManager.default.fileExists(atPath: destination.path) { return try check(destination.path) }
        let folder = try ImportFolder(for: destination)
        defer { folder.discard() }
        for name in ["voice.toml", "metadata.csv"] { try folder.copy(source.appendingPathComponent(name), to: name) }
        for clip in try Voice(directory: source).allClips { try folder.copy(clip.url, to: "clips/\(clip.fileName)") }
        try folder.finish()
        return destination.path
    }

    // MARK: Folders

    package func completions(of path: String) -> [String] {
        let typed = path as NSString, isFolder = path.isEmpty || path.hasSuffix("/") || path == "~"
        let parent = isFolder ? path : typed.deletingLastPathComponent
        let start = isFolder ? "" : typed.lastPathComponent
        let expanded = (parent as NSString).expandingTildeInPath
        let folder = expanded.isEmpty ? FileManager.default.currentDirectoryPath : expanded
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let prefix = parent.isEmpty || parent.hasSuffix("/") ? parent : parent + "/"
        return names.filter { $0.hasPrefix(start) && (!$0.hasPrefix(".") || start.hasPrefix(".")) }.sorted()
            .compactMap { name in
                if VoiceLocation.isFolder(URL(fileURLWithPath: folder).appendingPathComponent(name)) {
                    return prefix + name + "/"
                }
                return name.hasSuffix(".list") || name == "metadata.csv" ? prefix + name : nil
            }
    }

    package func name(for path: String) -> String {
        var url = URL(fileURLWithPath: (path as NSString).expandingTildeInPath).standardizedFileURL
        if ["list", "csv"].contains(url.pathExtension.lowercased()) { url = url.deletingLastPathComponent() }
        let wanted = String(
            url.lastPathComponent.map { $0.isLetter || $0.isNumber || "-_".contains($0) ? $0 : "-" })
        let stem = wanted.isEmpty || wanted.hasPrefix("-") ? "voice" : wanted
        let taken = { FileManager.default.fileExists(atPath: location.home.appendingPathComponent($0).path) }
        if !taken(stem) { return stem }
        return (2...).lazy.map { "\(stem)-\($0)" }.first { !taken($0) } ?? stem
    }

    package func makeVoice(
        _ name: String, from path: String, progress: @escaping @Sendable (Int, Int, String) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws -> MadeVoice {
        let source = URL(fileURLWithPath: (path as NSString).expandingTildeInPath)
        return try makeVoice(.init(name: name, source: source), progress, isCancelled)
    }

    private func makeVoice(
        _ options: VoiceImporter.Options, _ progress: (Int, Int, String) -> Void, _ isCancelled: () -> Bool
    ) throws -> MadeVoice {
        let report = try VoiceImporter(options, location: location).run(
            progress: { progress($0.done, $0.total, $0.id) }, isCancelled: isCancelled)
        return MadeVoice(
            path: report.directory.path, report: report.text.components(separatedBy: "\n"),
            isWithoutRemarks: report.unused.isEmpty && report.notes.isEmpty)
    }

    // MARK: Recordings

    private static let recordingPrefix = ".recording-"

    private func recordingFolder(_ name: String) throws -> URL {
        let place = try location.place(name)
        guard !FileManager.default.fileExists(atPath: place.path) else {
            throw VoiceError.destinationExists(place.path)
        }
        return place.deletingLastPathComponent().appendingPathComponent(Self.recordingPrefix + place.lastPathComponent)
    }

    private func unfinished() -> [VoiceOffer.Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: location.home.path)) ?? []
        return names.filter { $0.hasPrefix(Self.recordingPrefix) }.sorted().compactMap { name in
            let url = location.home.appendingPathComponent(name)
            let clips = Self.lineCount(url.appendingPathComponent("metadata.csv"))
            guard clips > 0 else { return nil }
            return VoiceOffer.Entry(
                name: String(name.dropFirst(Self.recordingPrefix.count)), path: url.path,
                detail: "\(clips) clip\(clips == 1 ? "" : "s")")
        }
    }

    package func recordings(for name: String, language: String) throws -> any ClipLibrary {
        try RecordingFolder(recordingFolder(name), language: language)
    }

    package func makeVoice(
        ofRecordingsFor name: String, language: String, progress: @escaping @Sendable (Int, Int, String) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws -> MadeVoice {
        let folder = try recordingFolder(name)
        let made = try makeVoice(.init(name: name, source: folder, language: language), progress, isCancelled)
        // The voice is on the disk: what it was made of is not needed any more.
        try? FileManager.default.removeItem(at: folder)
        return made
    }
}
