/// How a cell is shown on a terminal of some colour depth: colour numbers, nil for the terminal's own, and attributes.
package struct ResolvedLook: Sendable, Hashable {
    package var foreground: Int?
    package var background: Int?
    package var attributes: TextAttributes

    package init(_ style: CellStyle, theme: Theme, depth: ColorDepth) {
        var front = theme[style.foreground]
        let ground = theme[style.background]
        attributes = style.attributes
        if depth == .mono { attributes.formUnion(front.mono.union(ground.mono)) }
        if depth == .eight, let ansi = front.ansi, ansi >= 8 {
            // Eight colours have no bright ones: bold stands for them, and dim for the bright black, which is grey.
            attributes.insert(ansi == 8 ? .dim : .bold)
            if ansi == 8 { front.ansi = theme[.text].ansi }
        }
        foreground = ColorMatching.number(of: front, depth: depth)
        background = ColorMatching.number(of: ground, depth: depth)
        // A ground that is meant to differ and does not is set apart as without colours.
        if depth != .mono, style.background != .background,
            background == ColorMatching.number(of: theme[.background], depth: depth)
        {
            attributes.formUnion(ground.mono)
        }
    }
}
