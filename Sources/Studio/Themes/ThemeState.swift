import TerminalKit
import Training

/// Which themes there are and which one is shown.
package struct ThemeState: Sendable, Equatable {
    package var names: [String] = []
    /// The one that was chosen for good.
    package var name = ""
    /// The one on the screen, which may be a preview.
    package var shown = ""

    package init() {}

    /// The theme that is to be shown from now on; nil when it is shown already.
    mutating func change(_ overlay: Overlay?) -> String? {
        var wanted = name
        if case .themes(let chooser) = overlay { wanted = chooser.selected ?? name }
        guard !wanted.isEmpty, wanted != shown else { return nil }
        shown = wanted
        return wanted
    }
}

/// A list of themes; the whole studio wears the chosen one meanwhile.
package struct ThemeChooser: Sendable, Equatable {
    package var names: [String]
    package private(set) var selection: ListSelection

    package init(names: [String], current: String) {
        self.names = names
        selection = ListSelection(index: names.firstIndex(of: current) ?? 0)
    }

    package var selected: String? { names.indices.contains(selection.index) ? names[selection.index] : nil }

    mutating func move(_ movement: Movement) { selection.move(by: movement.lines, count: names.count) }
    mutating func choose(_ index: Int) { selection = ListSelection(index: index) }
}

extension StudioState {
    mutating func chooseTheme() -> [StudioEffect] {
        // A file that was given by its path is no name of the list, and is what is gone back to.
        let names = themes.names.contains(themes.name) ? themes.names : [themes.name] + themes.names
        overlay = .themes(ThemeChooser(names: names.filter { !$0.isEmpty }, current: themes.name))
        return []
    }

    mutating func keepTheme(_ chooser: ThemeChooser) -> [StudioEffect] {
        overlay = nil
        guard let name = chooser.selected, name != themes.name else { return [] }
        themes.name = name
        themes.shown = name
        if case .watching = snapshot?.phase {
            return say("Theme \(name), until this studio is left: it only looks on.")
        }
        return [.change("studio.theme", to: name)]
    }
}

/// The list beside a sample of every colour, so far to the right that the screen behind it can be judged.
func drawThemes(_ chooser: ThemeChooser, on grid: inout CellGrid) {
    let samples: [(String, CellStyle)] =
        [
            ("text", .text), ("quiet", .dim), ("accent", .accent), ("good", CellStyle(.good)),
            ("warning", CellStyle(.warning)), ("bad", CellStyle(.bad)), ("chosen", .selected),
        ] + (0..<6).map { ("●─ curve \($0 + 1)", CellStyle(.series($0))) }
    let rows = min(grid.size.rows - 2, max(samples.count, chooser.names.count) + 3)
    let width = min(grid.size.columns, 40)
    let rect = CellRect(
        row: max(0, (grid.size.rows - rows) / 2), column: grid.size.columns - width, rows: rows, columns: width)
    grid.fill(rect)
    grid.drawBox(rect, title: "Theme", focused: true, note: "\(chooser.names.count)")
    let (body, keys) = rect.inside.splitTop(rect.inside.rows - 1)
    let (list, sample) = body.splitLeft(22)
    grid.drawTable(
        chooser.names.map { [" " + Wording.endOf($0, columns: 20)] }, columns: [TableColumn(width: 22)],
        selection: chooser.selection, in: list)
    grid.addLineTargets(
        place: .themes, visible: chooser.selection.visible(count: chooser.names.count, rows: list.rows), in: list)
    for (offset, (text, style)) in samples.enumerated() where offset < sample.rows {
        grid.write(text, row: sample.row + offset, column: sample.column + 2, style: style, within: sample.columnRange)
    }
    let hints = KeyTable.hints(at: .themes).map { "\($0.key) \($0.hint)" }.joined(separator: "   ")
    grid.write(hints, row: keys.row, column: keys.column + 1, style: .dim, within: keys.columnRange)
    grid.cursor = nil
}
