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

    @Test func refusalsSayWhatToDo() {
        #expect("\(TerminalError.cannotPlaceCursor("dumb"))".contains("TERM=dumb"))
        #expect("\(TerminalError.noTerminal)".contains("reprise train"))
        #expect("\(TerminalError.unknownType("foo"))".contains("xterm-256color"))
    }
}
