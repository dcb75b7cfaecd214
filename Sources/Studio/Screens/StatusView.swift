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
    }
}

/// The pieces of the status line; the higher its rank, the earlier a piece makes room.
func statusItems(_ state: StudioState, withPhase: Bool = false) -> [StatusItem] {
    let phase = phaseText(state.snapshot?.phase)
    var items: [StatusItem] = []
    if withPhase { items.append(StatusItem(phase.text, style: CellStyle(phase.role), rank: 0)) }
    guard let snapshot = state.snapshot else { return items }
    let only = state.onlyStage == nil ? "" : " only"
    let target = snapshot.targetStep.map { "/\($0)" } ?? ""
    items.append(StatusItem(snapshot.stage.rawValue + only, style: .accent, rank: 2))
    if !withPhase {
        items.append(StatusItem("epoch \(snapshot.epoch) \(snapshot.batch)/\(snapshot.batchesInEpoch)", rank: 5))
    }
    items.append(StatusItem("step \(snapshot.step)\(target)", rank: 1))
    if let seconds = snapshot.secondsPerStep {
        items.append(StatusItem("\(Wording.stepTime(seconds))/step", rank: 4))
    }
    if let seconds = snapshot.secondsLeft { items.append(StatusItem("\(Wording.duration(seconds)) left", rank: 3)) }
    items.append(StatusItem("lr \(Wording.learningRate(snapshot.learningRate))", rank: 6))
    return items
}

func drawStatus(_ state: StudioState, on grid: inout CellGrid, row: Int) {
    grid.drawStatusLine(statusItems(state), row: row, columns: 1..<grid.size.columns - 1)
}

/// Voice and branch on the left, the phase on the right.
func drawHeader(_ state: StudioState, on grid: inout CellGrid, in rect: CellRect) {
    let phase = phaseText(state.snapshot?.phase)
    let width = CharacterWidth.columns(of: phase.text)
    let start = rect.lastColumn - width
    grid.write(phase.text, row: rect.row, column: start, style: CellStyle(phase.role, on: .background, .bold))
    var items = [StatusItem("Reprise", style: .accent, rank: 2)]
    if let snapshot = state.snapshot {
        items.append(StatusItem(snapshot.voiceName, style: CellStyle(.text, on: .background, .bold), rank: 0))
        items.append(StatusItem("branch \(snapshot.branch)", style: .dim, rank: 1))
        items.append(StatusItem(snapshot.origin, style: .dim, rank: 3))
    }
    grid.drawStatusLine(items, row: rect.row, columns: rect.column + 1..<max(rect.column + 2, start - 2))
}

/// What there is to say, else what the keys do.
func drawNotice(_ state: StudioState, on grid: inout CellGrid, row: Int) {
    let columns = 1..<grid.size.columns - 1
    let speaking = state.activity == .synthesizing ? Notice("Making the sentence …", .accent) : nil
    if let notice = state.notice ?? (state.overlay == nil ? speaking : nil) {
        let text = CharacterWidth.shortened(notice.text, columns: columns.count)
        grid.write(text, row: row, column: 1, style: CellStyle(notice.role), within: columns)
        return
    }
    var place = columns.lowerBound
    for (key, hint) in KeyTable.hints(at: state.place) {
        let width = CharacterWidth.columns(of: key) + 1 + CharacterWidth.columns(of: hint)
        guard place + width <= columns.upperBound else { continue }
        place = grid.write(key, row: row, column: place, style: CellStyle(.accent)) + 1
        let shown = hint == "pause" && state.isPaused ? "go on" : hint
        place = grid.write(shown, row: row, column: place, style: .dim) + 2
    }
}

extension StudioState {
    /// True when the space key would let training go on.
    package var isPaused: Bool {
        switch steadyPhase {
        case .paused, .halted: true
        default: false
        }
    }
}
