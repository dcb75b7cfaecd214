/// A stretch of text between punctuation marks, or one mark.
package enum TextPiece: Equatable, Sendable {
    /// Words with the spaces around them as they stood.
    case words(String)
    /// One of `Clauses.marks`.
    case mark(Character)
}

/// Cuts normalised text at its punctuation, because espeak-ng's phoneme call drops it.
package enum Clauses {
    /// Punctuation that becomes symbols.
    package static let marks: [Character] = [",", ".", ";", ":", "!", "?", "…", "—", "\"", "(", ")", "¿", "¡"]
    private static let markSet = Set(marks)

    /// `text` is normalised; its pieces joined give it again.
    package static func split(_ text: String) -> [TextPiece] {
        let characters = Array(text)
        var pieces: [TextPiece] = []
        var words = ""
        for index in characters.indices {
            let character = characters[index]
            guard markSet.contains(character), !belongsToWord(characters, at: index) else {
                words.append(character)
                continue
            }
            if !words.isEmpty { pieces.append(.words(words)) }
            words = ""
            pieces.append(.mark(character))
        }
        if !words.isEmpty { pieces.append(.words(words)) }
        return pieces
    }

    /// True for the point of 3.14, U.S.A. and "Dr. Who", the comma of 1,000 and the colon of 12:30.
    package static func belongsToWord(_ text: [Character], at index: Int) -> Bool {
        let mark = text[index]
        let before = index > 0 ? text[index - 1] : " "
        let after = index + 1 < text.count ? text[index + 1] : " "
        switch mark {
        case ",", ":":
            return before.isNumber && after.isNumber
        case ".":
            if before == " " { return after.isNumber }
            if after.isLetter || after.isNumber { return true }
            return isAbbreviation(text, endingAt: index)
        default:
            return false
        }
    }

    /// Written with a point, read as a word, and rarely last in a sentence; lower case.
    private static let abbreviations: Set<String> = [
        "dr", "mr", "mrs", "ms", "prof", "st", "jr", "sr", "vs", "e.g", "i.e", "vol", "fig", "approx", "dept", "gen",
        "col", "capt", "lt", "sgt", "rev", "hon", "mt", "z.b", "d.h", "u.a", "bzw", "ca", "nr", "evtl", "ggf", "hr",
        "mme", "mlle", "sra", "srta", "dott", "sig", "cf",
    ]

    private static func isAbbreviation(_ text: [Character], endingAt index: Int) -> Bool {
        // The last point of the text always ends it, and so does one before a closing mark.
        guard index + 2 < text.count, text[index + 1] == " " else { return false }
        var start = index
        while start > 0, text[start - 1].isLetter || text[start - 1] == "." { start -= 1 }
        let word = String(text[start..<index])
        let follower = text[index + 2]
        if abbreviations.contains(word.lowercased()) { return true }
        if word.lowercased() == "no" { return follower.isNumber }
        // Initials (J. R. Tolkien) and spelled acronyms before a small letter (the U.S. army).
        if word.count == 1, let letter = word.first, letter.isUppercase, letter != "I" {
            return follower.isUppercase && (start < 2 || text[start - 1] == " ")
        }
        if word.contains(".") || word == "etc" { return follower.isLowercase }
        // Ordinals and numbered things: "am 3. mai".
        if word.isEmpty, index > 0, text[index - 1].isNumber { return follower.isLowercase }
        return false
    }
}
