import Checkpoint
import Foundation

// Going back to a checkpoint, or to any step: see `Lineage`.
extension Trainer {
    /// False when what was trained goes on as it was.
    @discardableResult
    func rollBack(to text: String) async -> Bool {
        guard engine != nil else { return false }
        let wasTraining = phase == .training
        do {
            let place = try Lineage.destination(of: text, store: store, journal: journal)
            guard await keepBeforeLeaving() else { return false }
            let loaded = try store.load(place.checkpoint)
            try engine?.requireCompatible(loaded)
            let from = "\(branch) at step \(currentStep)"
            var (name, replay) = try Lineage.goBack(to: place, store: store, journal: journal)
            try go(to: loaded, on: name)
            if let target = place.step {
                redoing = TrainingSnapshot.Redoing(from: place.checkpoint.step, to: target)
                let count = place.stepsToRedo
                log(
                    .rolledBack,
                    "Going back from \(from) to step \(target): doing \(count) step\(count == 1 ? "" : "s") again from "
                        + "\(place.checkpoint), as \(name)")
            } else {
                log(.rolledBack, "Went back from \(from) to \(place.checkpoint); going on as \(name)")
            }
            replay?.resumes = wasTraining
            self.replay = replay
            settingsToReplay = Self.inForce(try journal.settings(branch: name))
            phase = wasTraining || replay != nil ? .training : .paused
            publish()
            return true
        } catch {
            // What was trained goes on as it was, unless it is gone.
            if isSpoiled { halt("\(error)") } else { log(.failure, "\(error)") }
            return false
        }
    }

    /// Takes back the last roll-back, or the last undo of one: training goes on at the end of the line it left.
    func moveBack(_ kind: HeadMove.Kind) async {
        guard engine != nil else { return }
        let wasTraining = phase == .training
        do {
            func destination() throws -> Head {
                try kind == .undo ? store.undoDestination().head : store.redoDestination()
            }
            // Known, and read, before anything is changed.
            _ = try destination()
            guard await keepBeforeLeaving() else { return }
            let loaded = try store.load(destination().checkpoint)
            try engine?.requireCompatible(loaded)
            let from = "\(branch) at step \(currentStep)"
            let head = try (kind == .undo ? store.undo() : store.redo()).to
            try go(to: loaded, on: head.branch)
            log(
                .rolledBack,
                "\(kind == .undo ? "Undone" : "Done again"): went from \(from) to \(loaded.id); going on as \(branch), "
                    + "nothing was deleted")
            replay = try unfinishedReplay(on: branch, after: loaded.id.step)
            redoing = replay.map { TrainingSnapshot.Redoing(from: loaded.id.step, to: $0.target) }
            replay?.resumes = wasTraining
            settingsToReplay = Self.inForce(try journal.settings(branch: branch, after: loaded.id.step - 1))
            replaySettings()
            phase = wasTraining || replay != nil ? .training : .paused
            publish()
        } catch {
            if isSpoiled { halt("\(error)") } else { log(.failure, "\(error)") }
        }
    }

    /// What is in memory is kept too: going back is never a loss. False when it could not be.
    private func keepBeforeLeaving() async -> Bool {
        guard await finishSave() else { return false }
        if !isSpoiled, currentStep > (savedStep ?? 0) { return await save(.rollback) }
        return true
    }

    /// Steps that were to be done again on a branch when it was left.
    func unfinishedReplay(on branch: String, after step: Int) throws -> Replay? {
        try journal.settings(branch: branch).last { $0.name == Replay.settingName }
            .flatMap { Replay(settingValue: $0.value) }.flatMap { $0.target > step ? $0 : nil }
    }

    /// Restores a state that was read, as the beginning of a branch.
    private func go(to loaded: LoadedCheckpoint, on name: String) throws {
        // From here to the end of restoring, memory is neither the one state nor the other.
        isSpoiled = true
        isStateShared = false
        branch = name
        try engine?.restore(loaded)
        isSpoiled = false
        unrecorded = nil
        waiting = nil
        redoing = nil
        parent = loaded.id
        savedStep = loaded.id.step
        startedSaveStep = savedStep
        startedSaveAt = .now
        try refreshSummaries()
    }

    // MARK: Steps done again

    /// Compares a replayed step with the first time, and lets the user decide when the bits differ. Who goes on after an
    /// interruption at that step (`isNew` is false then) has decided.
    func compareWithFirstTime(_ record: StepRecord, isNew: Bool) throws {
        guard var replay, record.step <= replay.target,
            let first = try journal.record(of: record.step, onLineOf: replay.branch),
            !record.differences(from: first).isEmpty
        else { return }
        replay.differences += 1
        self.replay = replay
        guard replay.differences == 1 else { return }
        let sentence =
            "Step \(record.step), done again, came out differently than on \(first.branch) "
            + "(\(difference(first, record))): another machine or library?"
        if isNew {
            halt("\(sentence) Go on if that is good enough, or roll back to a checkpoint")
        } else {
            log(.warning, sentence)
        }
    }

    func endReplay(_ replay: Replay) async {
        guard await save(.rollback) else { return }
        self.replay = nil
        let likeness =
            replay.differences == 0
            ? "the same bits as on \(replay.branch)" : "\(replay.differences) of its steps came out differently"
        log(.rolledBack, "Back at step \(replay.target), \(likeness); going on as \(branch)")
        phase = replay.resumes ? .training : .paused
        publish()
    }
}
