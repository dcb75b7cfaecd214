import Audio
import Checkpoint
import Foundation
import Neural
import Tensor
import VoiceModel

/// One voice being trained: model, data and position. Belongs to one thread; `Trainer` gives it one.
///
/// A step is a function of the state before it, so that a state and its position are all that must be saved.
package final class TrainingEngine {
    /// What is in force: voice.toml as it was read, with what the user changed on this line.
    package private(set) var configuration: VoiceConfiguration
    /// What voice.toml said when training began.
    package let written: VoiceConfiguration
    package let dataset: Dataset
    /// nil where tokens are those of recorded features, by SoVITS' own codebook.
    package let tokenizer: KMeansTokenizer?
    package let model: TrainingModel
    package var position: TrainingPosition {
        didSet { if position.settings != oldValue.settings { configuration = written.changed(by: position.settings) } }
    }
    /// Told which part of a step begins, when a benchmark listens.
    package var parts: StepParts?
    /// The processes that share every batch; nil when this one has all of it.
    package var crew: ProcessCrew?
    /// How held-out speakers were told apart after a step.
    var measuredSpeakers: (step: Int, heldOut: HeldOutSpeakers?)?
    private let samplers: [Stage: Sampler]
    private let lossSpectrogram: MelSpectrogram

    /// `change` and `prior`: as `TrainingModel` takes them.
    package init(
        configuration: VoiceConfiguration, symbolCount symbols: Int, dataset: Dataset, tokenizer: KMeansTokenizer?,
        change: (inout SoVITSConfiguration) -> Void = { _ in },
        prior: ((SoVITSConfiguration) -> any TokenPrior)? = nil
    ) {
        self.configuration = configuration
        written = configuration
        self.dataset = dataset
        self.tokenizer = tokenizer
        let preset = configuration.voice.preset, rows = preset.symbolRows(symbols)
        let codes = tokenizer?.codeCount ?? KMeansTokenizer.codeLimit(preset)
        model = TrainingModel(configuration, symbolCount: rows, codeCount: codes, change: change, prior: prior)
        position = TrainingPosition(
            seed: configuration.randomSeed, preset: preset.rawValue, symbolCount: rows, codeCount: codes,
            tokensPerSymbol: dataset.tokensPerSymbol)
        position.lora = configuration.lora
        let lengths = dataset.training.map(\.frames)
        samplers = Dictionary(
            uniqueKeysWithValues: Stage.allCases.map {
                (
                    $0,
                    Sampler(
                        lengths: lengths,
                        batchSize: $0 == .speaker
                            ? configuration.training.speakerBatchSize : configuration.training.batchSize,
                        seed: configuration.randomSeed, stage: $0)
                )
            })
        let sizes = model.sovits.configuration
        lossSpectrogram = MelSpectrogram(
            sampleRate: sizes.sampleRate, fftSize: sizes.fftLength, hop: sizes.hopLength, bands: sizes.lossMelBands)
    }

    // MARK: Steps

    /// The stage that the step after `done` others trains.
    package func stage(after done: Int) -> Stage {
        if let stage = position.stageOverride { return stage }
        let schedule = configuration.training.schedule
        return schedule[done % schedule.count]
    }

    package func batchesInEpoch(_ stage: Stage) -> Int { samplers[stage]?.batchesInEpoch ?? 1 }

    /// The learning rate of the next step of a stage.
    package func learningRate(_ stage: Stage) -> Double {
        let schedule: LearningRateSchedule =
            switch stage {
            case .sovits:
                .exponential(
                    rate: configuration.optimizer.sovitsLearningRate, decay: configuration.optimizer.sovitsDecay)
            case .prior:
                .warmupCosine(
                    rate: configuration.optimizer.priorLearningRate, warmup: configuration.optimizer.priorWarmupSteps,
                    total: configuration.optimizer.priorTotalSteps)
            case .speaker:
                .warmupCosine(
                    rate: configuration.optimizer.speakerLearningRate,
                    warmup: configuration.optimizer.speakerTotalSteps / 20,
                    total: configuration.optimizer.speakerTotalSteps)
            }
        let updates = stage == .speaker ? position.speakers?.updates ?? 0 : position.updates.prior
        return schedule.rate(updates: updates, epoch: position.place(of: stage).epoch) * position.learningRateFactor
    }

    /// Does one step and moves the position.
    ///
    /// - Throws: `TrainingError.notFinite`; the state is then no longer good and must be restored. As `refusal`, before
    ///   anything is changed.
    package func performStep(branch: String) throws -> StepRecord {
        let started = ContinuousClock.now
        _ = crew?.meter.take()
        let step = position.step + 1, stage = stage(after: position.step), rate = learningRate(stage)
        if stage == .speaker { try beginSpeakers() }
        let place = position.place(of: stage)
        guard let sampler = samplers[stage] else { preconditionFailure("every stage has a sampler") }
        let (clips, next) = sampler.batch(at: place)
        var metrics =
            switch stage {
            case .sovits: try trainSoVITS(clips, step: step, rate: Float(rate))
            case .prior: try trainPrior(clips, step: step, rate: Float(rate))
            case .speaker: try trainSpeakers(clips, step: step, rate: Float(rate))
            }
        parts?.leave()
        position.move(stage, to: next)
        position.step = step
        position.updates = model.counts
        position.speakers?.updates = model.speakers?.optimizer.updates ?? 0
        try crew?.agree(after: step, on: model.optimizers(of: stage))
        if step % configuration.training.validationSteps == 0 { metrics.merge(try validation()) { $1 } }
        return StepRecord(
            branch: branch, step: step, stage: stage, epoch: place.epoch, batch: place.batch, learningRate: rate,
            metrics: metrics, seconds: (ContinuousClock.now - started).inSeconds, exchange: crew?.meter.take())
    }

    /// Discriminators, then generator (HiFi-GAN §2.4, VITS §2.4).
    private func trainSoVITS(_ clips: [Int], step: Int, rate: Float) throws -> [Metric: Float] {
        parts?.enter(.data)
        let hop = model.sovits.configuration.hopLength
        let whole = dataset.sovitsBatch(
            clips, hop: hop, referenceBins: referenceBins, seed: configuration.randomSeed, step: step)
        let share = crew.flatMap { BatchShare(of: clips.count, $0.group) }
        let batch = share.map { whole.items($0.rows) } ?? whole
        parts?.enter(.generatorForward)
        let pass = model.sovits.trainingPass(
            batch, StepRandomness(seed: configuration.randomSeed, step: step, share: share))

        parts?.enter(.discriminatorStep)
        let (real, fake) = model.discriminators.scores(real: pass.real, generated: pass.generated.detached())
        var loss = SoVITSLoss.discriminator(real: real, generated: fake)
        if let share { loss = loss * share.part }
        let discriminatorLoss = sums([loss.item], share)[0]
        try requireFinite(discriminatorLoss, "The discriminator loss", step)
        descend(from: loss, model.discriminatorOptimizer, share)
        parts?.enter(.optimizer)
        let discriminatorNorm = model.discriminatorOptimizer.gradientNorm()
        try requireFinite(discriminatorNorm, "The discriminators' gradient", step)
        model.discriminatorOptimizer.update(learningRate: rate)
        parts?.enter(.generatorBackward)

        var metrics = try model.discriminators.frozen {
            var terms = generatorTerms(pass)
            if let share {
                let frames = Float(batch.lengths.reduce(0, +)) / Float(whole.lengths.reduce(0, +))
                // A mean over frames counts for its frames, one over segments of equal length for its items.
                for (metric, term) in terms { terms[metric] = term * (metric == .kl ? frames : share.part) }
            }
            return try descendGenerator(terms, share, step: step, rate: rate)
        }
        metrics[.discriminator] = discriminatorLoss
        metrics[.discriminatorGradientNorm] = discriminatorNorm
        return metrics
    }

    /// The generator's half of the step. The discriminators must be frozen around all of it: backward asks them too.
    private func descendGenerator(
        _ terms: [Metric: Tensor], _ share: BatchShare?, step: Int, rate: Float
    ) throws -> [Metric: Float] {
        let weights: [(Metric, Double)] = [
            (.mel, configuration.loss.mel), (.kl, configuration.loss.kl),
            (.adversarial, configuration.loss.adversarial),
            (.featureMatching, configuration.loss.featureMatching), (.commitment, configuration.loss.commitment),
        ]
        var metrics = [Metric: Float]()
        var total = Tensor.scalar(0)
        for (metric, weight) in weights {
            guard let term = terms[metric] else { continue }
            let value = sums([term.item], share)[0]
            try requireFinite(value, "The loss \(metric.rawValue)", step)
            metrics[metric] = value
            total = total + term * Float(weight)
        }
        metrics[.total] = sums([total.item], share)[0]
        descend(from: total, model.generatorOptimizer, share)
        parts?.enter(.optimizer)
        let norm = model.generatorOptimizer.gradientNorm()
        try requireFinite(norm, "The generator's gradient", step)
        metrics[.generatorGradientNorm] = norm
        model.generatorOptimizer.update(learningRate: rate)
        return metrics
    }

    /// Sums over the processes that share a batch; the numbers themselves where one has all of it.
    func sums(_ values: [Float], _ share: BatchShare?) -> [Float] {
        share.map { $0.group.sums(values.map(Double.init)).map { Float($0) } } ?? values
    }

    /// Gradients of a loss, which is this process' part of the whole one, summed over all.
    func descend(from loss: Tensor, _ optimizer: AdamW, _ share: BatchShare?) {
        guard share != nil, let crew else { return loss.backward() }
        GradientExchange.descend(from: loss, optimizer, crew.meter)
    }

    private func generatorTerms(_ pass: SoVITS.Pass) -> [Metric: Tensor] {
        let (real, fake) = model.discriminators.compare(real: pass.real, generated: pass.generated)
        var terms: [Metric: Tensor] = [
            .mel: SoVITSLoss.mel(logMel(pass.generated), logMel(pass.real)), .kl: pass.kl,
            .adversarial: SoVITSLoss.adversarial(fake),
            .featureMatching: SoVITSLoss.featureMatching(real: real, generated: fake),
        ]
        terms[.commitment] = pass.commitment
        return terms
    }

    /// Bins of a spectrum that the speaker encoder reads.
    package var referenceBins: Int { model.sovits.configuration.referenceEncoder.bins }

    /// A clip's semantic tokens: its own, or by the present codebook those of its recorded features.
    package func tokens(of clip: PreparedClip) -> [Int] {
        model.sovits.tokens(of: clip)
    }

    /// [B, 1, N] -> log mel of the loss.
    private func logMel(_ waveform: Tensor) -> Tensor {
        lossSpectrogram(waveform.reshaped([waveform.shape[0], waveform.shape[2]]))
    }

    private func trainPrior(_ clips: [Int], step: Int, rate: Float) throws -> [Metric: Float] {
        parts?.enter(.data)
        let share = crew.flatMap { BatchShare(of: clips.count, $0.group) }, rows = share?.rows ?? 0..<clips.count
        let whole = clips.map { dataset.training[$0] }, chosen = Array(whole[rows])
        let spoken = whole.map(tokens)
        let references = dataset.references(
            for: clips, bins: referenceBins, seed: configuration.randomSeed, step: step)
        parts?.enter(.forward)
        // Table and g are SoVITS' business: nothing flows back to them, and its statistics stay as they are.
        let g = model.sovits.frozen { model.sovits.speakerVector(references.items(rows)) }
        var (loss, accuracy) = try model.prior.loss(
            text: chosen.map(\.text), tokens: Array(spoken[rows]), speaker: g,
            codeTable: model.sovits.codeTable.detached(),
            bert: TextFeatures.batch(whole.map(\.textFeatures)).map { $0.items(rows) },
            randomness: StepRandomness(seed: configuration.randomSeed, step: step, share: share),
            padding: PriorPadding(text: whole.map(\.text), tokens: spoken))
        if share != nil {
            // A mean over tokens, each item's EOS among them.
            let part =
                Float(spoken[rows].reduce(0) { $0 + $1.count + 1 }) / Float(spoken.reduce(0) { $0 + $1.count + 1 })
            (loss, accuracy) = (loss * part, accuracy * part)
        }
        let values = sums([loss.item, accuracy], share)
        try requireFinite(values[0], "The prior's cross-entropy", step)
        parts?.enter(.backward)
        descend(from: loss, model.priorOptimizer, share)
        parts?.enter(.optimizer)
        let norm = model.priorOptimizer.gradientNorm()
        try requireFinite(norm, "The prior's gradient", step)
        model.priorOptimizer.update(
            learningRate: rate,
            gradientScale: clippingScale(norm: norm, limit: Float(configuration.optimizer.priorClipNorm)))
        return [.crossEntropy: values[0], .topThreeAccuracy: values[1], .priorGradientNorm: norm]
    }

    func requireFinite(_ value: Float, _ term: String, _ step: Int) throws {
        guard value.isFinite else { throw TrainingError.notFinite(term: term, step: step) }
    }

    /// Leaves the epochs that are under way: what follows is another one, of other data.
    package func beginEpochs() {
        for place in [\TrainingPosition.sovits, \TrainingPosition.prior] where position[keyPath: place].batch > 0 {
            position[keyPath: place] = SamplerPosition(epoch: position[keyPath: place].epoch + 1, batch: 0)
        }
        if let place = position.speakers?.place, place.batch > 0 {
            position.speakers?.place = SamplerPosition(epoch: place.epoch + 1, batch: 0)
        }
    }

    // MARK: State

    /// A copy of the complete state.
    package func stateImage(texts: [TextFile]) throws -> StateImage {
        let codes = tokenizer.map { tokenizer in
            StateFile(
                name: "tokenizer.safetensors", tensors: tokenizer.state.map { TensorImage(name: $0.name, $0.tensor) })
        }
        var position = position
        // Of these very weights, whenever they are saved.
        position.speakers?.heldOut = heldOutSpeakers()
        return try StateImage(
            files: model.stateFiles() + (codes.map { [$0] } ?? []), position: position, texts: texts)
    }

    /// Goes to the state of a checkpoint; nothing is changed when something does not fit.
    ///
    /// - Throws: `TrainingError.incompatible`, `.missingTensor`.
    package func restore(_ loaded: LoadedCheckpoint) throws {
        let saved = try requireCompatible(loaded)
        try model.restore(loaded.image, at: saved, checkpoint: loaded.id.description)
        position = saved
        position.speakers?.heldOut = nil
        measuredSpeakers = nil
    }

    /// The position of a checkpoint that was made for this configuration.
    @discardableResult
    func requireCompatible(_ loaded: LoadedCheckpoint) throws -> TrainingPosition {
        let saved: TrainingPosition = try loaded.image.position()
        let id = loaded.id.description
        for (name, there, here) in [
            ("preset", saved.preset, position.preset), ("symbols", "\(saved.symbolCount)", "\(position.symbolCount)"),
            ("[lora]", Self.words(saved.lora), Self.words(position.lora)),
            ("codes", "\(saved.codeCount)", "\(position.codeCount)"), ("seed", "\(saved.seed)", "\(position.seed)"),
        ] where there != here {
            throw TrainingError.incompatible(checkpoint: id, difference: "\(name) is \(there) there and \(here) here")
        }
        return saved
    }

    private static func words(_ lora: VoiceConfiguration.LowRank?) -> String {
        guard let lora else { return "absent" }
        return "rank \(lora.rank), alpha \(lora.alpha), dropout \(lora.dropout), targets "
            + (lora.targets + lora.sovitsTargets.map { "sovits \($0)" }).joined(separator: " ")
    }

    /// The tokenizer a checkpoint was trained with.
    package static func tokenizer(of image: StateImage) throws -> KMeansTokenizer {
        let file = try image.file("tokenizer.safetensors")
        var tensors = [String: Tensor]()
        for image in file.tensors { tensors[image.name] = try image.tensor() }
        return try KMeansTokenizer { tensors[$0] }
    }
}
