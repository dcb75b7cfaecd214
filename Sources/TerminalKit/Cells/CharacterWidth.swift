import CNcurses

/// How many columns text takes on the terminal.
///
/// The unit is the scalar, as terminals and curses count: marks that combine take none, CJK and emoji take two.
/// Joiners and variation selectors are left out, because terminals disagree on what they do to the width.
package enum CharacterWidth {
    // Written once, then only read; the C library's locale objects are immutable.
    nonisolated(unsafe) private static let locale = reprise_new_width_locale()

    /// Columns of one scalar: 0, 1 or 2; nil for a scalar that is never drawn.
    package static func columns(of scalar: Unicode.Scalar) -> Int? {
        let value = scalar.value
        if value < 0x7F { return value < 0x20 ? nil : 1 }
        // Lines, blocks and braille, which most of the screen is made of.
        if (0x2500...0x259F).contains(value) || (0x2800...0x28FF).contains(value) { return 1 }
        if value == 0x200D || (0xFE00...0xFE0F).contains(value) { return nil }
        guard let locale else { return value < 0xA0 ? nil : 1 }
        let width = Int(reprise_scalar_width(value, locale))
        return width < 0 ? nil : min(2, width)
    }

    /// Columns of a text when all of it is drawn on one line.
    package static func columns<Text: StringProtocol>(of text: Text) -> Int {
        text.unicodeScalars.reduce(0) { $0 + (columns(of: $1) ?? 0) }
    }

    /// The longest start of `text` that fits into `limit` columns.
    package static func prefix(of text: String, columns limit: Int) -> String {
        var taken = 0
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let width = columns(of: scalar) ?? 0
            if taken + width > limit { break }
            taken += width
            result.append(scalar)
        }
        return String(result)
    }

    /// `text`, or its start and an ellipsis when it does not fit into `limit` columns.
    package static func shortened(_ text: String, columns limit: Int) -> String {
        if columns(of: text) <= limit { return text }
        if limit < 2 { return prefix(of: text, columns: max(0, limit)) }
        return prefix(of: text, columns: limit - 1) + "…"
    }

    /// `text` filled with spaces to `width` columns, on the left when `toRight`.
    package static func padded(_ text: String, columns width: Int, toRight: Bool = false) -> String {
        let short = shortened(text, columns: width)
        let spaces = String(repeating: " ", count: max(0, width - columns(of: short)))
        return toRight ? spaces + short : short + spaces
    }
}
