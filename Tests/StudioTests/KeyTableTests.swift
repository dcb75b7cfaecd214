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

    @Test func everyActionHasAKey() {
        let reached = Set(KeyTable.bindings.map(\.action))
        #expect(reached == Set(StudioAction.allCases))
    }

    @Test func whatIsTypedIsNeverACommand() {
        for place in [KeyPlace.audition, .learningRate] {
            for binding in KeyTable.bindings(at: place) {
                for key in binding.keys {
                    if case .character = key { Issue.record("\(key.label) cannot be typed in \(place)") }
                }
            }
        }
    }

    @Test func helpAndReadmeListEveryKeyOfTheDashboard() {
        let help = KeyTable.help(at: .dashboard)
        for binding in KeyTable.bindings(at: .dashboard) {
            #expect(help.contains { $0.meaning == binding.meaning })
            #expect(KeyTable.markdown.contains(binding.meaning))
        }
        #expect(KeyTable.markdown.contains("| `space` |"))
    }
}
