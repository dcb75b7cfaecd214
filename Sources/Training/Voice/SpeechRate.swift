import Text

/// How densely a clip's text fills its time.
enum SpeechRate {
    /// Sounds of an encoded text: letters, without stress, length, tones, marks and spaces. In a voice of graphemes
    /// an ideograph counts as three sounds, a digit as two.
    static func soundCount(_ encoded: EncodedText, isPhonetic: Bool) -> Int {
        encoded.symbols.reduce(0) { count, symbol in
            guard let scalar = symbol.unicodeScalars.first else { return count }
            switch scalar.properties.generalCategory {
            case .lowercaseLetter, .uppercaseLetter: return count + 1
            case .otherLetter: return count + (scalar.properties.isIdeographic ? 3 : 1)
            case .decimalNumber: return count + (isPhonetic ? 0 : 2)
            default: return count
            }
        }
    }
}
