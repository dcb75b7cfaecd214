import TerminalKit
import Training

/// The data screen: the clips, the chosen one, and how often each phoneme occurs. Where there is no room for all, the
/// list and one of the two; in the smallest sizes one at a time.
func drawData(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
    guard state.data.listing != nil else {
        grid.drawBox(rect, title: "Data", focused: true)
        let text = state.data.problem ?? "Reading the list of clips …"
        let inside = rect.inside
        let room = inside.column + 1..<max(inside.column + 1, inside.lastColumn)
        for (offset, line) in CellGrid.wrap(text, columns: room.count).enumerated() where offset < inside.rows {
            grid.write(
                line, row: inside.row + offset, column: room.lowerBound,
                style: CellStyle(state.data.problem == nil ? .dim : .bad), within: room)
        }
        return
    }
    if rect.columns >= 120, rect.rows >= 24 {
        let (left, right) = rect.splitLeft(rect.columns * 11 / 20)
        drawClips(state, on: &grid, in: left)
        let (top, bottom) = right.splitTop(rect.rows / 2)
        drawClip(state, on: &grid, in: top, glyphs: glyphs)
        drawCoverage(state, on: &grid, in: bottom, glyphs: glyphs)
    } else if rect.rows >= 16 {
        let (top, bottom) = rect.splitTop(rect.rows / 2)
        drawClips(state, on: &grid, in: top)
        switch state.data.pane {
        case .clip: drawClip(state, on: &grid, in: bottom, glyphs: glyphs)
        case .coverage: drawCoverage(state, on: &grid, in: bottom, glyphs: glyphs)
        }
    } else if state.data.pane == .coverage {
        drawCoverage(state, on: &grid, in: rect, glyphs: glyphs)
    } else {
        drawClips(state, on: &grid, in: rect)
    }
}

/// Id, length, level, use, warnings and transcript of every clip.
private func drawClips(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    let rows = state.clipRows
    let index = state.clipIndex(in: rows)
    let search = state.clipSearch
    let title = search.isEmpty ? "Clips" : "Clips: \(search)"
    grid.drawBox(
        rect, title: title, focused: true,
        note: rect.columns < 60 ? "\(rows.isEmpty ? 0 : index + 1)/\(rows.count)" : totals(state, rows: rows.count))
    let inside = rect.inside
    guard !rows.isEmpty, let listing = state.data.listing else {
        let text = "No clip matches. esc shows all again."
        grid.write(text, row: inside.row, column: inside.column + 1, style: .dim, within: inside.columnRange)
        return
    }
    let selection = ListSelection(index: index)
    let (head, list) = inside.rows >= 6 ? inside.splitTop(1) : inside.splitTop(0)
    let visible = selection.visible(count: rows.count, rows: list.rows)
    let columns = ClipColumns(rows[visible].map { listing.entries[$0].id }, width: list.columns)
    if !head.isEmpty {
        let headings = columns.headings.map { heading in
            let isSorted = heading == (state.data.order == .file ? "clip" : state.data.order.rawValue)
            return isSorted ? heading + (state.data.isReversed ? "↑" : "↓") : heading
        }
        grid.drawTable([headings], columns: columns.table.map { with($0, .dim) }, selection: nil, in: head)
    }
    for (offset, place) in visible.enumerated() {
        let entry = listing.entries[rows[place]]
        columns.draw(entry, state.data, on: &grid, row: list.row + offset, within: list.columnRange)
        if place == index {
            grid.paint(
                CellRect(row: list.row + offset, column: list.column, rows: 1, columns: list.columns),
                background: .selection)
        }
    }
    grid.drawScrollMark(visible: visible, count: rows.count, in: list)
    grid.addLineTargets(place: .data, visible: visible, in: list)
}

private func with(_ column: TableColumn, _ role: ColorRole) -> TableColumn {
    var column = column
    column.role = role
    return column
}

/// "16 clips  train 46.2 s  held out 7.1 s  out 0".
private func totals(_ state: StudioState, rows: Int) -> String {
    let totals = state.data.totals
    let all = state.data.listing?.entries.count ?? 0
    let read = state.data.inspections.count
    var text = rows == all ? "\(all) clips" : "\(rows) of \(all) clips"
    if read < all { text += "  reading \(read)/\(all)" }
    text += "  train \(Wording.seconds(totals.train))"
    if totals.heldOut > 0 { text += "  held out \(Wording.seconds(totals.heldOut))" }
    if totals.out > 0 { text += "  out \(Wording.seconds(totals.out))" }
    return text
}

/// How a line of the list is cut.
private struct ClipColumns {
    var table: [TableColumn]

    init(_ ids: [String], width: Int) {
        let id = min(max(8, ids.map { CharacterWidth.columns(of: $0) }.max() ?? 8), width < 60 ? 12 : 24)
        table = [
            TableColumn(width: id), TableColumn(width: 6, alignsRight: true),
        ]
        if width >= 40 { table.append(TableColumn(width: 6, alignsRight: true, role: .dim)) }
        table.append(TableColumn(width: 8))
        if width >= 60 { table.append(TableColumn(width: 15, role: .warning)) }
        let used = table.reduce(0) { $0 + $1.width + 1 }
        table.append(TableColumn(width: max(0, width - used)))
    }

    /// Of the cells that a line of this width has.
    private func chosen<Value>(
        _ id: Value, _ length: Value, _ level: Value, _ use: Value, _ warnings: Value, _ text: Value
    )
        -> [Value]
    {
        switch table.count {
        case 6: [id, length, level, use, warnings, text]
        case 5: [id, length, level, use, text]
        default: [id, length, use, text]
        }
    }

    var headings: [String] { chosen("clip", "length", "level", "use", "warnings", "transcript") }

    func draw(
        _ entry: ClipListing.Entry, _ data: DataState, on grid: inout CellGrid, row: Int, within columns: Range<Int>
    ) {
        let inspection = data.inspections[entry.id]
        let warnings = inspection?.warnings ?? []
        let level = inspection.map { $0.outline.level.map { "\(Int($0.rounded())) dB" } ?? "-" } ?? "…"
        let isPlaying = data.playing == entry.id
        let use = isPlaying ? "▸ plays" : data.use(of: entry)
        let cells = chosen(
            entry.id, inspection.map { Wording.seconds($0.seconds) } ?? "…", level, use,
            warnings.map(\.short).joined(separator: ", "), entry.text)
        let isGrave = warnings.contains { $0.stopsTraining } && !entry.isExcluded
        let roles = chosen(
            ColorRole.text, .text, .dim, isPlaying ? .accent : entry.isExcluded ? .dim : .good,
            isGrave ? .bad : .warning,
            entry.isExcluded ? .dim : .text)
        var place = columns.lowerBound
        for (index, column) in table.enumerated() {
            let shown = CharacterWidth.padded(cells[index], columns: column.width, toRight: column.alignsRight)
            grid.write(shown, row: row, column: place, style: CellStyle(roles[index]), within: columns)
            place += column.width + 1
        }
    }
}
