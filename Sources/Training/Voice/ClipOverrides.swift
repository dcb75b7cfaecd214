import Audio
import Foundation
import Text

/// What the user decided about single clips, beside what metadata.csv and voice.toml say: phonemes.csv (id|phonemes) holds
/// what is said in place of what the text would give, excluded.txt the ids (one a line) that are not used at all.
///
/// Both files may be missing, and may name clips that are no longer there.
package struct ClipOverrides: Sendable, Equatable {
    package static let phonemesName = "phonemes.csv", excludedName = "excluded.txt"

    package var phonemes: [String: String] = [:]
    package var excluded: Set<String> = []

    /// - Throws: `VoiceError.unreadable`, `.malformedTranscript`.
    package init(directory: URL) throws {
        for (number, line) in try Self.lines(directory.appendingPathComponent(Self.phonemesName)) {
            let fields = line.split(separator: "|", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard fields.count == 2, !fields[1].isEmpty else {
                throw VoiceError.malformedTranscript(
                    file: directory.appendingPathComponent(Self.phonemesName).path, line: number,
                    problem: "id|phonemes is expected")
            }
            phonemes[fields[0]] = fields[1]
        }
        for (_, line) in try Self.lines(directory.appendingPathComponent(Self.excludedName)) {
            excluded.insert(line.trimmingCharacters(in: .whitespaces))
        }
    }

    /// Numbered from 1, without empty ones; none when there is no such file.
    static func lines(_ url: URL) throws -> [(Int, Substring)] {
        guard FileManager.default.fileExists(atPath: url.path) else { return [] }
        let text: String
        do {
            text = try String(contentsOf: url, encoding: .utf8)
        } catch {
            throw VoiceError.unreadable(file: url.path, reason: TranscriptFile.reason(of: error))
        }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            .filter { !$0.element.allSatisfy(\.isWhitespace) }.map { ($0.offset + 1, $0.element) }
    }

    /// Writes phonemes.csv, so that it outlives a power cut.
    /// - Throws: `AudioFileError.unwritable`.
    package func writePhonemes(to directory: URL) throws {
        let lines = phonemes.sorted { $0.key < $1.key }.map { "\($0.key)|\($0.value)\n" }
        try DurableFile.write(Array(lines.joined().utf8), to: directory.appendingPathComponent(Self.phonemesName))
    }

    /// Writes excluded.txt, so that it outlives a power cut.
    /// - Throws: `AudioFileError.unwritable`.
    package func writeExcluded(to directory: URL) throws {
        let lines = excluded.sorted().map { "\($0)\n" }
        try DurableFile.write(Array(lines.joined().utf8), to: directory.appendingPathComponent(Self.excludedName))
    }
}

extension Voice.Clip {
    /// What is said, in symbols: the clip's own phonemes, else what its text gives.
    /// - Throws: `TextError`.
    package func encoded(by frontEnd: TextFrontEnd) throws -> EncodedText {
        guard let phonemes else { return try frontEnd.encode(text) }
        let isPhonetic = frontEnd.language != TextFrontEnd.graphemes
        let encoded = frontEnd.symbolTable.encode(isPhonetic ? phonemes : SymbolTable.foldGraphemes(phonemes))
        guard !encoded.ids.isEmpty else { throw TextError.nothingToSay(unknown: encoded.unknown) }
        return encoded
    }
}
