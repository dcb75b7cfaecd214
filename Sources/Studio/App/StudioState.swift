import Foundation
import TerminalKit
import Training

/// Parts of the dashboard that keys go to.
package enum Pane: Int, Sendable, CaseIterable {
    case chart, history, log
}

/// One line of the log.
package enum LogEntry: Sendable, Equatable {
    case step(StepRecord)
    case event(JournalEvent)
}

/// A sentence on the notification line.
package struct Notice: Sendable, Equatable {
    package var text: String
    package var role: ColorRole

    package init(_ text: String, _ role: ColorRole = .text) {
        self.text = text
        self.role = role
    }
}

/// What lies over the dashboard and takes the keys.
package enum Overlay: Sendable, Equatable {
    /// The first entry that is shown.
    case help(from: Int)
    case rollBack(CheckpointSummary)
    case audition
    case learningRate(LineEditor)

    package var place: KeyPlace {
        switch self {
        case .help: .help
        case .rollBack: .question
        case .audition: .audition
        case .learningRate: .learningRate
        }
    }
}

/// The sentence being typed and where it is to come from.
package struct AuditionForm: Sendable, Equatable {
    package var editor = LineEditor()
    /// True for the checkpoint that is selected in the history, false for the weights of this moment.
    package var usesCheckpoint = false
    package var fromHeldOutClip = false

    package init() {}
}

/// What is done with a sentence at the moment.
package enum AuditionActivity: Sendable, Equatable {
    case none
    case synthesizing
    case playing
}

/// Everything the screen is drawn from: one value, changed by `reduce` alone.
package struct StudioState: Sendable {
    package var snapshot: TrainingSnapshot?
    package var curves = Curves()
    package var log: [LogEntry] = []
    package var notice: Notice?
    package var focus = Pane.chart
    package var chart = ChartGroup.mel
    package var isLogarithmic = false
    /// nil chooses the newest, also when newer ones come.
    package var selectedCheckpointID: String?
    /// Lines between the end of the log and the lowest line shown; 0 follows it.
    package var logScroll = 0
    package var overlay: Overlay?
    package var form = AuditionForm()
    package var activity = AuditionActivity.none
    package var lastTake: Take?
    /// The stage that alone is trained; nil for the schedule.
    package var onlyStage: Stage?
    /// Set once leaving began: what `run` will return when the session has saved.
    package var leaving: StudioExit?
    package var sessionEnded = false
    package var now: Date
    package var timeZone: TimeZone

    /// The phase training was in before it was saving.
    var steadyPhase: TrainingSnapshot.Phase?
    /// Steps that came since the journal was last asked for its rows.
    var recentSteps: [StepRecord] = []
    var branch: String?

    package init(now: Date, timeZone: TimeZone = .current) {
        self.now = now
        self.timeZone = timeZone
    }

    /// The checkpoints, newest first.
    package var checkpoints: [CheckpointSummary] {
        (snapshot?.checkpoints ?? []).sorted { ($0.date, $0.step) > ($1.date, $1.step) }
    }

    package var selectedIndex: Int {
        guard let selectedCheckpointID else { return 0 }
        return checkpoints.firstIndex { $0.id == selectedCheckpointID } ?? 0
    }

    package var selectedCheckpoint: CheckpointSummary? {
        let all = checkpoints
        return all.isEmpty ? nil : all[min(selectedIndex, all.count - 1)]
    }

    package var place: KeyPlace { overlay?.place ?? .dashboard }

    /// Changes the state and says what is to be done.
    package mutating func reduce(_ message: StudioMessage) -> [StudioEffect] {
        switch message {
        case .terminal(let event): return reduceTerminal(event)
        case .update(.snapshot(let snapshot)): return take(snapshot)
        case .update(.step(let record)): return take(record)
        case .update(.event(let event)): return take(event)
        case .sessionEnded:
            sessionEnded = true
            if let leaving { return [.leave(leaving)] }
            if snapshot?.phase != .stopped { notice = Notice("Training has ended. Press q to leave.", .warning) }
            return []
        case .history(let records, let events):
            takeHistory(records, events)
            return []
        case .couldNotLoad(let sentence):
            notice = Notice(sentence, .bad)
            return []
        case .auditioned(let take): return heard(take)
        case .auditionFailed(let sentence):
            activity = .none
            notice = Notice(sentence, .bad)
            return []
        case .played(let sentence):
            activity = .none
            notice = Notice("\(sentence) \(lastTake?.path ?? "")", .good)
            return []
        case .playFailed(let sentence):
            activity = .none
            notice = Notice("\(sentence) The take is in \(lastTake?.path ?? "").", .warning)
            return []
        case .patienceEnded(let sentence):
            switch leaving {
            case .interrupted(let signal): return [.leave(.leftInStep(signal, sentence))]
            case .terminalLost: return [.leave(.leftInStep(SIGHUP, sentence))]
            default: return []
            }
        case .interrupt(let signal): return leave(.interrupted(signal))
        case .tick, .redraw: return []
        }
    }

    private mutating func heard(_ take: Take) -> [StudioEffect] {
        lastTake = take
        activity = .playing
        let source = take.source == "prior" ? "the prior" : "held-out clip \(take.source), resynthesized"
        notice = Notice("Playing \(source), \(take.checkpoint): \(take.path)", .accent)
        return [.play(take)]
    }
}
