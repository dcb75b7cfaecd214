import Foundation

/// Brings a text to one spelling: Unicode NFC, one kind of quote, dash and ellipsis, ASCII punctuation, single spaces.
///
/// Format characters that carry no sound (byte-order mark, soft hyphen, zero-width space) go; nothing else does.
package struct TextNormalizer: Sendable {
    package init() {}

    /// - Throws: `TextError.emptyText` when only white space is left.
    package func normalize(_ text: String) throws -> String {
        let result = fold(text)
        guard !result.isEmpty else { throw TextError.emptyText }
        return result
    }

    /// The same without the check: may be empty.
    package func fold(_ text: String) -> String {
        var scalars: [Unicode.Scalar] = []
        scalars.reserveCapacity(text.unicodeScalars.count)
        for scalar in text.precomposedStringWithCanonicalMapping.unicodeScalars {
            if let replacement = Self.replacements[scalar] {
                scalars.append(contentsOf: replacement.unicodeScalars)
            } else if (0xFF01...0xFF5E).contains(scalar.value), let narrow = Unicode.Scalar(scalar.value - 0xFEE0) {
                // Full-width ASCII.
                scalars.append(narrow)
                if Self.wideStops.contains(narrow) { scalars.append(" ") }
            } else if scalar.properties.isWhitespace || scalar.properties.generalCategory == .control {
                scalars.append(" ")
            } else {
                scalars.append(scalar)
            }
        }
        return Self.fixDashesAndSpaces(scalars)
    }

    /// Marks that end or part a clause, and therefore want a space behind them when they were full-width.
    private static let wideStops: Set<Unicode.Scalar> = [",", ".", ";", ":", "!", "?"]

    private static let replacements: [Unicode.Scalar: String] = [
        "\u{2018}": "'", "\u{2019}": "'", "\u{201A}": "'", "\u{201B}": "'", "\u{2032}": "'", "\u{2039}": "'",
        "\u{203A}": "'", "\u{00B4}": "'", "\u{0060}": "'", "\u{02BC}": "'", "\u{FF07}": "'",
        "\u{201C}": "\"", "\u{201D}": "\"", "\u{201E}": "\"", "\u{201F}": "\"", "\u{2033}": "\"", "\u{00AB}": "\"",
        "\u{00BB}": "\"", "\u{300C}": "\"", "\u{300D}": "\"", "\u{300E}": "\"", "\u{300F}": "\"", "\u{300A}": "\"",
        "\u{300B}": "\"",
        "\u{3002}": ". ", "\u{FF61}": ". ", "\u{3001}": ", ", "\u{FF64}": ", ", "\u{0964}": ". ", "\u{0965}": ". ",
        "\u{060C}": ", ", "\u{061B}": "; ", "\u{061F}": "? ", "\u{06D4}": ". ", "\u{055D}": ", ", "\u{0589}": ". ",
        "\u{1362}": ". ", "\u{1363}": ", ", "\u{104A}": ", ", "\u{104B}": ". ", "\u{30FB}": " ", "\u{00B7}": " ",
        "\u{037E}": "; ",
        "\u{2010}": "-", "\u{2011}": "-", "\u{2012}": "–", "\u{2013}": "–", "\u{2014}": "—", "\u{2015}": "—",
        "\u{2212}": "-", "\u{2E3A}": "—", "\u{301C}": "—", "\u{FF5E}": "—",
        "\u{2026}": "…", "\u{22EF}": "…",
        "\u{00AD}": "", "\u{200B}": "", "\u{2060}": "", "\u{FEFF}": "", "\u{200E}": "", "\u{200F}": "",
        "\u{3010}": "(", "\u{3011}": ")", "\u{3014}": "(", "\u{3015}": ")", "[": "(", "]": ")", "{": "(", "}": ")",
    ]

    private static func fixDashesAndSpaces(_ scalars: [Unicode.Scalar]) -> String {
        var result = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        var index = 0
        func isDigit(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { ("0"..."9").contains($0) } ?? false }
        func append(_ scalar: Unicode.Scalar) {
            if scalar == " ", previous == nil || previous == " " { return }
            result.append(scalar)
            previous = scalar
        }
        while index < scalars.count {
            let scalar = scalars[index]
            var run = 1
            while index + run < scalars.count, scalars[index + run] == scalar { run += 1 }
            let next = index + run < scalars.count ? scalars[index + run] : nil
            switch scalar {
            case "–" where run == 1 && isDigit(previous) && isDigit(next):
                append("-")
            case "–", "—":
                append("—")
            case "-" where run >= 2 || ((previous == " " || previous == nil) && (next == " " || next == nil)):
                append("—")
            case "." where run >= 3:
                append("…")
            case "…":
                append("…")
            default:
                for _ in 0..<run { append(scalar) }
            }
            index += run
        }
        if previous == " " { result.removeLast() }
        return String(result)
    }
}
