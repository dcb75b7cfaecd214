import Checkpoint
import Foundation

extension Trainer {
    /// What to say when the process leaves in the middle of a step; nil when no step is being done, and the state is
    /// being saved or is saved.
    package nonisolated var partingSentence: String? {
        let standing = standing.withLock { $0 }
        guard standing.isInStep else { return nil }
        let count = standing.step - standing.savedStep
        let saved = standing.savedStep > 0 ? "step \(standing.savedStep) is saved" : "nothing was saved yet"
        return "Left in the middle of step \(standing.step + 1): \(saved), "
            + "\(count) step\(count == 1 ? "" : "s") will be done again"
    }

    func log(_ kind: JournalEvent.Kind, _ message: String) {
        // Whoever hears of it finds what it tells when he asks.
        takeStand()
        let event = JournalEvent(date: Date(), branch: branch, step: currentStep, kind: kind, message: message)
        continuation.yield(.event(event))
        do {
            try journal.append(event)
        } catch {
            // The journal's disk may be the very thing that fails; the user still sees the event.
            continuation.yield(
                .event(
                    JournalEvent(date: Date(), branch: branch, step: currentStep, kind: .warning, message: "\(error)")))
        }
    }

    /// Disk use is known before it is spent.
    func tellDiskUse() {
        guard let checkpointBytes else { return }
        let free = store.freeBytes().map { "; \(CheckpointError.size($0)) are free" } ?? ""
        log(.started, "A checkpoint takes about \(CheckpointError.size(checkpointBytes)) of the disk\(free)")
    }

    /// Makes known to other threads where the run stands and which settings are in force.
    private func takeStand() {
        let (step, saved) = (currentStep, savedStep ?? 0)
        let (branch, line) = (branch, engine?.position.settings)
        standing.withLock { ($0.step, $0.savedStep, $0.branch) = (step, saved, branch) }
        changes.withLock { $0.line = line }
    }

    /// What is free on the disk, as it was within the last second: a step may take a few milliseconds.
    private func freeBytes() -> Int? {
        if let free, free.at.duration(to: .now) < .seconds(1) { return free.bytes }
        let bytes = store.freeBytes()
        free = (bytes, .now)
        return bytes
    }

    func publish() {
        takeStand()
        let stage = engine?.stage(after: currentStep) ?? settingsInForce.training.schedule[0]
        let place = engine?.position.place(of: stage) ?? SamplerPosition()
        let schedule = engine?.position.stageOverride.map { [$0] } ?? voice.configuration.training.schedule
        continuation.yield(
            .snapshot(
                TrainingSnapshot(
                    phase: phase, voiceName: voice.name, branch: branch, step: currentStep,
                    targetStep: options.targetStep,
                    stage: stage, epoch: place.epoch, batch: place.batch,
                    batchesInEpoch: engine?.batchesInEpoch(stage) ?? 0,
                    learningRate: engine?.learningRate(stage) ?? 0,
                    secondsPerStep: stepPace.secondsPerStep(schedule: schedule), origin: origin,
                    checkpoints: summaries, branches: branches,
                    stageOverride: engine?.position.stageOverride,
                    learningRateFactor: engine?.position.learningRateFactor ?? 1,
                    safety: TrainingSnapshot.Safety(
                        savedStep: savedStep, isSaving: saving != nil, interval: pace.interval, cost: pace.share,
                        nextBytes: checkpointBytes, freeBytes: checkpointBytes == nil ? nil : freeBytes()),
                    redoing: redoing.flatMap { currentStep < $0.to ? $0 : nil },
                    timeSplit: partTimes.split(stepPace.shares(schedule: schedule)))))
    }
}

/// Where a run stands, to be asked from any thread, also in the middle of a step.
package struct Standing: Sendable {
    package var branch = CheckpointID.firstBranch
    package var step = 0
    package var savedStep = 0
    package var isInStep = false
}
