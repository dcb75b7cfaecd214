/// What stands for a character where only ASCII can be shown.
package enum AsciiForm {
    private static let table: [Unicode.Scalar: Unicode.Scalar] = [
        "─": "-", "│": "|", "┌": "+", "┐": "+", "└": "+", "┘": "+", "├": "+", "┤": "+", "┬": "+", "┴": "+", "┼": "+",
        "╭": "+", "╮": "+", "╰": "+", "╯": "+", "…": "~", "·": "-", "×": "x", "→": ">", "←": "<", "↑": "^", "↓": "v",
        "▸": ">", "●": "*", "○": "o", "■": "#", "▪": "*", "–": "-", "—": "-", "‖": "=", "█": "#", "▌": "#", "▲": "^",
        "“": "\"", "”": "\"", "‘": "'", "’": "'", "✓": "+", "★": "*", "◆": "@", "◇": "@", "◌": ".", "»": "=", "≠": "!",
        "┊": "|", "╌": "-", "━": "=", "\u{A0}": " ", "‹": "<", "›": ">",
    ]

    package static func replacement(for scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar.value <= 0x7E { return scalar }
        if let known = table[scalar] { return known }
        if (0x2800...0x28FF).contains(scalar.value) { return scalar.value == 0x2800 ? " " : "*" }
        // A letter with an accent keeps its letter; the marks of the decomposed form are dropped.
        if let base = String(scalar).decomposedFirstScalar, base.value < 0x7F { return base }
        return "?"
    }
}

extension String {
    /// The first scalar of the canonical decomposition, found without Foundation: the standard library compares by it.
    fileprivate var decomposedFirstScalar: Unicode.Scalar? {
        guard let scalar = unicodeScalars.first, scalar.properties.isAlphabetic, scalar.value < 0x250 else {
            return nil
        }
        let marks: [Unicode.Scalar] = [
            "\u{300}", "\u{301}", "\u{302}", "\u{303}", "\u{304}", "\u{306}", "\u{307}", "\u{308}", "\u{30A}",
            "\u{30B}",
            "\u{30C}", "\u{327}", "\u{328}",
        ]
        for value in [0x41...0x5A, 0x61...0x7A].joined() {
            guard let base = Unicode.Scalar(UInt32(value)) else { continue }
            for mark in marks where String(String.UnicodeScalarView([base, mark])) == self { return base }
        }
        return nil
    }
}
