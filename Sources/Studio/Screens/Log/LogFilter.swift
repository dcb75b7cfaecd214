import Training

/// What of the log is shown.
package enum LogFilter: Int, Sendable, Hashable, CaseIterable {
    case everything, sovits, prior, events, warnings, checkpoints, settings, validation, takes, output

    package var name: String {
        switch self {
        case .everything: "all"
        case .sovits: "sovits"
        case .prior: "prior"
        case .events: "events"
        case .warnings: "warnings"
        case .checkpoints: "checkpoints"
        case .settings: "settings"
        case .validation: "held-out"
        case .takes: "takes"
        case .output: "output"
        }
    }

    /// The stages whose steps are shown.
    package var stages: Set<Stage> {
        switch self {
        case .everything, .validation: Set(Stage.allCases)
        case .sovits: [.sovits]
        case .prior: [.prior]
        default: []
        }
    }

    /// The events that are shown.
    package var kinds: Set<JournalEvent.Kind> {
        switch self {
        case .everything, .events:
            [
                .started, .resumed, .paused, .checkpoint, .rolledBack, .setting, .validation, .warning, .failure,
                .stopped, .take, .library,
            ]
        case .sovits, .prior: []
        case .warnings: [.warning, .failure]
        case .checkpoints: [.checkpoint, .rolledBack, .resumed]
        case .settings: [.setting]
        case .validation: [.validation]
        case .takes: [.take]
        case .output: [.library]
        }
    }

    package func shows(_ entry: LogEntry) -> Bool {
        switch entry {
        case .event(let event): kinds.contains(event.kind)
        case .step(let record):
            stages.contains(record.stage)
                && (self != .validation || Metric.heldOut.contains { record.metrics[$0] != nil })
        }
    }

    func moved(by count: Int) -> LogFilter {
        let all = LogFilter.allCases
        return all[(rawValue + count + all.count) % all.count]
    }
}
