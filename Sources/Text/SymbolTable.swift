/// A fixed list of symbols and their numbers. Position is meaning: a list is only ever appended to, under a new name.
package struct SymbolTable: Sendable, Equatable {
    /// What a checkpoint records, e.g. "ipa-1".
    package let name: String
    /// The symbol of each id; entry 0 is the padding, every other one Unicode scalar.
    package let symbols: [String]
    private let ids: [Unicode.Scalar: Int32]

    /// The id that fills a batch behind the shorter texts; never produced by encoding.
    package static let paddingID: Int32 = 0
    /// Between words.
    package static let space: Unicode.Scalar = " "

    package var count: Int { symbols.count }

    /// Fixed places that every table starts with: padding, word boundary, punctuation.
    private static let common: [Unicode.Scalar] = [space] + Clauses.marks.flatMap { Array($0.unicodeScalars) }

    private init(name: String, scalars: [Unicode.Scalar]) {
        var symbols = ["<pad>"]
        var ids: [Unicode.Scalar: Int32] = [:]
        for scalar in Self.common + scalars where ids[scalar] == nil {
            ids[scalar] = Int32(symbols.count)
            symbols.append(String(scalar))
        }
        self.name = name
        self.symbols = symbols
        self.ids = ids
    }

    /// The International Phonetic Alphabet with what espeak-ng 1.51 writes in any of its languages.
    package static let ipa = SymbolTable(name: "ipa-1", scalars: ipaScalars)

    /// The letters of one voice, as voice.toml keeps them.
    package init(graphemes: String) {
        self.init(name: "graphemes-1", scalars: Array(Self.foldGraphemes(graphemes).unicodeScalars))
    }

    /// Every letter the transcripts use, in a stable order, for voice.toml.
    package static func graphemes(of transcripts: [String]) -> String {
        let known = Set(common)
        var found: Set<Unicode.Scalar> = []
        for transcript in transcripts {
            for scalar in foldGraphemes(TextNormalizer().fold(transcript)).unicodeScalars
            where !known.contains(scalar) && isReadable(scalar) {
                found.insert(scalar)
            }
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: found.sorted { $0.value < $1.value })
        return String(result)
    }

    /// Letters without case: "A" and "a" sound alike.
    package static func foldGraphemes(_ text: String) -> String { text.lowercased() }

    /// Letters, their marks, digits and the word-inner marks; not emoji or drawing.
    private static func isReadable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "'" || scalar == "-" { return true }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .decimalNumber:
            return true
        default:
            return false
        }
    }

    /// nil for a scalar that is not in the table.
    package func id(of scalar: Unicode.Scalar) -> Int32? { ids[scalar] }

    /// The symbol behind an id, nil outside the table.
    package func symbol(of id: Int32) -> String? {
        symbols.indices.contains(Int(id)) ? symbols[Int(id)] : nil
    }

    /// One id a scalar. A character of which any scalar is missing is left out whole and named in `unknown`, once.
    package func encode(_ text: String) -> EncodedText {
        var result = EncodedText()
        for character in text {
            let found = character.unicodeScalars.map { ids[$0] }
            if found.contains(where: { $0 == nil }) {
                result.addUnknown(character)
                continue
            }
            for (scalar, id) in zip(character.unicodeScalars, found) {
                guard let id else { continue }
                result.ids.append(id)
                result.symbols.append(String(scalar))
            }
        }
        return result
    }
}

/// A text as the model takes it.
package struct EncodedText: Sendable, Equatable {
    /// Symbol ids, L of them.
    package var ids: [Int32] = []
    /// The symbol of each id, to show.
    package var symbols: [String] = []
    /// Characters of the text that have no symbol, each once, in order of appearance.
    package var unknown: [Character] = []

    package init(ids: [Int32] = [], symbols: [String] = [], unknown: [Character] = []) {
        self.ids = ids
        self.symbols = symbols
        self.unknown = unknown
    }

    /// The symbols as one string.
    package var transcription: String { symbols.joined() }

    /// One sentence that names what was left out; nil when nothing was.
    package var warning: String? {
        guard !unknown.isEmpty else { return nil }
        let names = unknown.map { "\"\($0)\"" }.joined(separator: ", ")
        return "This voice does not know \(names) and left \(unknown.count == 1 ? "it" : "them") out."
    }

    mutating func addUnknown(_ character: Character) {
        if !unknown.contains(character) { unknown.append(character) }
    }
}
