import Foundation
import Neural
import Tensor
import VoiceModel

// The speaker stage: the encoder that makes g learns to tell many speakers apart.
extension TrainingEngine {
    /// Why a stage cannot train this voice; nil when it can.
    package func refusal(of stage: Stage) -> TrainingError? {
        guard stage == .speaker else { return nil }
        let preset = configuration.voice.preset.rawValue
        guard case .speaker = model.sovits.configuration.referenceEncoder else {
            return .noSpeakerEncoder(preset: preset)
        }
        guard !model.sovits.speakerParameters.isEmpty else { return .frozenSpeakerEncoder }
        let count = dataset.speakers.count + Set(dataset.ofHeldOutSpeakers.map(\.speaker)).count
        guard !dataset.ofHeldOutSpeakers.isEmpty, dataset.speakers.count > 1 else {
            return .tooFewSpeakers(found: count, needed: VoiceSpeakers.fewest)
        }
        return nil
    }

    /// Makes the classifier of the training speakers, at the first step and when they are others than they were.
    func beginSpeakers() throws {
        if let refusal = refusal(of: .speaker) { throw refusal }
        guard position.speakers?.names != dataset.speakers else { return }
        var new = SpeakerPosition(names: dataset.speakers)
        if let old = position.speakers {
            new.place = old.place
            // Whoever trained once is no stranger to the encoder.
            new.former = Set(old.names + (old.former ?? [])).subtracting(new.names).sorted()
            if new.former?.isEmpty == true { new.former = nil }
        }
        model.begin(dataset.speakers)
        position.speakers = new
    }

    func trainSpeakers(_ clips: [Int], step: Int, rate: Float) throws -> [Metric: Float] {
        guard let task = model.speakers else { preconditionFailure("the speaker stage has begun") }
        parts?.enter(.data)
        let share = crew.flatMap { BatchShare(of: clips.count, $0.group) }, rows = share?.rows ?? 0..<clips.count
        let crops = dataset.crops(of: clips, bins: referenceBins, seed: configuration.randomSeed, step: step)
        let speakers = Array(crops.speakers[rows])
        parts?.enter(.forward)
        let vectors = model.sovits.taughtSpeakerVectors(
            crops.spectrum.items(rows), StepRandomness(seed: configuration.randomSeed, step: step, share: share))
        let cosines = task.classifier.cosines(vectors)
        let part = share?.part ?? 1
        var loss = SpeakerClassifier.loss(cosines: cosines, speakers: speakers)
        if share != nil { loss = loss * part }
        let values = sums([loss.item, SpeakerClassifier.accuracy(cosines: cosines, speakers: speakers) * part], share)
        try requireFinite(values[0], "The speakers' loss", step)
        parts?.enter(.backward)
        descend(from: loss, task.optimizer, share)
        parts?.enter(.optimizer)
        let norm = task.optimizer.gradientNorm()
        try requireFinite(norm, "The speaker encoder's gradient", step)
        task.optimizer.update(learningRate: rate)
        return [.speakerLoss: values[0], .speakerAccuracy: values[1], .speakerGradientNorm: norm]
    }

    /// Clips of a held-out speaker that are heard at most.
    private static let clipsOfSpeaker = 10

    /// How well the present encoder tells speakers apart that never trained it; nil before the speaker stage began, and
    /// where no two clips of one speaker, or of two, are held out.
    package func heldOutSpeakers() -> HeldOutSpeakers? {
        guard let stage = position.speakers else { return nil }
        if let measuredSpeakers, measuredSpeakers.step == position.step { return measuredSpeakers.heldOut }
        let trained = Set(stage.names + (stage.former ?? []))
        var counts: [String: Int] = [:], vectors: [(speaker: String, vector: [Float])] = []
        model.sovits.frozen {
            for clip in dataset.ofHeldOutSpeakers where !trained.contains(clip.speaker) {
                counts[clip.speaker, default: 0] += 1
                guard counts[clip.speaker, default: 0] <= Self.clipsOfSpeaker else { continue }
                let heard = clip.spectrumTensor.sliced(axis: 1, 0..<referenceBins)
                vectors.append((clip.speaker, model.sovits.speakerVector(heard).values))
            }
        }
        let result = SpeakerVerification.equalErrorRate(vectors).map {
            HeldOutSpeakers(speakers: counts.count, errorRate: $0)
        }
        measuredSpeakers = (position.step, result)
        return result
    }
}
