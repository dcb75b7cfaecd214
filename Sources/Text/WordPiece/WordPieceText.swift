import Foundation

/// What happens to text before it is cut into word pieces (Hugging Face's `BertNormalizer` and `BertPreTokenizer`).
struct WordPieceText {
    let lowercases: Bool

    /// Runs of letters, single Chinese characters and single punctuation marks.
    func words(in text: String) -> [[Unicode.Scalar]] {
        var words: [[Unicode.Scalar]] = []
        var word: [Unicode.Scalar] = []
        func finish() {
            if !word.isEmpty { words.append(word) }
            word = []
        }
        for scalar in normalized(text) {
            if scalar.properties.isWhitespace {
                finish()
            } else if Self.isPunctuation(scalar) {
                finish()
                words.append([scalar])
            } else {
                word.append(scalar)
            }
        }
        finish()
        return words
    }

    private func normalized(_ text: String) -> [Unicode.Scalar] {
        var cleaned: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars where !Self.isRemoved(scalar) {
            if Self.isChinese(scalar) {
                cleaned += [" ", scalar, " "]
            } else {
                cleaned.append(scalar.properties.isWhitespace ? " " : scalar)
            }
        }
        guard lowercases else { return cleaned }
        // Accents are marks of their own once characters are decomposed; each scalar is lower-cased by itself, so that no
        // rule of its neighbours applies.
        let decomposed = String(String.UnicodeScalarView(cleaned)).decomposedStringWithCanonicalMapping
        return decomposed.unicodeScalars.filter { $0.properties.generalCategory != .nonspacingMark }
            .flatMap { $0.properties.lowercaseMapping.unicodeScalars }
    }

    /// Characters that are no text: control and format characters, private ones, and what stands for something broken.
    private static func isRemoved(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\t", "\n", "\r": return false
        case "\u{0}", "\u{FFFD}": return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate: return true
        default: return false
        }
    }

    /// The blocks that the public tokenizer takes for Chinese; its fifth begins later than the block does.
    private static let chinese: [ClosedRange<UInt32>] = [
        0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF,
        0xF900...0xFAFF, 0x2F800...0x2FA1F,
    ]

    private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        chinese.contains { $0.contains(scalar.value) }
    }

    /// Every ASCII character that is neither letter nor digit counts, "$" and "+" too; beyond, what Unicode says.
    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 33...47, 58...64, 91...96, 123...126: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }
}
