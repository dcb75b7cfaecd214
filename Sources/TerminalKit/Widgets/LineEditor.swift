/// A line being typed: text, cursor and the lines typed before.
///
/// The cursor moves by what a reader takes for one character, so that marks never come loose from their letter.
package struct LineEditor: Sendable, Equatable {
    package private(set) var text: String
    /// Characters before the cursor.
    package private(set) var cursor: Int
    /// Lines typed before, the oldest first.
    package private(set) var history: [String]
    /// The line of history that is shown; nil for the one being typed.
    private var historyIndex: Int?
    private var draft = ""

    package init(text: String = "", history: [String] = []) {
        self.text = text
        self.cursor = text.count
        self.history = history
    }

    /// Columns before the cursor.
    package var cursorColumn: Int { CharacterWidth.columns(of: text.prefix(cursor)) }

    /// Puts text at the cursor; line ends become spaces, other control characters are left out.
    package mutating func insert(_ added: String) {
        let clean = String(
            added.map { $0.isNewline || $0 == "\t" ? " " : $0 }.filter { character in
                character.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
            })
        let head = String(text.prefix(cursor)) + clean
        // A mark may join the character before it: count what there is now.
        let rest = text.dropFirst(cursor)
        text = head + rest
        cursor = head.count
    }

    /// Handles an editing key; false for a key that means nothing to an editor.
    @discardableResult
    package mutating func handle(_ key: Key) -> Bool {
        switch key {
        case .character(let character): insert(String(character))
        case .left, .control("b"): cursor = max(0, cursor - 1)
        case .right, .control("f"): cursor = min(text.count, cursor + 1)
        case .home, .control("a"): cursor = 0
        case .end, .control("e"): cursor = text.count
        case .backspace: remove(from: cursor - 1, to: cursor)
        case .delete, .control("d"): remove(from: cursor, to: cursor + 1)
        case .control("u"): remove(from: 0, to: cursor)
        case .control("k"): remove(from: cursor, to: text.count)
        case .control("w"): remove(from: startOfWord, to: cursor)
        case .up: showHistory(older: true)
        case .down: showHistory(older: false)
        default: return false
        }
        return true
    }

    /// Ends the line: returns it, remembers it and begins an empty one.
    package mutating func submit() -> String {
        let line = text
        if !line.isEmpty, history.last != line { history.append(line) }
        if history.count > 100 { history.removeFirst(history.count - 100) }
        self = LineEditor(history: history)
        return line
    }

    private var startOfWord: Int {
        let before = Array(text.prefix(cursor))
        var place = cursor
        while place > 0, before[place - 1] == " " { place -= 1 }
        while place > 0, before[place - 1] != " " { place -= 1 }
        return place
    }

    private mutating func remove(from start: Int, to end: Int) {
        guard start >= 0, end <= text.count, start < end else { return }
        text = String(text.prefix(start) + text.dropFirst(end))
        cursor = start
    }

    private mutating func showHistory(older: Bool) {
        let next: Int?
        switch (historyIndex, older) {
        case (nil, true): next = history.isEmpty ? nil : history.count - 1
        case (nil, false): return
        case (let index?, true): next = max(0, index - 1)
        case (let index?, false): next = index + 1 < history.count ? index + 1 : nil
        }
        if historyIndex == nil { draft = text }
        historyIndex = next
        text = next.map { history[$0] } ?? draft
        cursor = text.count
    }

    /// Draws the part of the line around the cursor, and puts the terminal's cursor there.
    package func draw(on grid: inout CellGrid, row: Int, columns: Range<Int>, style: CellStyle = .text) {
        let room = columns.count
        guard room > 1 else { return }
        let hidden = max(0, cursorColumn - (room - 1))
        grid.write(text, row: row, column: columns.lowerBound - hidden, style: style, within: columns)
        grid.cursor = CellPosition(row: row, column: columns.lowerBound + cursorColumn - hidden)
    }
}
