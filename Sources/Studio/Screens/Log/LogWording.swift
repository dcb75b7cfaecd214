import Foundation
import TerminalKit
import Training

/// How lines of the log read, and what a search finds in them.
enum LogWording {
    /// The figures of a stage in the order they are read.
    static let figures: [Stage: [Metric]] = [
        .sovits: [
            .mel, .validationMel, .kl, .commitment, .total, .discriminator, .adversarial, .featureMatching,
            .generatorGradientNorm, .discriminatorGradientNorm, .validationCrossEntropy, .validationTopThree,
        ],
        .prior: [
            .crossEntropy, .validationCrossEntropy, .topThreeAccuracy, .validationTopThree, .priorGradientNorm,
            .validationMel,
        ],
        .speaker: [
            .speakerLoss, .speakerAccuracy, .validationSpeakerError, .speakerGradientNorm, .validationMel,
            .validationCrossEntropy, .validationTopThree,
        ],
    ]

    /// All of a line as text.
    static func text(_ entry: LogEntry, timeZone: TimeZone) -> String {
        switch entry {
        case .event(let event): "\(Wording.clock(event.date, timeZone: timeZone)) \(event.message)"
        case .step(let record):
            ([String(record.step), record.stage.rawValue]
                + (figures[record.stage] ?? []).compactMap { metric in
                    record.metrics[metric].map {
                        "\(Wording.shortName(of: metric)) \(LineChart.short(Double($0)))"
                    }
                } + [Wording.stepTime(record.seconds)]).joined(separator: " ")
        }
    }

    /// Whether a line has what is searched for; small and large letters count alike.
    static func matches(_ entry: LogEntry, _ term: String, timeZone: TimeZone) -> Bool {
        !term.isEmpty && text(entry, timeZone: timeZone).lowercased().contains(term.lowercased())
    }

    static func role(of kind: JournalEvent.Kind) -> ColorRole {
        switch kind {
        case .warning: .warning
        case .failure: .bad
        case .checkpoint, .resumed, .rolledBack, .validation: .good
        case .started, .paused, .setting, .stopped, .take: .accent
        case .library: .dim
        }
    }

    /// A mark for each kind, so that colour alone tells nothing.
    static func mark(of kind: JournalEvent.Kind) -> String {
        switch kind {
        case .warning, .failure: "▲"
        case .checkpoint: "●"
        case .resumed, .rolledBack, .started: "▸"
        case .paused, .stopped: "‖"
        case .setting: "×"
        case .validation: "○"
        case .take: "·"
        case .library: "│"
        }
    }

    static func name(of kind: JournalEvent.Kind) -> String {
        switch kind {
        case .started: "started"
        case .resumed: "resumed"
        case .paused: "paused"
        case .checkpoint: "checkpoint"
        case .rolledBack: "went back"
        case .setting: "setting"
        case .validation: "held-out clips"
        case .warning: "warning"
        case .failure: "failure"
        case .stopped: "stopped"
        case .take: "take"
        case .library: "output of a library"
        }
    }

    /// "2025-06-15 15:06:40".
    static func moment(_ date: Date, timeZone: TimeZone) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        func two(_ value: Int?) -> String { (value ?? 0) < 10 ? "0\(value ?? 0)" : "\(value ?? 0)" }
        return "\(parts.year ?? 0)-\(two(parts.month))-\(two(parts.day)) "
            + "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
    }

    /// A figure with all the digits it has.
    static func exact(_ value: Float) -> String {
        if value.isNaN { return "not a number" }
        if value.isInfinite { return value < 0 ? "minus infinite" : "infinite" }
        return "\(value)"
    }

    /// Name and value of everything that is known of a step.
    static func details(of record: StepRecord) -> [(name: String, value: String, isBad: Bool)] {
        let known = figures[record.stage] ?? []
        let norms: [Metric] = [
            .generatorGradientNorm, .discriminatorGradientNorm, .priorGradientNorm, .speakerGradientNorm,
        ]
        let others = Metric.allCases.filter { record.metrics[$0] != nil && !known.contains($0) }
        let figures = (known + others).compactMap { metric -> (name: String, value: String, isBad: Bool)? in
            guard let value = record.metrics[metric] else { return nil }
            return (Wording.name(of: metric) + (norms.contains(metric) ? " |g|" : ""), exact(value), !value.isFinite)
        }
        return figures + [
            ("learning rate", Wording.learningRate(record.learningRate), false),
            ("epoch", "\(record.epoch), batch \(record.batch)", false), ("branch", record.branch, false),
            ("step time", Wording.stepTime(record.seconds), false),
        ]
    }
}
