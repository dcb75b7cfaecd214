import TerminalKit
import Training

/// What is said of a checkpoint in words.
struct MomentFacts {
    private let state: StudioState
    private let checkpoint: CheckpointSummary

    init(_ state: StudioState, _ checkpoint: CheckpointSummary) {
        self.state = state
        self.checkpoint = checkpoint
    }

    func lines(columns: Int) -> [StyledLine] {
        var lines: [StyledLine] = []
        lines += StyledLine.wrapped(standing, columns: columns)
        lines += verification(columns: columns)
        if !checkpoint.tags.isEmpty || checkpoint.isPinned {
            let pin = checkpoint.isPinned ? "★ pinned  " : ""
            lines.append(
                StyledLine([
                    (pin, CellStyle(.warning)),
                    (checkpoint.tags.map { "[\($0)]" }.joined(separator: " "), CellStyle(.series1)),
                ]))
        }
        if let note = checkpoint.note, !note.isEmpty {
            lines += StyledLine.wrapped("“\(note)”", .text, columns: columns)
        }
        lines += losses(columns: columns)
        lines += evaluation(columns: columns)
        lines += family(columns: columns)
        lines += takes(columns: columns)
        lines += settings(columns: columns)
        return lines
    }

    private var standing: String {
        let clock = Wording.clock(checkpoint.date, timeZone: state.timeZone)
        let age = Wording.age(of: checkpoint.date, at: state.now)
        return
            "Step \(checkpoint.step), \(checkpoint.reason), \(age == "now" ? "just now" : "\(age) ago") at \(clock), \(Wording.bytes(checkpoint.bytes))"
    }

    private func verification(columns: Int) -> [StyledLine] {
        switch checkpoint.verification {
        case .notYet:
            return StyledLine.wrapped("○ not read back yet; v reads every byte", .dim, columns: columns, indent: 2)
        case .sound(let date):
            let age = Wording.age(of: date, at: state.now)
            return [
                StyledLine("● every byte read back and right\(age == "now" ? "" : ", \(age) ago")", CellStyle(.good))
            ]
        case .damaged(let defect):
            return StyledLine.wrapped("▲ damaged: \(defect)", CellStyle(.bad), columns: columns, indent: 2)
        }
    }

    /// Each loss, and what became of it at the checkpoint that the present grew from.
    private func losses(columns: Int) -> [StyledLine] {
        let head = state.history.tree.head.map { state.checkpoints[$0] }
        return MomentCurves.metrics.compactMap { metric in
            guard let value = checkpoint.losses[metric] else { return nil }
            let name = CharacterWidth.padded(Wording.name(of: metric), columns: columns < 40 ? 14 : 23)
            var parts: [(String, CellStyle)] = [(name, .dim), (LineChart.short(Double(value)), .text)]
            if let head, head.id != checkpoint.id, let now = head.losses[metric] {
                let isBetter = metric == .validationTopThree ? now > value : now < value
                parts.append((" → \(LineChart.short(Double(now)))", CellStyle(isBetter ? .good : .warning)))
                parts.append((" now", .dim))
            }
            return StyledLine(parts)
        }
    }

    /// What a deeper look measured, beside what the recordings come to, and why figures are missing.
    private func evaluation(columns: Int) -> [StyledLine] {
        guard let evaluation = checkpoint.evaluation else { return [] }
        let age = Wording.age(of: evaluation.date, at: state.now)
        var lines = [
            StyledLine([
                ("Evaluated  ", .accent),
                ("\(age == "now" ? "just now" : "\(age) ago"), \(evaluation.clips) clips spoken", .dim),
            ])
        ]
        if !evaluation.isComparable {
            lines += StyledLine.wrapped(
                "with other clips than the newest one: e measures it anew", CellStyle(.warning), columns: columns,
                indent: 2)
        }
        for figure in CheckpointFigure.allCases {
            let name = CharacterWidth.padded(Wording.name(of: figure), columns: columns < 40 ? 14 : 23)
            let note = evaluation.notes[figure]
            guard let value = evaluation.figures[figure] else {
                if let note {
                    lines += StyledLine.wrapped("\(name)– \(note)", .dim, columns: columns, indent: 2)
                }
                continue
            }
            let control = evaluation.recordings[figure].map { ", recordings \(figure.text($0))" } ?? ""
            lines.append(StyledLine([(name, .dim), (figure.text(value), .text), (control, .dim)]))
            if let note { lines += StyledLine.wrapped("  \(note)", .dim, columns: columns, indent: 2) }
        }
        return lines
    }

    private func family(columns: Int) -> [StyledLine] {
        let tree = state.history.tree
        var lines: [StyledLine] = []
        if let older = tree.places[state.selectedIndex].older {
            let parent = state.checkpoints[older]
            let count = checkpoint.step - parent.step
            lines += StyledLine.wrapped(
                "grew from \(parent.id), \(count) step\(count == 1 ? "" : "s") before", .dim, columns: columns,
                indent: 2)
        }
        if let names = tree.beginnings[checkpoint.id], !names.isEmpty {
            let verb = names.count == 1 ? "begins" : "begin"
            lines += StyledLine.wrapped(
                "\(names.joined(separator: ", ")) \(verb) here", .dim, columns: columns, indent: 2)
        }
        return lines
    }

    private func settings(columns: Int) -> [StyledLine] {
        switch state.history.moments.settings[checkpoint.id] {
        case nil: return [StyledLine(), StyledLine("Settings …", .dim)]
        case .failure(let error):
            return [StyledLine()]
                + StyledLine.wrapped("Settings: \(error.sentence)", CellStyle(.bad), columns: columns, indent: 2)
        case .success(let settings):
            let stage = settings.stage.map { "only \($0.rawValue)" } ?? "the schedule's stages"
            let factor = "learning rate × \(AxisTicks.plain(settings.learningRateFactor, decimals: 2))"
            var lines = [StyledLine(), StyledLine([("Settings  ", .accent), ("\(stage), \(factor)", .text)])]
            for line in Self.lines(of: settings) {
                let isTable = line.hasPrefix("[")
                let isOther = !isTable && !(headLines?.contains(line) ?? true)
                lines.append(
                    StyledLine([
                        (isTable ? "" : isOther ? "≠ " : "  ", CellStyle(.warning)), (line, isTable ? .dim : .text),
                    ]))
            }
            return lines
        }
    }

    /// What stands in voice.toml, without what explains it.
    private static func lines(of settings: CheckpointSettings) -> [String] {
        settings.configuration.split(separator: "\n").map { $0.trimmingPrefix(while: \.isWhitespace) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }.map(String.init)
    }

    /// The settings of the checkpoint that the present grew from; nil while they are not known.
    private var headLines: Set<String>? {
        guard let head = state.history.tree.head.map({ state.checkpoints[$0].id }), head != checkpoint.id,
            case .success(let settings) = state.history.moments.settings[head]
        else { return nil }
        return Set(Self.lines(of: settings))
    }

    private func takes(columns: Int) -> [StyledLine] {
        guard state.history.moments.takes != nil else { return [] }
        let older = state.history.tree.places[state.selectedIndex].older.map { state.checkpoints[$0].step } ?? 0
        let takes = state.history.moments.takes(of: checkpoint, after: older)
        guard !takes.isEmpty else {
            return [StyledLine(), StyledLine([("Takes  ", .accent), ("none yet; a makes one with it", .dim)])]
        }
        var lines = [StyledLine(), StyledLine([("Takes  ", .accent), ("o plays the newest", .dim)])]
        for take in takes {
            let seconds = AxisTicks.plain(Double(take.sampleCount) / Double(max(1, take.sampleRate)), decimals: 1)
            let what = take.source == "prior" ? "“\(take.text)”" : "clip \(take.source)"
            let name = take.path.split(separator: "/").last.map(String.init) ?? take.path
            let from = take.checkpoint == checkpoint.id ? "" : " at step \(take.step)"
            lines.append(
                StyledLine([("  \(name) \(seconds) s\(from)  ", .dim), (what, .text)]))
        }
        return lines
    }
}
