/// How a role looks at each colour depth.
package struct ThemeColor: Sendable, Equatable {
    /// Red, green and blue in one number (0xRRGGBB); nil is the terminal's own colour.
    package var rgb: UInt32?
    /// The colour's place among the sixteen; nil is the terminal's own colour.
    package var ansi: Int?
    /// What sets it apart where there are no colours.
    package var mono: TextAttributes

    package init(rgb: UInt32? = nil, ansi: Int? = nil, mono: TextAttributes = []) {
        self.rgb = rgb
        self.ansi = ansi
        self.mono = mono
    }
}

/// The colours of the studio by what they are for.
package struct Theme: Sendable, Equatable {
    package var name: String
    package var colors: [ColorRole: ThemeColor]

    package init(name: String, colors: [ColorRole: ThemeColor]) {
        self.name = name
        self.colors = colors
    }

    package subscript(role: ColorRole) -> ThemeColor { colors[role] ?? ThemeColor() }

    /// What there is before any theme is known: no colours; the selection is reversed, the quiet is dim.
    package static let plain = Theme(
        name: "plain",
        colors: [
            .dim: ThemeColor(mono: .dim), .accent: ThemeColor(mono: .bold), .bad: ThemeColor(mono: .bold),
            .warning: ThemeColor(mono: .bold), .selection: ThemeColor(mono: .reverse),
        ])
}

/// How many colours a terminal shows.
package enum ColorDepth: Sendable, Equatable {
    case mono, eight, sixteen, indexed, direct
}
