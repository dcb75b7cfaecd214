import TerminalKit
import Training

/// Charts, checkpoints and log beside each other; where there is no room for all, the one that has the focus.
func drawTrain(_ state: StudioState, on grid: inout CellGrid, in body: CellRect, glyphs: ChartGlyphs) {
    if state.train.isMaximised, state.train.focus == .chart {
        return drawChart(state, number: state.train.chart, on: &grid, in: body, glyphs: glyphs)
    }
    guard body.rows >= 21, body.columns >= 80 else {
        switch state.train.focus {
        case .chart: drawChart(state, number: state.train.chart, on: &grid, in: body, glyphs: glyphs)
        case .history: drawCheckpoints(state, on: &grid, in: body, focused: true)
        case .log: drawLog(state, on: &grid, in: body)
        }
        return
    }
    let logRows = min(14, max(7, body.rows * 3 / 10))
    let (upper, log) = body.splitTop(body.rows - logRows)
    let historyColumns = min(52, max(38, body.columns * 3 / 10))
    let (charts, history) = upper.splitLeft(upper.columns - historyColumns)
    drawCharts(state, on: &grid, in: charts, glyphs: glyphs)
    drawCheckpoints(state, on: &grid, in: history, focused: state.train.focus == .history)
    drawLog(state, on: &grid, in: log)
}

/// As many charts as there is room for, the chosen one among them.
private func drawCharts(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs) {
    let all = state.curves.isEmpty ? 1 : state.train.panes.count
    let across = max(1, rect.columns / 64)
    let count = min(all, across * max(1, rect.rows / 12))
    let columns = min(across, count)
    let rows = (count + columns - 1) / columns
    let first = max(0, min(state.train.chart / count * count, all - count))
    for row in 0..<rows {
        let top = rect.rows * row / rows
        let (_, lower) = rect.splitTop(top)
        let (line, _) = lower.splitTop(rect.rows * (row + 1) / rows - top)
        // The last line has the wider charts when there are fewer.
        let numbers = row * columns..<min(count, (row + 1) * columns)
        for (place, number) in numbers.enumerated() {
            let left = line.columns * place / numbers.count
            let (_, right) = line.splitLeft(left)
            let (box, _) = right.splitLeft(line.columns * (place + 1) / numbers.count - left)
            drawChart(state, number: first + number, on: &grid, in: box, glyphs: glyphs)
        }
    }
}

/// One chart in a box that says what it shows, and how.
private func drawChart(
    _ state: StudioState, number: Int, on grid: inout CellGrid, in rect: CellRect, glyphs: ChartGlyphs
) {
    let train = state.train
    guard train.panes.indices.contains(number) else { return }
    let pane = train.panes[number]
    grid.addTarget(rect, StudioTarget.chart(number))
    let isChosen = number == train.chart
    let chart = state.chart(pane, glyphs: glyphs)
    let axis = pane.isLogarithmic ? "log" : ""
    let average = train.smoothing == .off ? "" : "smooth \(train.smoothing.rawValue)"
    let place = isChosen ? "‹ \(number + 1)/\(train.panes.count) ›" : ""
    let notes = isChosen ? [axis, average, train.view.text, place] : [axis]
    grid.drawBox(
        rect, title: pane.title, focused: train.focus == .chart && isChosen,
        note: notes.filter { !$0.isEmpty }.joined(separator: "  "))
    if case .preparing(let what, let fraction) = state.snapshot?.phase, state.curves.isEmpty {
        drawPreparation(what, fraction: fraction, on: &grid, in: rect.inside)
        return
    }
    var room = rect.inside
    if pane.figures.contains(where: { if case .seconds = $0 { true } else { false } }) {
        let parts = timeSplitRows(state, in: room)
        let (upper, lower) = room.splitTop(room.rows - parts)
        drawTimeSplit(state, on: &grid, in: lower)
        room = upper
    }
    guard let plot = chart.draw(on: &grid, in: room) else { return }
    grid.addTarget(plot, StudioTarget.plot(number))
}

extension StudioState {
    /// A pane's chart as the keys have set it: the curves, other branches behind them, checkpoints under them.
    package func chart(_ pane: ChartPane, glyphs: ChartGlyphs) -> LineChart {
        let window = curves.steps.map { train.view.window(of: $0) }
        var series: [ChartSeries] = []
        for (index, figure) in pane.figures.enumerated() {
            guard var points = curves.series[figure] else { continue }
            if let detail = train.detail?.curves.series[figure] { points = points.replacing(detail) }
            series.append(
                ChartSeries(
                    name: Wording.name(of: figure), shortName: Wording.shortName(of: figure), role: .series(index),
                    points: points, isSparse: figure.isSparse))
        }
        // Of other branches the chart's first figure alone: more would be noise.
        if train.showsGhosts, !series.isEmpty, let figure = pane.figures.first {
            series += train.ghosts.compactMap { ghost in
                ghost.curves.series[figure].map {
                    ChartSeries(name: ghost.name, role: .dim, points: $0, isGhost: true)
                }
            }
        }
        var chart = LineChart(
            series: series, glyphs: glyphs, isLogarithmic: pane.isLogarithmic, emptyText: emptyText(pane))
        chart.window = window
        chart.smoothing = train.smoothing.average
        chart.crosshair = train.crosshair
        chart.marks = checkpointMarks
        return chart
    }

    /// The checkpoints of the line in training, and of others the one that is selected.
    private var checkpointMarks: [ChartMark] {
        var marks: [ChartMark] = []
        let selected = history.selectedID
        for checkpoint in snapshot?.checkpoints ?? [] where isOnLine(checkpoint) {
            let isMarked = checkpoint.isPinned || !checkpoint.tags.isEmpty
            let role: ColorRole = checkpoint.id == selected ? .accent : isMarked ? .good : .text
            marks.append(ChartMark(x: Double(checkpoint.step), sign: isMarked ? "★" : "▲", role: role))
        }
        return marks
    }

    private func isOnLine(_ checkpoint: CheckpointSummary) -> Bool {
        guard let snapshot else { return false }
        if checkpoint.branch == snapshot.branch { return true }
        var next = snapshot.branches.first { $0.name == snapshot.branch }
        var left = snapshot.branches.count
        while let branch = next, left > 0, let parent = Ghost.place(branch.parent) {
            if parent.branch == checkpoint.branch { return checkpoint.step <= parent.step }
            next = snapshot.branches.first { $0.name == parent.branch }
            left -= 1
        }
        return false
    }

    private func emptyText(_ pane: ChartPane) -> String {
        if snapshot == nil { return "Opening the voice …" }
        if pane.figures.isEmpty { return "Nothing is chosen: m chooses what is shown here." }
        if pane.figures.allSatisfy({ $0.stage == .speaker }) { return "No step of the stage speaker yet." }
        if pane.figures.allSatisfy({ $0.stage == .prior }) { return "No step of the prior yet." }
        return pane.figures.contains { $0.stage == .prior } ? "No value yet." : "No step of SoVITS yet."
    }
}

/// What is being prepared, with a bar where it is known how far it is.
private func drawPreparation(_ what: String, fraction: Double?, on grid: inout CellGrid, in rect: CellRect) {
    let row = rect.row + max(0, rect.rows / 2 - 1)
    let room = rect.column + 1..<max(rect.column + 1, rect.lastColumn)
    grid.write(CharacterWidth.shortened(what, columns: room.count), row: row, column: room.lowerBound)
    guard let fraction, fraction.isFinite, room.count > 10 else { return }
    let width = room.count - 5
    let done = Int(min(1, max(0, fraction)) * Double(width))
    grid.write(String(repeating: "█", count: done), row: row + 1, column: room.lowerBound, style: CellStyle(.accent))
    grid.write(
        String(repeating: "·", count: width - done), row: row + 1, column: room.lowerBound + done, style: .dim)
    let percent = "\(Int(min(1, max(0, fraction)) * 100))%"
    grid.write(
        CharacterWidth.padded(percent, columns: 5, toRight: true), row: row + 1, column: room.lowerBound + width)
}
