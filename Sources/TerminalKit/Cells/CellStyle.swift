/// What a colour is for; the theme says what it looks like.
package enum ColorRole: UInt8, Sendable, CaseIterable {
    case background, text, dim, accent, good, warning, bad
    case series1, series2, series3, series4, series5, series6
    case selection

    /// The name a theme file uses.
    package var name: String { String(describing: self) }

    /// The colour of the n-th curve, from 0; repeats after six.
    package static func series(_ index: Int) -> ColorRole {
        let all: [ColorRole] = [.series1, .series2, .series3, .series4, .series5, .series6]
        return all[((index % all.count) + all.count) % all.count]
    }
}

/// How a cell's text is set, besides its colour.
package struct TextAttributes: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let bold = TextAttributes(rawValue: 1)
    package static let dim = TextAttributes(rawValue: 2)
    package static let reverse = TextAttributes(rawValue: 4)
    package static let underline = TextAttributes(rawValue: 8)
}

/// The look of one cell, in the theme's words.
package struct CellStyle: Sendable, Hashable {
    package var foreground: ColorRole
    package var background: ColorRole
    package var attributes: TextAttributes

    package init(
        _ foreground: ColorRole = .text, on background: ColorRole = .background, _ attributes: TextAttributes = []
    ) {
        self.foreground = foreground
        self.background = background
        self.attributes = attributes
    }

    package static let text = CellStyle(.text)
    package static let dim = CellStyle(.dim)
    package static let accent = CellStyle(.accent, on: .background, .bold)
    package static let selected = CellStyle(.text, on: .selection)
}
