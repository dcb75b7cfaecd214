import TerminalKit

/// Every command of a screen by its name: typed letters narrow the list.
package struct Palette: Sendable, Equatable {
    package var place: KeyPlace
    package var editor = LineEditor()
    package var selected = 0

    package init(place: KeyPlace) {
        self.place = place
    }

    package struct Entry: Sendable, Equatable {
        package var name: String
        package var keys: String
        package var action: StudioAction
    }

    /// What matches the typed words, each of which must stand somewhere in the name; the place's own commands first.
    package var entries: [Entry] {
        let words = editor.text.lowercased().split(separator: " ")
        return KeyTable.bindings(at: place).filter { binding in
            switch binding.action {
            case .palette, .move: return false
            default: return words.allSatisfy { binding.meaning.lowercased().contains($0) }
            }
        }.map { Entry(name: $0.meaning, keys: $0.keys.map(\.label).joined(separator: " "), action: $0.action) }
    }

    package var selectedEntry: Entry? {
        let all = entries
        return all.isEmpty ? nil : all[min(selected, all.count - 1)]
    }

    mutating func move(_ movement: Movement) {
        var selection = ListSelection(index: min(selected, max(0, entries.count - 1)))
        selection.move(by: movement.lines, count: entries.count)
        selected = selection.index
    }

    mutating func type(_ key: Key) {
        editor.handle(key)
        selected = 0
    }
}
