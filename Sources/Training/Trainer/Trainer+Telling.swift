import Foundation

extension Trainer {
    func log(_ kind: JournalEvent.Kind, _ message: String) {
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

    func publish() {
        let stage = engine?.stage(after: currentStep) ?? voice.configuration.training.schedule[0]
        let place = (stage == .sovits ? engine?.position.sovits : engine?.position.prior) ?? SamplerPosition()
        let sorted = recentSeconds.sorted()
        continuation.yield(
            .snapshot(
                TrainingSnapshot(
                    phase: phase, voiceName: voice.name, branch: branch, step: currentStep,
                    targetStep: options.targetStep,
                    stage: stage, epoch: place.epoch, batch: place.batch,
                    batchesInEpoch: engine?.batchesInEpoch(stage) ?? 0,
                    learningRate: engine?.learningRate(stage) ?? 0,
                    secondsPerStep: sorted.isEmpty ? nil : sorted[sorted.count / 2], origin: origin,
                    checkpoints: summaries, stageOverride: engine?.position.stageOverride,
                    learningRateFactor: engine?.position.learningRateFactor ?? 1)))
    }
}
