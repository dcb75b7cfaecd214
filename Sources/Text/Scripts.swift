/// Which characters a language can read: espeak-ng spells foreign ones out ("Chinese letter") or drops them.
enum Scripts {
    /// Scalars of one script and the languages (first part of the name) that read it.
    private struct Script {
        let ranges: [ClosedRange<UInt32>]
        let languages: Set<String>
    }

    /// Latin is not listed: every voice reads it. A voice would also switch language for any other script it meets,
    /// but a second switch inside a word makes espeak-ng 1.51 read freed memory: foreign scripts must not reach it.
    private static let table: [Script] = [
        Script(ranges: [0x0370...0x03FF, 0x1F00...0x1FFF], languages: ["el", "grc"]),
        Script(
            ranges: [0x0400...0x052F],
            languages: ["ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "tt", "ba", "cv", "nog", "az", "uz", "bs"]),
        Script(ranges: [0x0530...0x058F], languages: ["hy", "hyw"]),
        Script(ranges: [0x0590...0x05FF], languages: ["he"]),
        Script(
            ranges: [0x0600...0x06FF, 0x0750...0x077F, 0xFB50...0xFDFF, 0xFE70...0xFEFC],
            languages: ["ar", "fa", "ur", "sd", "ug", "ku"]),
        Script(ranges: [0x0900...0x097F], languages: ["hi", "mr", "ne", "kok"]),
        Script(ranges: [0x0980...0x09FF], languages: ["bn", "as", "bpy"]),
        Script(ranges: [0x0A00...0x0A7F], languages: ["pa"]),
        Script(ranges: [0x0A80...0x0AFF], languages: ["gu"]),
        Script(ranges: [0x0B00...0x0B7F], languages: ["or"]),
        Script(ranges: [0x0B80...0x0BFF], languages: ["ta"]),
        Script(ranges: [0x0C00...0x0C7F], languages: ["te"]),
        Script(ranges: [0x0C80...0x0CFF], languages: ["kn"]),
        Script(ranges: [0x0D00...0x0D7F], languages: ["ml"]),
        Script(ranges: [0x0D80...0x0DFF], languages: ["si"]),
        Script(ranges: [0x0E00...0x0E7F], languages: ["th"]),
        Script(ranges: [0x0E80...0x0FFF, 0x1700...0x1DBF, 0xA000...0xABFF], languages: []),
        Script(ranges: [0x1000...0x109F], languages: ["my", "shn"]),
        Script(ranges: [0x10A0...0x10FF, 0x1C90...0x1CBF], languages: ["ka"]),
        Script(ranges: [0x1200...0x139F], languages: ["am"]),
        Script(ranges: [0x13A0...0x13FF, 0xAB70...0xABBF], languages: ["chr"]),
        Script(ranges: [0x3040...0x30FF, 0xFF66...0xFF9F], languages: ["ja"]),
        Script(
            ranges: [0x2E80...0x2FDF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF],
            languages: ["cmn", "yue"]),
        Script(ranges: [0x1100...0x11FF, 0x3130...0x318F, 0xAC00...0xD7FF], languages: ["ko"]),
        Script(ranges: [0xF8D0...0xF8FF], languages: ["piqd"]),
    ]

    /// Languages of the table that are also written in Latin letters.
    private static let alsoLatin: Set<String> = ["az", "uz", "ku", "bs", "sr"]

    /// True when Latin letters are foreign to a language, written without a region.
    static func isForeignToLatin(_ language: String) -> Bool {
        !alsoLatin.contains(language) && table.contains { $0.languages.contains(language) }
    }

    /// Signs besides letters and numbers that espeak-ng names aloud or uses inside words.
    private static let signs: Set<Unicode.Scalar> = [
        "'", "-", "+", "=", "×", "÷", "±", "%", "‰", "&", "@", "#", "*", "/", "°", "§", "²", "³", "¼", "½", "¾",
        "\u{200C}", "\u{200D}",
    ]

    /// True when espeak-ng's voice for `language`, written without a region, says this character.
    static func canRead(_ character: Character, language: String) -> Bool {
        character.unicodeScalars.allSatisfy { canRead($0, stem: language) }
    }

    private static func canRead(_ scalar: Unicode.Scalar, stem: String) -> Bool {
        if scalar == " " || signs.contains(scalar) { return true }
        if scalar.isASCII { return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "$" }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .decimalNumber, .privateUse:
            let script = table.first { script in script.ranges.contains { $0.contains(scalar.value) } }
            if let script { return script.languages.contains(stem) }
            // Latin letters of living spellings, composed; phonetic ones, pictures and higher planes no voice reads.
            return (0x00AA...0x024F).contains(scalar.value) || (0x1E00...0x1EFF).contains(scalar.value)
        case .currencySymbol:
            return true
        default:
            return false
        }
    }
}
