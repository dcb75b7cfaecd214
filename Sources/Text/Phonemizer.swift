/// Text of one language to IPA through espeak-ng, with stress marks, word spaces and punctuation kept in place.
package struct Phonemizer: Sendable {
    package let language: SpeechEngine.Language
    private let voice: String
    /// The voice file's language without its region: what decides scripts and tones, whatever alias was asked for.
    private let stem: String
    private let keepsTones: Bool
    /// Reads Latin words in a language of another script: its own voice mangles them, and espeak-ng 1.51 can read freed
    /// memory when it switches language inside a word.
    private let latinVoice: String?

    /// - Throws: `TextError.unknownLanguage`, `TextError.phonemizerUnavailable`.
    package init(language name: String) throws {
        language = try SpeechEngine.shared.language(named: name)
        let file = language.voice.split(separator: "/").last.map { $0.lowercased() } ?? language.name
        stem = String(file.prefix { $0 != "-" })
        keepsTones = ["cmn", "yue", "hak", "vi", "th", "my", "shn"].contains(stem)
        // The cmn voice of 1.51 turns characters into pinyin and then reads the pinyin as English; its sister voice has
        // the same dictionary and reads it as pinyin.
        voice = file == "cmn" ? try SpeechEngine.shared.language(named: "cmn-latn-pinyin").voice : language.voice
        let needsLatinVoice = Scripts.isForeignToLatin(stem) && !file.contains("latn")
        latinVoice = needsLatinVoice ? try SpeechEngine.shared.language(named: "en-us").voice : nil
    }

    /// IPA of normalised text, and the characters that this language cannot say, each once.
    package func phonemes(of text: String) throws -> (ipa: String, unknown: [Character]) {
        var unknown: [Character] = []
        func note(_ character: Character) {
            if !unknown.contains(character) { unknown.append(character) }
        }
        let marks = Set(Clauses.marks)
        let known = String(
            text.filter { character in
                if marks.contains(character) || Scripts.canRead(character, language: stem) { return true }
                note(character)
                return false
            })
        var result = ""
        for piece in Clauses.split(known) {
            switch piece {
            case .mark(let mark):
                result.append(mark)
            case .words(let words):
                let ipa = try phonemes(ofWords: words)
                if ipa.isEmpty {
                    words.filter { $0.isLetter || $0.isNumber }.forEach(note)
                    if words.last == " " { result.append(" ") }
                } else {
                    result += (words.first == " " ? " " : "") + ipa + (words.last == " " ? " " : "")
                }
            }
        }
        return (Self.foldSpaces(result), unknown)
    }

    private func phonemes(ofWords words: String) throws -> String {
        var parts: [String] = []
        let spoken = Self.breakingLongWords(Self.partingSigns(Self.withoutLooseApostrophes(words)))
        for run in Self.runs(of: spoken, splitsLatin: latinVoice != nil) {
            let isForeign = run.isLatin && latinVoice != nil
            for stretch in Self.stretches(of: run.text) {
                let ipa = try SpeechEngine.shared.phonemes(
                    of: stretch, voice: isForeign ? latinVoice ?? voice : voice, keepsTones: keepsTones && !isForeign)
                if !ipa.isEmpty { parts.append(ipa) }
            }
        }
        return parts.joined(separator: " ")
    }

    /// Apostrophes inside words only: elsewhere they are quotes without a sound, and espeak-ng 1.51 trips over them.
    private static func withoutLooseApostrophes(_ text: String) -> String {
        guard text.contains("'") else { return text }
        let characters = Array(text)
        return String(
            characters.indices.compactMap { index -> Character? in
                guard characters[index] == "'" else { return characters[index] }
                let isInside =
                    index > 0 && index + 1 < characters.count && characters[index - 1].isLetter
                    && characters[index + 1].isLetter
                return isInside ? "'" : " "
            })
    }

    /// Signs as words of their own: "AT & T". Mixed words are where espeak-ng 1.51 is least tested.
    private static func partingSigns(_ text: String) -> String {
        var result = ""
        for character in text {
            let isPlain =
                character.isLetter || character.isNumber || " '-.,:".contains(character)
                || character.unicodeScalars.allSatisfy { $0.properties.isGraphemeExtend }
            result += isPlain ? String(character) : " \(character) "
        }
        return result
    }

    /// Longer than any word; espeak-ng's word buffers are fixed and letters beyond them would be lost.
    private static let longestWord = 40

    private static func breakingLongWords(_ text: String) -> String {
        var result = ""
        var length = 0
        for character in text {
            length = character == " " ? 0 : length + 1
            if length > longestWord {
                result.append(" ")
                length = 1
            }
            result.append(character)
        }
        return result
    }

    /// espeak-ng's phoneme buffer holds one clause and forgets the beginning of a longer one.
    private static let longestStretch = 160

    private static func stretches(of text: String) -> [String] {
        guard text.count > longestStretch else { return [text] }
        var result: [String] = []
        var current = ""
        for word in text.split(separator: " ") {
            if !current.isEmpty, current.count + word.count >= longestStretch {
                result.append(current)
                current = ""
            }
            current += (current.isEmpty ? "" : " ") + word
        }
        if !current.isEmpty { result.append(current) }
        return result
    }

    /// The text cut where Latin letters meet others; one run when `splitsLatin` is false.
    private static func runs(of text: String, splitsLatin: Bool) -> [(text: String, isLatin: Bool)] {
        guard splitsLatin else { return [(text, false)] }
        var result: [(text: String, isLatin: Bool)] = []
        for character in text {
            let last = result.last
            let isLatin: Bool
            if character.isLetter {
                isLatin = character.unicodeScalars.allSatisfy { $0.value < 0x0370 }
            } else if character.isNumber, last?.text.last == " " {
                // A number of its own is a word of the language; the 2 of B2 is not.
                isLatin = false
            } else {
                isLatin = last?.isLatin ?? false
            }
            if let last, last.isLatin == isLatin {
                result[result.count - 1].text.append(character)
            } else {
                result.append((String(character), isLatin))
            }
        }
        return result.filter { !$0.text.allSatisfy { $0 == " " } }
    }

    private static func foldSpaces(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
}
