import TerminalKit
import Training

/// Draws the welcome screen: a pure function of the state, the size and the characters that can be shown.
package func drawWelcome(_ state: WelcomeState, size: TerminalSize, glyphs: ChartGlyphs) -> CellGrid {
    var grid = CellGrid(size: size)
    guard size.rows >= 8, size.columns >= 30 else {
        drawSmallest(state, on: &grid)
        return grid
    }
    let bottom = size.rows - 1
    let notice = state.notice.map { CellGrid.wrap($0.text, columns: size.columns - 2) } ?? []
    let noticeRows = min(notice.count, 4)
    let body = CellRect(row: 0, column: 0, rows: bottom - noticeRows, columns: size.columns)
    drawList(state, on: &grid, in: body)
    for (offset, line) in notice.prefix(noticeRows).enumerated() {
        grid.write(
            line, row: bottom - noticeRows + offset, column: 1, style: CellStyle(state.notice?.role ?? .text),
            within: 1..<size.columns - 1)
    }
    drawKeys(state, on: &grid, row: bottom)
    switch state.mode {
    case .choosing: break
    case .opening(let what): drawBusy(what, on: &grid)
    case .typingFolder(let editor, let candidates):
        drawPrompt(
            "A folder of recordings", "path", editor,
            ["With metadata.csv (id|text) or a GPT-SoVITS .list; tab completes."] + fitted(candidates), on: &grid)
    case .naming(let editor, let path):
        drawPrompt("A name for the new voice", "name", editor, ["Made of \(path)."], on: &grid)
    case .namingRecording(let editor):
        drawPrompt(
            "A name for the new voice", "name", editor, ["You will read sentences aloud, one by one."], on: &grid)
    case .choosingLanguage(let editor, let name):
        drawPrompt(
            "What language does \(name) speak?", "language", editor,
            ["As espeak-ng calls it: en-us, en-gb, de, fr-fr, es, it, cmn …"], on: &grid)
    case .typingSentence(let editor, _, _, _):
        drawPrompt("Your own sentence", "say", editor, ["What you will say, word for word."], on: &grid)
    case .importing(let done, let total, let id, let isStopping):
        drawImport(done, total, id, isStopping, on: &grid)
    case .report(let made, let first): drawReport(made, from: first, on: &grid)
    case .recording(let recorder, _, _): drawRecorder(recorder, on: &grid, glyphs: glyphs)
    }
    if let first = state.helpFrom {
        let place = state.helpPlace
        grid.drawHelp(title: "Keys: \(place.rawValue)", entries: KeyTable.help(at: place), from: first)
    }
    return grid
}

/// One or two lines of completions.
private func fitted(_ candidates: [String]) -> [String] {
    guard !candidates.isEmpty else { return [] }
    let names = candidates.prefix(12).map { path -> String in
        let parts = path.split(separator: "/")
        return (parts.last.map(String.init) ?? path) + (path.hasSuffix("/") ? "/" : "")
    }
    return [names.joined(separator: "  ") + (candidates.count > 12 ? " …" : "")]
}

private func drawSmallest(_ state: WelcomeState, on grid: inout CellGrid) {
    let columns = 0..<grid.size.columns
    if let editor = state.editor { return editor.draw(on: &grid, row: 0, columns: columns) }
    let text =
        switch state.mode {
        case .importing(let done, let total, _, _): "Reading \(done)/\(total)"
        case .opening(let what): what
        case .report: "enter opens it"
        case .recording(let recorder, _, _): recorder.sentence
        default:
            state.choices.indices.contains(state.selected)
                ? "▸ " + words(state.choices[state.selected], state).name : ""
        }
    grid.write(CharacterWidth.shortened(text, columns: columns.count), row: 0, column: 0, style: .accent)
    guard grid.size.rows > 1, let notice = state.notice else { return }
    for (offset, line) in CellGrid.wrap(notice.text, columns: columns.count).prefix(grid.size.rows - 1).enumerated() {
        grid.write(line, row: 1 + offset, column: 0, style: CellStyle(notice.role))
    }
}

/// A choice's heading, name and what there is to say of it.
private func words(_ choice: WelcomeState.Choice, _ state: WelcomeState) -> (
    heading: String, name: String, detail: String
) {
    switch choice {
    case .voice(let entry): ("Your voices", entry.name, entry.detail)
    case .unfinished(let entry): ("Your voices", entry.name, "recording not finished: \(entry.detail)")
    case .sample(let entry): ("Samples", entry.name, entry.detail)
    case .folder: ("A new voice", "From a folder", "recordings and their transcripts on this computer")
    case .microphone: ("A new voice", "With the microphone", "read sentences aloud, one by one")
    }
}

/// The choices under their headings, in the middle of the screen.
private func drawList(_ state: WelcomeState, on grid: inout CellGrid, in body: CellRect) {
    let choices = state.choices.map { words($0, state) }
    let nameColumns = min(28, choices.map { CharacterWidth.columns(of: $0.name) }.max() ?? 0)
    var lines: [(choice: Int?, heading: String)] = []
    for (index, choice) in choices.enumerated() {
        if index == 0 || choices[index - 1].heading != choice.heading {
            if index > 0 { lines.append((nil, "")) }
            lines.append((nil, choice.heading))
        }
        lines.append((index, ""))
    }
    let remarks = footing(state)
    let isRoomy = body.rows >= lines.count + remarks.count + 8
    let box = body.centered(
        rows: min(body.rows, lines.count + (isRoomy ? 6 + remarks.count : 2)), columns: min(84, body.columns))
    grid.drawBox(box, title: "Reprise", focused: state.mode == .choosing)
    var inside = box.inside
    let room = inside.column + 2..<max(inside.column + 2, inside.lastColumn - 1)
    if isRoomy {
        grid.write(
            "Teach this computer a voice. Which one?", row: inside.row + 1, column: room.lowerBound,
            style: CellStyle(.text, on: .background, .bold), within: room)
        inside = inside.splitTop(3).1
        for (offset, line) in remarks.enumerated() {
            let short = CharacterWidth.shortened(line, columns: room.count)
            grid.write(
                short, row: box.lastRow - remarks.count + offset, column: room.lowerBound, style: .dim, within: room)
        }
        inside = inside.splitTop(inside.rows - remarks.count - 1).0
    }
    let current = lines.firstIndex { $0.choice == state.selected } ?? 0
    let visible = ListSelection(index: current).visible(count: lines.count, rows: inside.rows)
    for (offset, line) in lines[visible].enumerated() {
        let row = inside.row + offset
        guard let index = line.choice else {
            grid.write(line.heading, row: row, column: room.lowerBound, style: .accent, within: room)
            continue
        }
        let isChosen = index == state.selected
        let rowRect = CellRect(row: row, column: inside.column, rows: 1, columns: inside.columns)
        grid.addTarget(rowRect, StudioTarget.line(.welcome, index))
        let name = CharacterWidth.padded(choices[index].name, columns: nameColumns)
        let place = grid.write(
            (isChosen ? "▸ " : "  ") + name, row: row, column: room.lowerBound, style: .text, within: room)
        let detail = CharacterWidth.shortened(choices[index].detail, columns: max(0, room.upperBound - place - 2))
        grid.write(detail, row: row, column: place + 2, style: .dim, within: room)
        if isChosen { grid.paint(rowRect, background: .selection) }
    }
    grid.drawScrollMark(visible: visible, count: lines.count, in: inside)
}

/// Where things are, or were looked for.
private func footing(_ state: WelcomeState) -> [String] {
    guard let offer = state.offer else { return ["Looking for voices …"] }
    var lines: [String] = []
    if offer.samples.isEmpty { lines.append("No samples in \(offer.sampleFolders.joined(separator: ", ")).") }
    lines.append("Voices are kept in \(offer.home).")
    return lines
}

private func drawKeys(_ state: WelcomeState, on grid: inout CellGrid, row: Int) {
    var place = 1
    for hint in KeyTable.hints(at: state.place) {
        let columns = CharacterWidth.columns(of: hint.key) + 1 + CharacterWidth.columns(of: hint.hint)
        guard place + columns < grid.size.columns else { return }
        grid.addTarget(
            CellRect(row: row, column: place, rows: 1, columns: columns), StudioTarget.action(hint.action))
        place = grid.write(hint.key, row: row, column: place, style: CellStyle(.accent)) + 1
        place = grid.write(hint.hint, row: row, column: place, style: .dim) + 2
    }
}

/// A box with a line to type into and what helps to fill it.
private func drawPrompt(
    _ title: String, _ label: String, _ editor: LineEditor, _ lines: [String], on grid: inout CellGrid
) {
    let rect = grid.bounds.centered(rows: 3 + lines.count, columns: 76)
    grid.fill(rect)
    grid.drawBox(rect, title: title, focused: true)
    let inside = rect.inside
    let start = grid.write(label, row: inside.row, column: inside.column + 1, style: .dim) + 1
    let room = inside.column + 1..<max(inside.column + 1, inside.lastColumn)
    for (offset, line) in lines.enumerated() where inside.row + 1 + offset <= inside.lastRow {
        grid.write(
            CharacterWidth.shortened(line, columns: room.count), row: inside.row + 1 + offset, column: room.lowerBound,
            style: .dim, within: room)
    }
    let style = CellStyle(.text, on: .selection)
    grid.fill(CellRect(row: inside.row, column: start, rows: 1, columns: inside.lastColumn - start), style: style)
    editor.draw(on: &grid, row: inside.row, columns: start..<inside.lastColumn, style: style)
}

private func drawBusy(_ what: String, on grid: inout CellGrid) {
    let rect = grid.bounds.centered(rows: 3, columns: min(60, CharacterWidth.columns(of: what) + 4))
    grid.fill(rect)
    grid.drawBox(rect, title: "", focused: true)
    grid.write(what, row: rect.row + 1, column: rect.column + 2, within: rect.inside.columnRange)
}

private func drawImport(_ done: Int, _ total: Int, _ id: String, _ isStopping: Bool, on grid: inout CellGrid) {
    let rect = grid.bounds.centered(rows: 5, columns: 64)
    grid.fill(rect)
    grid.drawBox(
        rect, title: isStopping ? "Stopping the import" : "Importing", focused: true,
        note: total > 0 ? "\(done)/\(total)" : "")
    let inside = rect.inside
    let room = inside.column + 1..<max(inside.column + 1, inside.lastColumn)
    grid.write(
        CharacterWidth.shortened(id.isEmpty ? "Reading the transcripts …" : id, columns: room.count), row: inside.row,
        column: room.lowerBound, within: room)
    let length = total > 0 ? room.count * done / total : 0
    let bar = String(repeating: "█", count: length) + String(repeating: "·", count: room.count - length)
    grid.write(bar, row: inside.row + 1, column: room.lowerBound, style: CellStyle(.accent), within: room)
    grid.write(
        "esc stops it; nothing is left behind", row: inside.lastRow, column: room.lowerBound, style: .dim, within: room)
}

private func drawReport(_ made: MadeVoice, from first: Int, on grid: inout CellGrid) {
    let width = min(grid.size.columns, 100)
    let lines = made.report.flatMap { line -> [String] in
        let indent = String(line.prefix { $0 == " " })
        return CellGrid.wrap(line, columns: width - 4 - indent.count).map { indent + $0 }
    }
    let rect = grid.bounds.centered(rows: lines.count + 4, columns: width)
    grid.fill(rect)
    grid.drawBox(rect, title: "What became of the recordings", focused: true)
    let inside = rect.inside
    let (list, foot) = inside.splitTop(inside.rows - 1)
    let room = inside.column + 1..<max(inside.column + 1, inside.lastColumn)
    let start = max(0, min(first, lines.count - list.rows))
    let visible = start..<min(lines.count, start + list.rows)
    for (offset, line) in lines[visible].enumerated() {
        grid.write(line, row: list.row + offset, column: room.lowerBound, within: room)
    }
    grid.drawScrollMark(visible: visible, count: lines.count, in: list)
    grid.write(
        "enter opens the voice and begins to train", row: foot.row, column: room.lowerBound, style: .accent,
        within: room)
}
