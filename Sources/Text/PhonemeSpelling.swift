/// Turns what espeak-ng 1.51 writes into IPA: it leaves ASCII names of some phonemes, language switches and cut tones.
enum PhonemeSpelling {
    /// Parts phonemes when tones are wanted: a control character that no phoneme name contains.
    static let separator: UInt8 = 0x1F
    private static let separatorCharacter: Character = "\u{1F}"

    /// espeak-ng's mnemonics that reach its IPA output, longest first.
    private static let mnemonics: [(String, String)] = [
        ("s.", "ʂ"), ("z.", "ʐ"), ("t.", "ʈ"), ("d.", "ɖ"), ("n.", "ɳ"), ("l.", "ɭ"), ("r.", "ɽ"), ("i.", "ɨ"),
        ("i[", "ɨ"), ("t[", "t̪"), ("d[", "d̪"), ("s[", "s̪"), ("n[", "n̪"), ("l[", "l̪"),
    ]

    private static let scalars: [Unicode.Scalar: String] = [
        "g": "ɡ", ":": "ː", "?": "ʔ", ";": "ʲ", "^": "ʲ", "\"": "ʲ", "ä": "a\u{0308}", "ë": "e\u{0308}",
        "õ": "o\u{0303}", "ã": "a\u{0303}", "ẽ": "e\u{0303}", "ĩ": "i\u{0303}", "ũ": "u\u{0303}", "Φ": "ɸ", "ε": "ɛ",
        "γ": "ɣ", "ʦ": "ts", "ʣ": "dz", "ʧ": "tʃ", "ʤ": "dʒ", "Ë": "ə",
    ]

    /// Marks of espeak-ng's own notation that stand for no sound.
    private static let silent: Set<Unicode.Scalar> = [
        "_", "|", "#", "+", "`", ".", "[", "]", "-", "~", "!", "%", "=", "*", "\u{1}", "\u{1F}", "\u{200D}",
    ]

    /// One clause or several as IPA with stress, words parted by single spaces.
    static func repair(_ phonemes: String) -> String {
        var text = withoutLanguageSwitches(phonemes)
        for (mnemonic, letter) in mnemonics where text.contains(mnemonic) {
            text = replacing(mnemonic, by: letter, in: text)
        }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let letter = scalars[scalar] {
                result.append(contentsOf: letter.unicodeScalars)
            } else if scalar == " " || scalar == "\n" {
                if let last = result.last, last != " " { result.append(" ") }
            } else if !silent.contains(scalar) {
                result.append(scalar)
            }
        }
        if result.last == " " { result.removeLast() }
        return String(result)
    }

    /// The same for tone languages. `ipa` and `names` are the same phonemes in espeak-ng's two notations, parted by
    /// `separator`; the IPA one keeps one scalar of a tone such as 214, so the digits come from the other.
    static func repairTones(ipa: String, names: String) -> String {
        let ipaWords = words(of: withoutLanguageSwitches(ipa))
        let nameWords = words(of: withoutLanguageSwitches(names))
        guard ipaWords.count == nameWords.count else { return repair(ipa) }
        let result = zip(ipaWords, nameWords).map { ipaWord, nameWord -> String in
            guard ipaWord.count == nameWord.count else { return ipaWord.joined() }
            return zip(ipaWord, nameWord).map { phoneme, name -> String in
                let tone = String(name.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
                guard !tone.isEmpty, phoneme.count > 1 || name == tone, let last = phoneme.last,
                    (last.isASCII && last.isNumber) || last == "ɜ"
                else { return phoneme }
                return phoneme.dropLast() + tone
            }.joined()
        }
        return repair(result.joined(separator: " "))
    }

    private static func words(of phonemes: String) -> [[String]] {
        phonemes.split(separator: " ").map { word in
            word.split(separator: separatorCharacter).map(String.init)
                .filter { !$0.allSatisfy { $0 == "_" || $0 == "|" || $0 == ":" } }
        }.filter { !$0.isEmpty }
    }

    /// Removes marks such as "(en)" where a word was read in another language.
    private static func withoutLanguageSwitches(_ text: String) -> String {
        guard text.contains("(") else { return text }
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "(") {
            result += rest[..<open]
            guard let close = rest[open...].firstIndex(of: ")"),
                rest[rest.index(after: open)..<close].allSatisfy({
                    $0.isASCII && ($0.isLetter || $0 == "-" || $0.isNumber)
                })
            else {
                rest = rest[rest.index(after: open)...]
                continue
            }
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    /// By scalars: "s." must be found although "." may carry a combining mark.
    private static func replacing(_ pattern: String, by replacement: String, in text: String) -> String {
        let pattern = Array(pattern.unicodeScalars)
        let source = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        var index = 0
        while index < source.count {
            if index + pattern.count <= source.count, Array(source[index..<index + pattern.count]) == pattern {
                result.append(contentsOf: replacement.unicodeScalars)
                index += pattern.count
            } else {
                result.append(source[index])
                index += 1
            }
        }
        return String(result)
    }
}
