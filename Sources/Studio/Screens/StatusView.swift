import TerminalKit
import Training

/// The phase as a mark and a word.
func phaseText(_ phase: TrainingSnapshot.Phase?) -> (text: String, role: ColorRole) {
    switch phase {
    case nil: ("○ opening", .dim)
    case .preparing: ("○ preparing", .accent)
    case .training: ("● training", .good)
    case .paused: ("‖ paused", .warning)
    case .halted: ("▲ halted", .bad)
    case .saving: ("● saving", .accent)
    case .stopped: ("■ ended", .dim)
    case .failed: ("▲ failed", .bad)
    case .watching: ("◇ looking on", .accent)
    }
}

/// The pieces of the status line; the higher its rank, the earlier a piece makes room.
func statusItems(_ state: StudioState, columns: Int, withPhase: Bool = false) -> [StatusItem] {
    let phase = phaseText(state.snapshot?.phase)
    var items: [StatusItem] = []
    if withPhase {
        // The mark alone where there is hardly room for the step.
        let text = columns < 30 && state.snapshot != nil ? String(phase.text.prefix(1)) : phase.text
        items.append(StatusItem(text, style: CellStyle(phase.role), rank: 0))
    }
    guard let snapshot = state.snapshot else { return items }
    let only = state.onlyStage == nil ? "" : " only"
    let target = snapshot.targetStep.map { "/\($0)" } ?? ""
    items.append(StatusItem(snapshot.stage.rawValue + only, style: .accent, rank: 2))
    if !withPhase {
        // Whoever looks on does not know how many batches there are.
        let of = snapshot.batchesInEpoch > 0 ? "/\(snapshot.batchesInEpoch)" : ""
        items.append(StatusItem("epoch \(snapshot.epoch) \(snapshot.batch)\(of)", rank: 5))
    }
    items.append(StatusItem("step \(snapshot.step)\(target)", rank: 1))
    if let redoing = snapshot.redoing {
        let text = "again \(max(0, snapshot.step - redoing.from))/\(redoing.to - redoing.from)"
        items.append(StatusItem(text, style: CellStyle(.warning), rank: 2))
    }
    if !withPhase, let progress = snapshot.progress {
        items.append(StatusItem(Wording.bar(progress, columns: columns >= 160 ? 20 : 10), style: .dim, rank: 8))
        items.append(StatusItem(Wording.percent(progress), rank: 7))
    }
    if let seconds = snapshot.secondsPerStep {
        items.append(StatusItem("\(Wording.stepTime(seconds))/step", rank: 4))
    }
    if let seconds = snapshot.secondsLeft { items.append(StatusItem("\(Wording.duration(seconds)) left", rank: 3)) }
    if let safety = Wording.safety(snapshot) { items.append(StatusItem(safety, rank: 9)) }
    if !withPhase, let disk = Wording.diskUse(snapshot) { items.append(StatusItem(disk, style: .dim, rank: 10)) }
    items.append(StatusItem("lr \(Wording.learningRate(snapshot.learningRate))", rank: 6))
    return items
}

func drawStatus(_ state: StudioState, on grid: inout CellGrid, row: Int) {
    grid.drawStatusLine(
        statusItems(state, columns: grid.size.columns), row: row, columns: 1..<grid.size.columns - 1)
}

/// The screens on the left, voice and branch behind them, the phase on the right.
func drawHeader(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    let phase = phaseText(state.snapshot?.phase)
    let start = rect.lastColumn - CharacterWidth.columns(of: phase.text)
    grid.write(phase.text, row: rect.row, column: start, style: CellStyle(phase.role, on: .background, .bold))
    var place = rect.column + 1
    let whole = Screen.allCases.reduce(0) { $0 + $1.name.count + 3 }
    for screen in Screen.allCases where whole < rect.columns - 12 || screen == state.screen {
        let label = " \(screen.key) \(screen.name) "
        let isShown = screen == state.screen
        let target = CellRect(row: rect.row, column: place - 1, rows: 1, columns: label.count)
        grid.write(
            label, row: rect.row, column: place - 1, style: isShown ? CellStyle(.accent, on: .selection, .bold) : .dim)
        grid.addTarget(target, StudioTarget.action(.show(screen)))
        place += label.count
    }
    guard let snapshot = state.snapshot else { return }
    let items = [
        StatusItem(snapshot.voiceName, style: CellStyle(.text, on: .background, .bold), rank: 0),
        StatusItem(snapshot.branch, style: .dim, rank: 1), StatusItem(snapshot.origin, style: .dim, rank: 2),
    ]
    guard place + 3 < start else { return }
    grid.drawStatusLine(items, row: rect.row, columns: place + 1..<start - 1)
}

/// What there is to say, in lines; none when the keys are shown instead.
func noticeLines(_ state: StudioState, columns: Int, limit: Int) -> [String] {
    guard let notice = shownNotice(state) else { return [] }
    let lines = CellGrid.wrap(notice.text, columns: columns - 2)
    guard lines.count > limit else { return lines }
    let rest = CharacterWidth.shortened(lines[(limit - 1)...].joined(separator: " "), columns: columns - 2)
    return lines.prefix(limit - 1) + [rest]
}

private func shownNotice(_ state: StudioState) -> Notice? {
    if let notice = state.notice { return notice }
    if state.overlay == nil, let sentence = state.pending.sentence { return Notice(sentence, .accent) }
    guard state.overlay == nil, state.audition.activity == .synthesizing else { return nil }
    return Notice("Making the take …", .accent)
}

/// What a notice is, without its colour.
private func sign(of role: ColorRole) -> String {
    switch role {
    case .good: "✓"
    case .warning: "!"
    case .bad: "▲"
    default: "▸"
    }
}

/// What there is to say, else what the keys do.
func drawNotice(_ state: StudioState, _ lines: [String], on grid: inout CellGrid, row: Int) {
    let columns = 1..<grid.size.columns - 1
    if let notice = shownNotice(state) {
        let style = CellStyle(notice.role)
        grid.write(sign(of: notice.role), row: row, column: 1, style: style, within: columns)
        for (offset, line) in lines.enumerated() {
            grid.write(line, row: row + offset, column: 3, style: style, within: columns)
        }
        return
    }
    let hints = KeyTable.hints(at: state.place).map {
        Hint(key: $0.key, text: $0.hint == "pause" ? state.spaceHint : $0.hint, action: $0.action)
    }
    var place = columns.lowerBound
    for hint in fitting(hints, columns: columns.count) {
        let target = CellRect(row: row, column: place, rows: 1, columns: hint.columns)
        grid.addTarget(target, StudioTarget.action(hint.action))
        place = grid.write(hint.key, row: row, column: place, style: CellStyle(.accent), within: columns) + 1
        place = grid.write(hint.text, row: row, column: place, style: .dim, within: columns) + 2
    }
}

/// A key and what it does, in a word or two.
private struct Hint {
    var key: String
    var text: String
    var action: StudioAction

    var columns: Int { CharacterWidth.columns(of: key) + 1 + CharacterWidth.columns(of: text) }
}

/// As many hints as there is room for; the way out and the way to all keys stay longest.
private func fitting(_ hints: [Hint], columns: Int) -> [Hint] {
    var shown = hints
    while shown.reduce(-2, { $0 + $1.columns + 2 }) > columns, !shown.isEmpty {
        let index = shown.lastIndex { ![.help, .quit].contains($0.action) } ?? shown.count - 1
        shown.remove(at: index)
    }
    return shown
}

extension StudioState {
    /// What the space key does now.
    fileprivate var spaceHint: String {
        snapshot?.phase == .watching(owner: nil) ? "train here" : isPaused ? "go on" : "pause"
    }

    /// True when the space key would let training go on.
    package var isPaused: Bool {
        switch steadyPhase {
        case .paused, .halted: true
        default: false
        }
    }
}
