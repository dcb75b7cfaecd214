import Foundation
import TerminalKit
import Training

extension StudioState {
    private static let recentLimit = 1000

    mutating func take(_ new: TrainingSnapshot) -> [StudioEffect] {
        // Wished for in an earlier session, or undone by going back; between two changes this session's own keys decide.
        if new.stageOverride != snapshot?.stageOverride { onlyStage = new.stageOverride }
        let redone = snapshot?.redoing
        if case .watching(let owner) = new.phase, new.phase != snapshot?.phase { notice = Self.watchNotice(owner) }
        snapshot = new
        listCheckpoints(new)
        if let redone, new.redoing == nil, new.step >= redone.to { doneAgain(redone) }
        var effects: [StudioEffect] = []
        if let branch, branch != new.branch { effects += changeBranch(to: new.branch, at: new.step) }
        branch = new.branch
        effects += requestGhosts()
        switch new.phase {
        case .training, .paused, .halted:
            if new.phase != steadyPhase, leaving == nil { phaseChanged(to: new) }
            steadyPhase = new.phase
        case .preparing, .saving, .stopped, .failed, .watching: break
        }
        switch new.phase {
        case .stopped:
            if let leaving { effects.append(.leave(leaving)) }
        case .failed(let sentence):
            notice = Notice(sentence, .bad)
            if leaving != nil { effects.append(.leave(.failed(sentence))) }
        default: break
        }
        return effects
    }

    private mutating func phaseChanged(to new: TrainingSnapshot) {
        switch new.phase {
        case .halted(let sentence): notice = Notice(sentence, .bad)
        case .paused: notice = Notice("Paused after step \(new.step).", .warning)
        default: if steadyPhase != nil { notice = nil }
        }
    }

    private static func watchNotice(_ owner: String?) -> Notice {
        guard let owner else { return Notice("Nobody trains this voice now. Press space to train it here.", .warning) }
        return Notice("This studio looks on: \(owner) trains the voice.", .accent)
    }

    private mutating func doneAgain(_ steps: TrainingSnapshot.Redoing) {
        let count = steps.to - steps.from
        notice = Notice(count == 1 ? "Step \(steps.to) is done again." : "All \(count) steps are done again.", .good)
    }

    mutating func take(_ record: StepRecord) -> [StudioEffect] {
        var effects: [StudioEffect] = []
        if let branch, branch != record.branch { effects += changeBranch(to: record.branch, at: record.step - 1) }
        branch = record.branch
        // Training went back on the same branch: what came after is being done again.
        if record.step <= curves.lastStep {
            curves.removeAll(after: record.step - 1)
            dropDetail()
        }
        curves.append(record)
        train.showSpeakers(of: curves)
        history.moments.append(record)
        effects += extendDetail(with: record)
        recentSteps.append(record)
        if recentSteps.count > Self.recentLimit { recentSteps.removeFirst(Self.recentLimit / 4) }
        log.append(.step(record))
        return effects
    }

    mutating func take(_ event: JournalEvent) -> [StudioEffect] {
        log.append(.event(event))
        // What is in force may be another thing now.
        if [.setting, .rolledBack, .resumed, .started].contains(event.kind) { settings.isOutdated = true }
        switch event.kind {
        case .warning: notice = Notice(event.message, .warning)
        case .failure: notice = Notice(event.message, .bad)
        case .checkpoint, .rolledBack, .resumed: notice = Notice(event.message, .good)
        // A take says itself where it is; the rest is read in the log.
        case .started, .paused, .setting, .validation, .stopped, .take, .library: break
        }
        return []
    }

    /// The journal's last rows, and after them the steps that came while they were read.
    mutating func takeHistory(_ records: [StepRecord], _ events: [JournalEvent]) {
        // Rows that go further back than the curves are all there is of them.
        if let first = records.first?.step, first <= curves.firstStep ?? .max {
            var fresh = Curves()
            for record in records { fresh.append(record) }
            for record in recentSteps where record.step > fresh.lastStep { fresh.append(record) }
            curves = fresh
            train.showSpeakers(of: curves)
        }
        guard !events.isEmpty else { return }
        // What was done before the studio was opened comes first in the log, in the order of steps.
        let known = Set(log.entries.compactMap { if case .step(let record) = $0 { record.step } else { nil } })
        var steps = records.suffix(50).filter { !known.contains($0.step) }[...]
        var opening: [LogEntry] = []
        for event in events where !log.entries.contains(.event(event)) {
            while let next = steps.first, next.step <= event.step {
                opening.append(.step(next))
                steps.removeFirst()
            }
            opening.append(.event(event))
        }
        log.entries = opening + steps.map(LogEntry.step) + log.entries
    }

    private mutating func changeBranch(to name: String, at step: Int) -> [StudioEffect] {
        curves.removeAll(after: step)
        dropDetail()
        recentSteps = []
        history.selectedID = nil
        log.follow()
        return [.loadHistory]
    }
}

extension StudioState {
    /// Whether a picture of this size shows the newest lines of the log.
    func showsLog(size: TerminalSize) -> Bool {
        guard overlay == nil, size.rows >= 10, size.columns >= 40 else { return false }
        switch screen {
        case .log: return log.chosen == 0
        case .train: return (size.rows >= 24 && size.columns >= 80 && log.scroll == 0) || train.focus == .log
        default: return false
        }
    }
}
