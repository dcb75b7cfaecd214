import Foundation

/// One line of a transcript file.
package struct TranscriptEntry: Sendable, Equatable {
    /// As written: an id, a file name or a path.
    package var recording: String
    package var text: String
    /// GPT-SoVITS lists name them; empty otherwise.
    package var speaker = ""
    package var language = ""
    /// From 1.
    package var line: Int

    /// The recording's name without folders and extension: what a clip is called.
    package var id: String { Self.stem(of: recording) }

    /// Windows paths come with lists made there.
    package static func fileName(of path: String) -> String {
        String(path.replacingOccurrences(of: "\\", with: "/").split(separator: "/").last ?? "")
    }

    package static func stem(of path: String) -> String {
        let name = fileName(of: path)
        guard let point = name.lastIndex(of: "."), point != name.startIndex else { return name }
        let suffix = name[name.index(after: point)...].lowercased()
        // "take.1" is a name, "take.wav" a file.
        return soundExtensions.contains(suffix) ? String(name[..<point]) : name
    }

    /// What libsndfile reads and people record.
    package static let soundExtensions: Set<String> = [
        "wav", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "aifc", "au", "snd", "caf", "w64", "rf64", "wv",
        "voc",
    ]
}

/// LJSpeech's metadata.csv and GPT-SoVITS's .list.
package struct TranscriptFile: Sendable {
    package enum Layout: Sendable {
        /// id|text or id|text|normalised
        case ljSpeech
        /// path|speaker|language|text
        case list
    }

    package struct MalformedLine: Sendable, Equatable {
        package var line: Int
        package var problem: String
    }

    package let url: URL
    package let layout: Layout
    package private(set) var entries: [TranscriptEntry] = []
    package private(set) var malformed: [MalformedLine] = []
    /// The file as it stands, line by line, understood or not.
    package private(set) var lines: [String] = []

    /// - Throws: `VoiceError.unreadable`; lines that are not understood are kept in `malformed`.
    package init(_ url: URL, layout: Layout) throws {
        self.url = url
        self.layout = layout
        let bytes: Foundation.Data
        do {
            bytes = try Foundation.Data(contentsOf: url)
        } catch {
            throw VoiceError.unreadable(file: url.path, reason: Self.reason(of: error))
        }
        guard let text = String(data: bytes, encoding: .utf8) else {
            throw VoiceError.unreadable(file: url.path, reason: "it is not UTF-8 text; save it as UTF-8")
        }
        let lines = text.replacingOccurrences(of: "\u{FEFF}", with: "")
            .split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        self.lines = lines.map(String.init)
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            parse(line, number: index + 1)
        }
    }

    private mutating func parse(_ line: Substring, number: Int) {
        let mostFields = layout == .list ? 4 : Int.max
        let fields = line.split(separator: "|", maxSplits: mostFields - 1, omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        switch layout {
        case .ljSpeech where fields.count == 2 || fields.count == 3:
            let normalised = fields.count == 3 && !fields[2].isEmpty
            add(TranscriptEntry(recording: fields[0], text: normalised ? fields[2] : fields[1], line: number))
        case .list where fields.count == 4:
            add(
                TranscriptEntry(
                    recording: fields[0], text: fields[3], speaker: fields[1], language: fields[2].lowercased(),
                    line: number))
        default:
            let found = "\(fields.count) \(fields.count == 1 ? "field" : "fields")"
            let expected = layout == .list ? "path|speaker|language|text" : "id|text"
            malformed.append(MalformedLine(line: number, problem: "it has \(found), where \(expected) is expected"))
        }
    }

    private mutating func add(_ entry: TranscriptEntry) {
        guard !entry.id.isEmpty, entry.id != ".", entry.id != ".." else {
            malformed.append(MalformedLine(line: entry.line, problem: "it names no recording"))
            return
        }
        entries.append(entry)
    }

    /// The system's words for a Foundation error, without its path.
    static func reason(of error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        if let underlying, underlying.domain == NSPOSIXErrorDomain {
            return String(cString: strerror(Int32(underlying.code))).lowercased()
        }
        let text = (error as NSError).localizedDescription
        return text.prefix(1).lowercased() + text.dropFirst().prefix { $0 != "\n" && $0 != "." }
    }
}
