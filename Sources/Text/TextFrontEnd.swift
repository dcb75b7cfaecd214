/// Sentence in, symbol ids out: all that a voice needs to know of text.
package struct TextFrontEnd: Sendable {
    /// The language name that reads letters as they are, for a language espeak-ng lacks.
    package static let graphemes = "graphemes"

    /// A language of espeak-ng, or "graphemes".
    package let language: String
    package let symbolTable: SymbolTable
    private let phonemizer: Phonemizer?

    /// - Parameters:
    ///   - language: a language of espeak-ng such as "en-us", "de", "cmn", or "graphemes".
    ///   - symbols: the voice's letters, for "graphemes" only; see `SymbolTable.graphemes(of:)`.
    /// - Throws: `TextError.unknownLanguage`, `.phonemizerUnavailable`, `.missingSymbols`.
    package init(language: String, symbols: String = "") throws {
        self.language = language
        if language == Self.graphemes {
            guard !symbols.isEmpty else { throw TextError.missingSymbols }
            symbolTable = SymbolTable(graphemes: symbols)
            phonemizer = nil
        } else {
            symbolTable = .ipa
            phonemizer = try Phonemizer(language: language)
        }
    }

    /// - Throws: `TextError.emptyText`; `TextError.nothingToSay` when every character is unknown. Characters left
    ///   out of a text that can otherwise be said are named in the result.
    package func encode(_ text: String) throws -> EncodedText {
        let normalized = try TextNormalizer().normalize(text)
        var result: EncodedText
        if let phonemizer {
            let (ipa, unknown) = try phonemizer.phonemes(of: normalized)
            result = symbolTable.encode(ipa)
            // What the language cannot say comes first; what the table lacks follows.
            let missing = result.unknown
            result.unknown = unknown
            for character in missing { result.addUnknown(character) }
        } else {
            result = symbolTable.encode(SymbolTable.foldGraphemes(normalized))
        }
        let marks = Set(Clauses.marks.map(String.init) + [" "])
        guard result.symbols.contains(where: { !marks.contains($0) }) else {
            throw result.unknown.isEmpty ? TextError.emptyText : TextError.nothingToSay(unknown: result.unknown)
        }
        return result
    }

    /// Long text in pieces that can be said one after another; empty for white space only.
    package func sentences(in text: String) -> [String] {
        SentenceSplitter.sentences(in: text)
    }
}
