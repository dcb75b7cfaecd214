extension CellGrid {
    /// A border with a title on its upper line; the focused one is set off by colour and weight.
    package mutating func drawBox(_ rect: CellRect, title: String, focused: Bool = false, note: String = "") {
        guard rect.rows >= 2, rect.columns >= 2 else { return }
        let line = CellStyle(focused ? .accent : .dim)
        let horizontal = String(repeating: "─", count: rect.columns - 2)
        write("╭" + horizontal + "╮", row: rect.row, column: rect.column, style: line)
        write("╰" + horizontal + "╯", row: rect.lastRow, column: rect.column, style: line)
        for row in rect.row + 1..<max(rect.row + 1, rect.lastRow) {
            put("│", row: row, column: rect.column, style: line)
            put("│", row: row, column: rect.lastColumn, style: line)
        }
        let inner = rect.column + 1..<max(rect.column + 1, rect.lastColumn)
        if !title.isEmpty {
            let shown = " " + CharacterWidth.shortened(title, columns: max(0, rect.columns - 6)) + " "
            let style = CellStyle(focused ? .accent : .text, on: .background, focused ? .bold : [])
            write(shown, row: rect.row, column: rect.column + 2, style: style, within: inner)
        }
        if !note.isEmpty {
            let used = CharacterWidth.columns(of: title) + 4
            let width = CharacterWidth.columns(of: note) + 2
            guard used + width + 2 < rect.columns else { return }
            write(" \(note) ", row: rect.row, column: rect.lastColumn - 1 - width, style: .dim, within: inner)
        }
    }

    /// A question or a notice over the middle of the screen: a title, wrapped lines, and a last line of keys.
    package mutating func drawDialog(title: String, lines: [String], keys: String, role: ColorRole = .accent) {
        let width = min(size.columns, 64)
        let wrapped = lines.flatMap { CellGrid.wrap($0, columns: width - 4) }
        let rect = bounds.centered(rows: wrapped.count + 4, columns: width)
        fill(rect)
        drawBox(rect, title: title, focused: true)
        let room = rect.column + 2..<max(rect.column + 2, rect.lastColumn - 1)
        for (offset, line) in wrapped.prefix(max(0, rect.rows - 3)).enumerated() {
            write(line, row: rect.row + 1 + offset, column: rect.column + 2, within: room)
        }
        let style = CellStyle(role, on: .background, .bold)
        write(keys, row: rect.lastRow - 1, column: rect.column + 2, style: style, within: room)
        cursor = nil
    }

    /// Pairs of key and meaning in a list over the middle of the screen, from entry `first` on as far as there is room;
    /// arrows on the border say where it goes on.
    package mutating func drawHelp(title: String, entries: [(keys: String, meaning: String)], from first: Int = 0) {
        let keyWidth = entries.map { CharacterWidth.columns(of: $0.keys) }.max() ?? 0
        let meaningWidth = entries.map { CharacterWidth.columns(of: $0.meaning) }.max() ?? 0
        let rect = bounds.centered(rows: entries.count + 2, columns: keyWidth + 2 + meaningWidth + 4)
        fill(rect)
        drawBox(rect, title: title, focused: true)
        let inside = rect.inside
        let visible = scrolled(to: first, count: entries.count, rows: inside.rows)
        let room = inside.column + 1..<max(inside.column + 1, inside.lastColumn)
        for (offset, entry) in entries[visible].enumerated() {
            let row = inside.row + offset
            let keys = CharacterWidth.padded(entry.keys, columns: keyWidth)
            let place = write(keys, row: row, column: room.lowerBound, style: .accent, within: room) + 2
            let meaning = CharacterWidth.shortened(entry.meaning, columns: max(0, room.upperBound - place))
            write(meaning, row: row, column: place, within: room)
        }
        drawScrollMark(visible: visible, count: entries.count, in: inside)
        cursor = nil
    }

    /// The lines of a list that its frame has room for, from `first` on or, at the end, from as far as the last one allows.
    package mutating func scrolled(to first: Int, count: Int, rows: Int) -> Range<Int> {
        let start = max(0, min(first, count - rows))
        topLine = start
        return start..<min(count, start + max(0, rows))
    }

    /// Cuts text into lines at spaces; a word longer than a line is cut where it must be.
    package static func wrap(_ text: String, columns: Int) -> [String] {
        guard columns > 0 else { return [] }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: true) {
            var rest = String(word)
            let joined = line.isEmpty ? rest : line + " " + rest
            if CharacterWidth.columns(of: joined) <= columns {
                line = joined
                continue
            }
            if !line.isEmpty { lines.append(line) }
            while CharacterWidth.columns(of: rest) > columns {
                let head = CharacterWidth.prefix(of: rest, columns: columns)
                if head.isEmpty { break }
                lines.append(head)
                rest = String(rest.unicodeScalars.dropFirst(head.unicodeScalars.count))
            }
            line = rest
        }
        if !line.isEmpty || lines.isEmpty { lines.append(line) }
        return lines
    }
}
