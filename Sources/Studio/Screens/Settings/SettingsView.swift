import TerminalKit
import Training

/// How settings are told.
enum SettingsWording {
    static func text(_ value: String) -> String { value.isEmpty ? "(none)" : value }

    /// When a change is obeyed.
    static func effect(_ setting: SettingState) -> String {
        switch setting.effect {
        case .nextStep: "Obeyed from the next step on, as part of this line; logged and replayed."
        case .atOnce: "Obeyed at once and kept in voice.toml."
        case .nextStart: "Kept in voice.toml; obeyed when the voice is opened the next time."
        case .fixed: "Part of the weights: fixed since training began."
        }
    }

    static func mark(_ setting: SettingState) -> String {
        if setting.waiting != nil { return "…" }
        if setting.isOnLine { return "▸" }
        return setting.isDefault ? " " : "●"
    }

    static let legend = "● not the default   ▸ changed on this line   … waits for the next start"
}

/// The settings screen: every setting in its section, and all about the chosen one.
func drawSettings(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    let settings = state.settings
    guard rect.rows >= 12, rect.columns >= 60, settings.chosen != nil else {
        drawList(state, on: &grid, in: rect)
        return
    }
    if rect.columns >= 110 {
        let (list, detail) = rect.splitLeft(rect.columns - min(60, rect.columns * 2 / 5))
        drawList(state, on: &grid, in: list)
        drawDetail(state, on: &grid, in: detail)
    } else {
        let (list, detail) = rect.splitTop(rect.rows - 9)
        drawList(state, on: &grid, in: list)
        drawDetail(state, on: &grid, in: detail)
    }
}

private func drawList(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    let shown = state.settings.shown
    let index = min(state.settings.selection.index, max(0, shown.count - 1))
    let changed = state.settings.rows.filter { !$0.isDefault }.count
    grid.drawBox(
        rect, title: state.settings.onlyChanged ? "Settings: changed" : "Settings", focused: true,
        note: shown.isEmpty ? "" : "\(changed) changed  \(index + 1)/\(shown.count)")
    let inside = rect.inside
    let columns = inside.column + 1..<max(inside.column + 1, inside.lastColumn)
    guard !shown.isEmpty else {
        let sentence =
            state.settings.rows.isEmpty
            ? "Reading voice.toml …" : "Nothing is changed. Press c to see every setting."
        for (offset, line) in CellGrid.wrap(sentence, columns: columns.count).enumerated() where offset < inside.rows {
            grid.write(line, row: inside.row + offset, column: columns.lowerBound, style: .dim, within: columns)
        }
        return
    }
    // Sections are lines of their own: the place of a setting on the screen is found through this table.
    var lines: [Int?] = []
    for (place, setting) in shown.enumerated() {
        if place == 0 || shown[place - 1].section != setting.section { lines.append(nil) }
        lines.append(place)
    }
    let chosenLine = lines.firstIndex(of: index) ?? 0
    let visible = ListSelection(index: chosenLine).visible(count: lines.count, rows: inside.rows)
    let keyWidth = min(22, max(8, columns.count - 14))
    for (offset, line) in visible.enumerated() {
        let row = inside.row + offset
        guard let place = lines[line] else {
            let section = shown[lines[line + 1] ?? 0].section
            grid.write("[\(section)]", row: row, column: columns.lowerBound, style: .accent, within: columns)
            continue
        }
        drawSetting(shown[place], on: &grid, row: row, columns: columns, keyWidth: keyWidth)
        let whole = CellRect(row: row, column: inside.column, rows: 1, columns: inside.columns)
        if place == index { grid.paint(whole, background: .selection) }
        grid.addTarget(whole, StudioTarget.line(.settings, place))
    }
    grid.drawScrollMark(visible: visible, count: lines.count, in: inside)
}

private func drawSetting(
    _ setting: SettingState, on grid: inout CellGrid, row: Int, columns: Range<Int>, keyWidth: Int
) {
    let isQuiet = setting.effect == .fixed
    let mark = SettingsWording.mark(setting)
    var place = grid.write(mark, row: row, column: columns.lowerBound, style: .accent, within: columns) + 1
    place = grid.write(
        CharacterWidth.padded(setting.key, columns: keyWidth), row: row, column: place,
        style: isQuiet ? .dim : .text, within: columns) + 1
    var value = SettingsWording.text(setting.value)
    if let waiting = setting.waiting { value += " → \(SettingsWording.text(waiting))" }
    let style =
        setting.isDefault && setting.waiting == nil ? CellStyle(isQuiet ? .dim : .text)
        : CellStyle(.accent, on: .background, .bold)
    let shown = CharacterWidth.shortened(value, columns: max(0, columns.upperBound - place))
    place = grid.write(shown, row: row, column: place, style: style, within: columns)
    // What it means, where there is room for a good part of it.
    let start = max(place + 3, columns.lowerBound + keyWidth + 16)
    guard columns.upperBound - start >= 24 else { return }
    grid.write(
        CharacterWidth.shortened(setting.meaning, columns: columns.upperBound - start), row: row, column: start,
        style: .dim, within: columns)
}

private func drawDetail(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    guard let setting = state.settings.chosen else { return }
    grid.drawBox(rect, title: "[\(setting.section)] \(setting.key)")
    let inside = rect.inside
    let columns = inside.column + 1..<max(inside.column + 1, inside.lastColumn)
    var row = inside.row
    func write(_ text: String, _ style: CellStyle) {
        for line in CellGrid.wrap(text, columns: columns.count) where row <= inside.lastRow {
            grid.write(line, row: row, column: columns.lowerBound, style: style, within: columns)
            row += 1
        }
    }
    write(setting.meaning, .text)
    let facts: [(String, String)] = [
        ("in force", SettingsWording.text(setting.value)), ("default", SettingsWording.text(setting.defaultValue)),
        ("voice.toml", SettingsWording.text(setting.fileValue)), ("allowed", setting.expectation),
    ]
    if inside.rows >= 10 { row += 1 }
    for (name, value) in facts where row <= inside.lastRow {
        // One line for two where there are few.
        if inside.rows < 9, name == "default" || name == "voice.toml" { continue }
        grid.write(
            CharacterWidth.padded(name, columns: 10), row: row, column: columns.lowerBound, style: .dim,
            within: columns)
        let rest =
            inside.rows < 9 && name == "in force"
            ? "\(value)   default \(facts[1].1)   voice.toml \(facts[2].1)" : value
        let indented = columns.lowerBound + 11
        for line in CellGrid.wrap(rest, columns: max(8, columns.upperBound - indented)) where row <= inside.lastRow {
            grid.write(line, row: row, column: indented, within: columns)
            row += 1
        }
    }
    if inside.rows >= 10 { row += 1 }
    write(SettingsWording.effect(setting), CellStyle(.dim))
    let legend = CellGrid.wrap(SettingsWording.legend, columns: columns.count)
    guard inside.rows >= 10, inside.lastRow - legend.count > row else { return }
    row = inside.lastRow - legend.count + 1
    write(SettingsWording.legend, .dim)
}
