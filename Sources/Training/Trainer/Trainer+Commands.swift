import Checkpoint
import Foundation

// What the user wants, obeyed between two steps.
extension Trainer {
    func obey(_ command: TrainingCommand) async {
        switch command {
        case .pause:
            if waiting?.resumes == true {
                waiting?.resumes = false
                log(.paused, "Stays paused at step \(currentStep) when the disk takes what is written again")
            }
            guard phase == .training else { break }
            guard await save(.pause) else {
                await faceTroubleOfSave()
                waiting?.resumes = false
                break
            }
            phase = .paused
            log(.paused, "Paused at step \(currentStep)")
        case .resume:
            if isSpoiled {
                log(.warning, "The state in memory is not good any more: roll back to a checkpoint first")
            } else if phase != .training {
                waiting = nil
                phase = .training
                log(.started, "Going on from step \(currentStep)")
            }
        case .snapshot:
            if isSpoiled {
                log(
                    .warning,
                    "The state in memory is not good any more and is not saved: roll back to a checkpoint first")
            } else {
                await startSave(.user)
            }
        case .rollBack(let id): await rollBack(to: id)
        case .branch(let id, let factor):
            if await rollBack(to: id) { wish("learning_rate_factor", "\(factor)") }
        case .undoRollBack: await moveBack(.undo)
        case .redoRollBack: await moveBack(.redo)
        case .pin, .tag, .untag, .note, .verify, .evaluate, .prune: begin(command)
        case .stopEvaluating: stopEvaluating()
        case .setStage(let stage):
            if let refusal = stage.flatMap({ engine?.refusal(of: $0) }) {
                log(.failure, "\(refusal)")
                break
            }
            wish("stage", stage?.rawValue ?? "schedule")
        case .setLearningRateFactor(let factor): wish("learning_rate_factor", "\(factor)")
        case .stop, .interrupt: break
        }
        publish()
    }

    /// A settings command is durable before the step that first obeys it.
    func set(_ name: String, _ value: String) throws {
        let setting = JournalSetting(branch: branch, step: currentStep, name: name, value: value, date: Date())
        try journal.append(setting)
        // What was wanted later, before an interruption, is outdated by what is wanted now.
        settingsToReplay.removeAll { $0.name == name }
        apply(setting)
        writeToBoard { $0.add(text: value, named: "settings/\(name)", branch: branch, step: currentStep) }
        log(.setting, "From step \(currentStep + 1): \(name) = \(value)")
    }

    /// One that cannot be kept is not obeyed either; what ails the journal is met again by the next step.
    private func wish(_ name: String, _ value: String) {
        do { try set(name, value) } catch { log(.failure, "\(name) stays as it was: \(error)") }
    }

    func apply(_ setting: JournalSetting) {
        switch setting.name {
        case "stage": engine?.position.stageOverride = Stage(rawValue: setting.value)
        case "learning_rate_factor":
            if let factor = Double(setting.value), factor.isFinite, factor > 0 {
                engine?.position.learningRateFactor = factor
            }
        case Replay.settingName, "dataset": break  // looked at when the voice is opened
        case let name where VoiceSetting.find(dotted: name)?.effect == .nextStep: applyToLine(setting)
        default:
            log(.warning, "The journal has a setting \(setting.name) that this version does not know; it is left out")
        }
    }

    /// The settings to obey again, by step: one given anew while steps were being redone replaces the later ones.
    static func inForce(_ settings: [JournalSetting]) -> [JournalSetting] {
        var result: [JournalSetting] = []
        for setting in settings {
            result.removeAll { $0.name == setting.name && $0.step > setting.step }
            result.append(setting)
        }
        return result.enumerated().sorted { ($0.element.step, $0.offset) < ($1.element.step, $1.offset) }.map(\.element)
    }

    func replaySettings() {
        while let first = settingsToReplay.first, first.step <= currentStep {
            apply(first)
            settingsToReplay.removeFirst()
        }
    }

    func stop(_ reason: CheckpointReason) async -> Outcome {
        if isSpoiled {
            _ = await finishSave()
            log(.stopped, "Stopped without saving: the state in memory was not good any more")
        } else if await keep(reason) {
            if let error = troubleOfSave { log(.warning, "\(error)") }
            log(.stopped, "Stopped at step \(currentStep)")
        } else {
            let sentence =
                troubleOfSave.map { "\($0)" } ?? waiting?.reason ?? haltedReason ?? "the state could not be saved"
            log(.failure, "\(sentence); stopped at step \(currentStep), \(lost) will be done again")
            return await finish(.halted(sentence), .failed(sentence))
        }
        return await finish(.stopped, .stopped)
    }

    /// Makes sure that the disk has this very step; false when it cannot.
    func keep(_ reason: CheckpointReason) async -> Bool {
        guard engine != nil else { return true }
        if currentStep == startedSaveStep, await finishSave(), currentStep == savedStep { return true }
        return await save(reason)
    }

    /// The steps that only memory has, in words.
    private var lost: String {
        let count = currentStep - (savedStep ?? 0)
        return count == 1 ? "1 step" : "\(count) steps"
    }

    var haltedReason: String? {
        if case .halted(let reason) = phase { return reason }
        return nil
    }

    func halt(_ sentence: String) {
        phase = .halted(sentence)
        log(.failure, sentence)
        publish()
    }

    func finish(_ last: TrainingSnapshot.Phase, _ outcome: Outcome) async -> Outcome {
        isLeaving.store(true, ordering: .relaxed)
        _ = await finishSave()
        stopEvaluating()
        for chore in chores.values { await chore.value }
        await endInspection()
        noteSpokenTakes()
        closeBoard()
        phase = last
        try? journal.sync()
        publish()
        return outcome
    }
}
