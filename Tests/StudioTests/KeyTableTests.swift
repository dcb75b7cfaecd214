import Studio
import TerminalKit
import Testing

@Suite struct KeyTableTests {
    @Test(arguments: KeyPlace.allCases)
    func noKeyMeansTwoThingsInOnePlace(place: KeyPlace) {
        let keys = KeyTable.bindings(at: place).flatMap(\.keys)
        #expect(keys.count == Set(keys).count)
        #expect(!keys.isEmpty)
    }

    @Test func whatIsTypedIsNeverACommand() {
        for place in KeyPlace.editors {
            for binding in KeyTable.bindings(at: place) {
                for key in binding.keys {
                    if case .character = key { Issue.record("\(key.label) cannot be typed in \(place)") }
                }
            }
        }
    }

    @Test(arguments: KeyPlace.screens) func helpAndReadmeListEveryKeyOfAScreen(place: KeyPlace) {
        let help = KeyTable.help(at: place)
        for binding in KeyTable.bindings(at: place) {
            #expect(help.contains { $0.meaning == binding.meaning })
            #expect(KeyTable.markdown.contains(binding.meaning))
        }
        #expect(KeyTable.markdown.contains("| `space` |"))
    }

    @Test func thePaletteFindsCommandsByTheirWords() throws {
        var state = Fixture.state()
        for key in [":", "s", "c", "r", "e", "e", "n", " ", "d", "a", "t"] as [Key] {
            _ = state.reduce(.terminal(.key(key)))
        }
        guard case .palette(let palette) = state.overlay else { return #expect(Bool(false), "no palette") }
        #expect(palette.entries.map(\.action) == [.show(.data)])
        _ = state.reduce(.terminal(.key(.enter)))
        #expect(state.screen == .data)
        #expect(state.overlay == nil)
    }
}
