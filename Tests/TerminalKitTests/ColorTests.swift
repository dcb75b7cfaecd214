import TerminalKit
import Testing

@Suite struct ColorTests {
    @Test(arguments: [(0xFFFFFF, 231), (0x000000, 16), (0xFF0000, 196), (0x808080, 244), (0x56B4E9, 74)])
    func nearestOf256(rgb: Int, index: Int) {
        #expect(ColorMatching.indexed(UInt32(rgb)) == index)
    }

    @Test func eachDepthUsesItsOwnForm() {
        let color = ThemeColor(rgb: 0x56B4E9, ansi: 12)
        #expect(ColorMatching.number(of: color, depth: .direct) == 0x56B4E9)
        #expect(ColorMatching.number(of: color, depth: .indexed) == 74)
        #expect(ColorMatching.number(of: color, depth: .sixteen) == 12)
        #expect(ColorMatching.number(of: color, depth: .eight) == 4)
        #expect(ColorMatching.number(of: color, depth: .mono) == nil)
        #expect(ColorMatching.number(of: ThemeColor(), depth: .indexed) == nil)
    }

    @Test(arguments: [ColorDepth.mono, .eight, .sixteen, .indexed, .direct])
    func theSelectionAndTheQuietCanBeSeenAtEveryDepth(depth: ColorDepth) {
        var theme = Theme.plain
        theme.colors[.background] = ThemeColor(rgb: 0xFBFAF6, ansi: 15)
        theme.colors[.text] = ThemeColor(rgb: 0x24292F, ansi: 0)
        theme.colors[.dim] = ThemeColor(rgb: 0x78808A, ansi: 8, mono: .dim)
        theme.colors[.selection] = ThemeColor(rgb: 0xD6E4F2, ansi: 7, mono: .reverse)
        let plain = ResolvedLook(.text, theme: theme, depth: depth)
        let selected = ResolvedLook(.selected, theme: theme, depth: depth)
        #expect(plain != selected)
        let dim = ResolvedLook(.dim, theme: theme, depth: depth)
        #expect(dim != plain)
        // Never text in the colour of its ground.
        if depth != .mono { #expect(dim.foreground != dim.background && selected.foreground != selected.background) }
    }

    @Test func withoutBrightColoursBoldAndDimStandForThem() {
        var theme = Theme.plain
        theme.colors[.accent] = ThemeColor(ansi: 14)
        theme.colors[.dim] = ThemeColor(ansi: 8)
        let accent = ResolvedLook(CellStyle(.accent), theme: theme, depth: .eight)
        #expect(accent.foreground == 6 && accent.attributes == .bold)
        let dim = ResolvedLook(.dim, theme: theme, depth: .eight)
        #expect(dim.foreground == nil && dim.attributes == .dim)
    }

    @Test func refusalsSayWhatToDo() {
        #expect("\(TerminalError.cannotPlaceCursor("dumb"))".contains("TERM=dumb"))
        #expect("\(TerminalError.noTerminal)".contains("reprise train"))
        #expect("\(TerminalError.unknownType("foo"))".contains("xterm-256color"))
    }
}
