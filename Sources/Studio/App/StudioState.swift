import Foundation
import TerminalKit
import Training

/// A sentence on the notification line.
package struct Notice: Sendable, Equatable {
    package var text: String
    package var role: ColorRole

    package init(_ text: String, _ role: ColorRole = .text) {
        self.text = text
        self.role = role
    }
}

/// Everything the screen is drawn from: one value, changed by `reduce` alone.
package struct StudioState: Sendable {
    package var snapshot: TrainingSnapshot?
    package var curves = Curves()
    package var notice: Notice?
    package var screen = Screen.train
    package var overlay: Overlay?
    package var train = TrainState()
    package var history = HistoryState()
    package var audition = AuditionState()
    package var data = DataState()
    package var log = LogState()
    package var settings = SettingsState()
    package var themes = ThemeState()
    /// The stage that alone is trained; nil for the schedule.
    package var onlyStage: Stage?
    /// Set once leaving began: what `run` will return when the session has saved.
    package var leaving: StudioExit?
    /// What the trainer was asked and did not do yet.
    package var pending = PendingCommands()
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

    package var place: KeyPlace { overlay?.place ?? screen.place }

    /// Changes the state and says what is to be done.
    package mutating func reduce(_ message: StudioMessage) -> [StudioEffect] {
        let effects = respond(to: message) + askForMoment() + followUps()
        for case .send(let command) in effects { pending.sent(command) }
        return effects
    }

    /// What the new state needs besides, such as lines of the log that came near to the screen.
    private mutating func followUps() -> [StudioEffect] {
        var effects: [StudioEffect] = []
        if screen == .log, snapshot != nil, let request = log.wantedPage() { effects.append(.loadLog(request)) }
        if screen == .settings, settings.isOutdated {
            settings.isOutdated = false
            effects.append(.loadSettings)
        }
        if let name = themes.change(overlay) { effects.append(.showTheme(name)) }
        return effects
    }

    private mutating func respond(to message: StudioMessage) -> [StudioEffect] {
        switch message {
        case .terminal(let event): return reduceTerminal(event)
        case .mouse(let event, let target): return reduceMouse(event, on: target)
        case .update(.snapshot(let snapshot)): return take(snapshot)
        case .update(.step(let record)): return take(record)
        case .update(.event(let event)): return take(event)
        case .update(.progress(let command, let share)):
            pending.progressed(command, share)
            return []
        case .update(.obeyed(let command)):
            pending.obeyed(command)
            return []
        case .sessionEnded:
            pending.removeAll()
            sessionEnded = true
            if let leaving { return [.leave(leaving)] }
            if snapshot?.phase != .stopped { notice = Notice("Training has ended. Press q to leave.", .warning) }
            return []
        case .history(let records, let events):
            takeHistory(records, events)
            return []
        case .curves(let slice, let request): return take(slice, for: request)
        case .couldNotLoad(let sentence):
            notice = Notice(sentence, .bad)
            return []
        case .answered(let answer):
            take(answer)
            return []
        case .auditionMaterial, .auditionProgress, .auditioned, .auditionFailed, .auditionCancelled, .soundRead,
            .lotDrawn, .playMoved, .played, .playFailed:
            return reduceAudition(message)
        case .data(let message): return take(message)
        case .logPage(let page, let request): return take(page, for: request)
        case .logFailed(let sentence):
            log.pending = nil
            log.continuation = nil
            log.reachesStart = true
            log.reachesEnd = true
            return say(sentence, .bad)
        case .settings(let rows):
            settings.rows = rows
            return []
        case .settingChanged(let sentence):
            settings.isOutdated = true
            return say(sentence, .good)
        case .settingRefused(let sentence): return say(sentence, .warning)
        case .themesFound(let names, let current):
            themes.names = names
            if let current { (themes.name, themes.shown) = (current, current) }
            return []
        case .themesChanged: return [.showTheme(themes.shown)]
        case .themeFailed(let sentence): return say(sentence, .bad)
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
}
