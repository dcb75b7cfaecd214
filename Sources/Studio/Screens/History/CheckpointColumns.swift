import TerminalKit
import Training

/// What a line of the history tells, as far as there is room: the later a column stands in `wishes`, the earlier it
/// makes room.
struct CheckpointColumns {
    enum Column: CaseIterable {
        case step, branch, age, marks, reason, size, mel, validationMel, crossEntropy, validationCrossEntropy
        case topThree, characterError, repeats, skips, similarity

        var title: String {
            switch self {
            case .step: "step"
            case .branch: "branch"
            case .age: "age"
            case .marks: ""
            case .reason: "reason"
            case .size: "size"
            case .mel: "mel"
            case .validationMel: "held-out"
            case .crossEntropy: "ce"
            case .validationCrossEntropy: "held-out"
            case .topThree: "top-3"
            case .characterError: "cer"
            case .repeats: "rep"
            case .skips: "skip"
            case .similarity: "like"
            }
        }

        /// What it is chosen by, where it is held-out.
        var figure: CheckpointFigure? {
            switch self {
            case .validationMel: .mel
            case .validationCrossEntropy: .crossEntropy
            case .topThree: .topThree
            case .characterError: .characterError
            case .repeats: .repeats
            case .skips: .skips
            case .similarity: .similarity
            default: nil
            }
        }

        var metric: Metric? {
            switch self {
            case .mel: .mel
            case .crossEntropy: .crossEntropy
            default: nil
            }
        }

        var alignsRight: Bool { self != .branch && self != .reason && self != .marks }
    }

    private static let wishes: [Column] = [
        .step, .marks, .age, .branch, .mel, .size, .reason, .validationMel, .crossEntropy, .validationCrossEntropy,
        .characterError, .topThree, .repeats, .skips, .similarity,
    ]
    /// Columns kept for tags and notes before a further figure is shown.
    private static let labelColumns = 12

    private(set) var shown: [(column: Column, width: Int)] = []
    /// The lines of the tree, a column between them, and one after them.
    let graph: Int
    /// Columns left for tags and notes.
    private(set) var labels: Int

    init(_ tree: CheckpointTree, isFlat: Bool, order: CheckpointFigure? = nil, columns: Int) {
        graph = isFlat ? 2 : min(2 * min(tree.deepest, 12) + 2, max(2, columns / 3 / 2 * 2))
        var room = columns - graph
        var chosen: Set<Column> = []
        var widths: [Column: Int] = [:]
        // What the list is ordered by is shown in any case that leaves room for the step.
        func isOrdered(_ column: Column) -> Bool { order != nil && column.figure == order }
        for column in Self.wishes.filter({ $0 == .step }) + Self.wishes.filter(isOrdered)
            + Self.wishes.filter({ $0 != .step && !isOrdered($0) })
        {
            let width =
                switch column {
                case .step: max(4, tree.stepDigits)
                case .branch: min(14, max(6, tree.branchColumns))
                case .age: 4
                case .marks: 2
                case .reason: 8
                case .size: 6
                case .mel, .crossEntropy: 5
                case .validationMel, .validationCrossEntropy: 8
                case .topThree, .characterError: 7
                case .repeats, .skips: 4
                case .similarity: 5
                }
            if column == .branch, tree.branchCount < 2 { continue }
            if let metric = column.metric, !tree.measured.contains(metric) { continue }
            if let figure = column.figure, !tree.figures.contains(figure) { continue }
            let isNeeded = column == .step || column == .marks || column == .age || isOrdered(column)
            guard room - width - 1 >= (isNeeded ? 0 : column == .branch ? 4 : Self.labelColumns) else { continue }
            room -= width + 1
            chosen.insert(column)
            widths[column] = width
        }
        shown = Column.allCases.filter { chosen.contains($0) }.map { ($0, widths[$0] ?? 0) }
        labels = room
    }

    func drawTitles(on grid: inout CellGrid, row: Int, in rect: CellRect) {
        var place = rect.column + graph
        for (column, width) in shown {
            let text = CharacterWidth.padded(column.title, columns: width, toRight: column.alignsRight)
            grid.write(text, row: row, column: place, style: .dim, within: rect.columnRange)
            place += width + 1
        }
        if labels > 6 { grid.write("tags, note", row: row, column: place, style: .dim, within: rect.columnRange) }
    }

    /// One checkpoint; `number` is its place in the tree.
    func draw(_ number: Int, _ state: StudioState, isFlat: Bool, on grid: inout CellGrid, row: Int, in rect: CellRect) {
        let tree = state.history.tree
        let checkpoint = tree.checkpoints[number]
        let isHead = tree.head == number
        drawGraph(tree.places[number], checkpoint, isHead: isHead, isFlat: isFlat, on: &grid, row: row, in: rect)
        var place = rect.column + graph
        for (column, width) in shown {
            let (text, style) = cell(column, checkpoint, state, isHead: isHead, width: width)
            let padded = CharacterWidth.padded(text, columns: width, toRight: column.alignsRight)
            grid.write(padded, row: row, column: place, style: style, within: rect.columnRange)
            place += width + 1
        }
        let isBest = tree.best == number
        for (text, style) in Self.labels(of: checkpoint, state, isHead: isHead, isBest: isBest) {
            guard place <= rect.lastColumn - 1 else { return }
            let short = CharacterWidth.shortened(text, columns: rect.lastColumn + 1 - place)
            place = grid.write(short, row: row, column: place, style: style, within: rect.columnRange) + 1
        }
    }

    /// The line of the present: what is in memory, above the checkpoint it grew from.
    func drawPresent(_ snapshot: TrainingSnapshot, on grid: inout CellGrid, row: Int, in rect: CellRect) {
        grid.write("◌", row: row, column: rect.column, style: CellStyle(.accent), within: rect.columnRange)
        let digits = shown.first { $0.column == .step }?.width ?? 0
        let step = CharacterWidth.padded("\(snapshot.step)", columns: digits, toRight: true)
        let place = grid.write(step, row: row, column: rect.column + graph, within: rect.columnRange)
        let count = snapshot.stepsAtRisk
        let risk = count == 0 ? "saved" : "\(count) step\(count == 1 ? "" : "s") only in memory"
        let again = snapshot.redoing.map { "\(max(0, snapshot.step - $0.from)) of \($0.to - $0.from) steps done again" }
        let text = "now on \(snapshot.branch), \(again ?? risk)"
        let room = max(0, rect.lastColumn - place)
        grid.write(
            CharacterWidth.shortened(text, columns: room), row: row, column: place + 1, style: .dim,
            within: rect.columnRange)
    }

    private func drawGraph(
        _ place: CheckpointTree.Place, _ checkpoint: CheckpointSummary, isHead: Bool, isFlat: Bool,
        on grid: inout CellGrid, row: Int, in rect: CellRect
    ) {
        let (mark, role) = Self.mark(of: checkpoint, isHead: isHead)
        let depth = isFlat ? 0 : place.depth
        // The lines nearest to the checkpoint stay where there is no room for all of them.
        let hidden = max(0, depth - (graph - 2) / 2)
        for line in hidden..<depth {
            let column = rect.column + 2 * (line - hidden)
            let turns = place.leaves && line == depth - 1
            grid.write(
                hidden > 0 && line == hidden ? "‹" : turns ? "├─" : "│", row: row, column: column, style: .dim,
                within: rect.columnRange)
        }
        let column = rect.column + 2 * (depth - hidden)
        grid.write(mark, row: row, column: column, style: CellStyle(role, on: .background, .bold))
    }

    /// The node of the tree: filled when every byte of it was read back.
    static func mark(of checkpoint: CheckpointSummary, isHead: Bool) -> (String, ColorRole) {
        switch checkpoint.verification {
        case .damaged: ("▲", .bad)
        case .sound: (isHead ? "◆" : "●", isHead ? .accent : .good)
        case .notYet: (isHead ? "◇" : "○", isHead ? .accent : .text)
        }
    }

    private func cell(
        _ column: Column, _ checkpoint: CheckpointSummary, _ state: StudioState, isHead: Bool, width: Int
    ) -> (String, CellStyle) {
        switch column {
        case .step: return ("\(checkpoint.step)", isHead ? .accent : .text)
        case .branch: return (CharacterWidth.shortened(checkpoint.branch, columns: width), .text)
        case .age: return (Wording.age(of: checkpoint.date, at: state.now), .text)
        case .reason: return (checkpoint.reason, .dim)
        case .size: return (Wording.bytes(checkpoint.bytes), .dim)
        case .marks:
            let isMarked = state.history.markedID == checkpoint.id
            return ((checkpoint.isPinned ? "★" : " ") + (isMarked ? "»" : " "), CellStyle(.warning))
        case .topThree, .characterError, .repeats, .skips, .similarity:
            let value = column.figure.flatMap { figure in checkpoint.figure(figure).map(figure.text) }
            return (value ?? "·", value == nil ? .dim : .text)
        case .mel, .crossEntropy, .validationMel, .validationCrossEntropy:
            let value =
                column.metric.flatMap { checkpoint.losses[$0] }
                ?? column.figure.flatMap { checkpoint.figure($0) }.map { Float($0) }
            let isBad = value.map { !$0.isFinite } ?? false
            return (
                value.map { LineChart.short(Double($0)) } ?? "·", isBad ? CellStyle(.bad) : value == nil ? .dim : .text
            )
        }
    }

    private static func labels(
        of checkpoint: CheckpointSummary, _ state: StudioState, isHead: Bool, isBest: Bool
    ) -> [(String, CellStyle)] {
        var labels: [(String, CellStyle)] = []
        if isHead { labels.append(("HEAD", .accent)) }
        if case .damaged = checkpoint.verification { labels.append(("damaged", CellStyle(.bad))) }
        if isBest { labels.append(("best", CellStyle(.good))) }
        labels += checkpoint.tags.map { ("[\($0)]", CellStyle(.series1)) }
        if let note = checkpoint.note, !note.isEmpty { labels.append((note, .dim)) }
        return labels
    }
}
