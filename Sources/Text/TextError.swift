/// Why a text cannot become symbols; each description is one sentence.
package enum TextError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nothing but white space.
    case emptyText
    /// espeak-ng has no voice of this name.
    case unknownLanguage(String, nearest: [String])
    /// libespeak-ng did not start or did not load a voice.
    case phonemizerUnavailable(String)
    /// No character of the text can be said in this language.
    case nothingToSay(unknown: [Character])
    /// A grapheme voice without its symbols.
    case missingSymbols
    /// A vocabulary of word pieces without one that BERT cannot do without.
    case missingPiece(String)

    package var description: String {
        switch self {
        case .emptyText:
            return "The text is empty; give at least one word to say."
        case .unknownLanguage(let language, let nearest):
            let hint = nearest.isEmpty ? "" : " (near it: \(nearest.joined(separator: ", ")))"
            return "espeak-ng has no language \"\(language)\"\(hint); choose one of its languages, such as \"en-us\", "
                + "or \"graphemes\" to read letters as they are."
        case .phonemizerUnavailable(let reason):
            return "espeak-ng could not be used (\(reason)); install espeak-ng-data, or set the language to "
                + "\"graphemes\"."
        case .nothingToSay(let unknown):
            return "Nothing in the text can be said in this voice's language; it does not know "
                + "\(unknown.map { "\"\($0)\"" }.joined(separator: ", "))."
        case .missingSymbols:
            return "A voice with language \"graphemes\" needs its letters in voice.toml under [voice] symbols."
        case .missingPiece(let piece):
            return
                "The vocabulary has no line \"\(piece)\", so it is not BERT's; take the vocab.txt that belongs to the "
                + "model."
        }
    }
}
