import Checkpoint
import Neural
import Tensor
import Testing
import Training
import VoiceModel

@Suite struct TrainingEngineTests {
    private func steps(_ engine: TrainingEngine, _ count: Int) throws -> [StepRecord] {
        try (0..<count).map { _ in try engine.performStep(branch: "main") }
    }

    /// Figures to the bit; times are no part of them.
    private func isSame(_ a: [StepRecord], _ b: [StepRecord]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { $0.isIdentical(to: $1) }
    }

    private func values(_ module: any Module) -> [String: [Float]] {
        Dictionary(uniqueKeysWithValues: module.state.map { ($0.name, $0.tensor.values) })
    }

    /// What a store would hand back.
    private func loaded(_ engine: TrainingEngine) throws -> LoadedCheckpoint {
        let folder = try JournalFolder()
        let store = try CheckpointStore(directory: folder.url)
        let id = CheckpointID(branch: "main", step: engine.position.step)
        try store.save(
            engine.stateImage(texts: []),
            as: SaveRequest(id: id, reason: .user, parent: nil, datasetFingerprint: "", configurationDigest: ""))
        return try store.load(id)
    }

    @Test func aSeedDecidesEveryFigure() throws {
        let first = try steps(TinyVoice.engine(), 6)
        #expect(try isSame(first, steps(TinyVoice.engine(), 6)))
        #expect(try !isSame(first, steps(TinyVoice.engine { $0.voice.seed = 2 }, 6)))
        #expect(first.map(\.stage) == [.sovits, .sovits, .sovits, .prior, .sovits, .sovits])
        #expect(first.map(\.step) == Array(1...6))
        #expect(first.map(\.epoch) == [0, 0, 1, 0, 1, 2] && first.map(\.batch) == [0, 1, 0, 0, 1, 0])
        let sovits: Set<Metric> = [
            .mel, .kl, .adversarial, .featureMatching, .discriminator, .total, .generatorGradientNorm,
            .discriminatorGradientNorm,
        ]
        #expect(Set(first[0].metrics.keys) == sovits)
        #expect(Set(first[3].metrics.keys) == [.crossEntropy, .topThreeAccuracy, .priorGradientNorm])
        for (metric, value) in first.flatMap(\.metrics) { #expect(value.isFinite, "\(metric)") }
    }

    @Test func threadsDoNotChangeAFigure() throws {
        Threads.use(1)
        let alone = try TinyVoice.engine()
        let one = try steps(alone, 4)
        Threads.use(2)
        let pair = try TinyVoice.engine()
        #expect(try isSame(one, steps(pair, 4)))
        #expect(try alone.stateImage(texts: []) == pair.stateImage(texts: []))
    }

    @Test func restoringInTheMiddleOfAnEpochGoesOnAsIfNothingHadBeen() throws {
        let straight = try TinyVoice.engine()
        _ = try steps(straight, 5)
        let checkpoint = try loaded(straight)
        let rest = try steps(straight, 5)
        // Another past, so that everything has to come from the checkpoint.
        let other = try TinyVoice.engine()
        _ = try steps(other, 2)
        try other.restore(checkpoint)
        #expect(other.position.sovits == SamplerPosition(epoch: 2) || other.position.sovits.batch == 0)
        #expect(try isSame(rest, steps(other, 5)))
        #expect(try other.stateImage(texts: []) == straight.stateImage(texts: []))
    }

    @Test func wishesReplaceTheSchedule() throws {
        let engine = try TinyVoice.engine { $0.training.schedule = [.prior, .sovits] }
        #expect((0..<4).map(engine.stage(after:)) == [.prior, .sovits, .prior, .sovits])
        engine.position.stageOverride = .prior
        #expect((0..<4).allSatisfy { engine.stage(after: $0) == .prior })
        #expect(try steps(engine, 3).map(\.stage) == [.prior, .prior, .prior])
    }

    @Test func ratesFollowTheirSchedulesAndTheFactor() throws {
        let engine = try TinyVoice.engine {
            $0.optimizer.sovitsDecay = 0.5
            $0.optimizer.priorWarmupSteps = 4
        }
        #expect(engine.learningRate(.sovits) == 2e-4)
        engine.position.sovits.epoch = 2
        #expect(engine.learningRate(.sovits) == 2e-4 * 0.25)
        #expect(engine.learningRate(.prior) == 3e-4 / 4)
        engine.position.updates.prior = 3
        #expect(engine.learningRate(.prior) == 3e-4)
        engine.position.updates.prior = 1_000_000
        #expect(abs(engine.learningRate(.prior) - 3e-5) < 1e-12)
        engine.position.learningRateFactor = 0.1
        #expect(abs(engine.learningRate(.sovits) - 2e-4 * 0.025) < 1e-15)
        engine.position.stageOverride = .sovits
        #expect(try engine.performStep(branch: "main").learningRate == engine.learningRate(.sovits))
    }

    @Test func aStageLeavesTheOtherAlone() throws {
        let engine = try TinyVoice.engine()
        engine.position.stageOverride = .prior
        let (sovits, discriminators) = (values(engine.model.sovits), values(engine.model.discriminators))
        var prior = values(engine.model.prior)
        _ = try steps(engine, 2)
        #expect(values(engine.model.sovits) == sovits && values(engine.model.discriminators) == discriminators)
        #expect(values(engine.model.prior) != prior)
        prior = values(engine.model.prior)
        engine.position.stageOverride = .sovits
        _ = try steps(engine, 1)
        #expect(values(engine.model.prior) == prior)
        let after = values(engine.model.sovits)
        // Batch statistics and, but for what no gradient has reached, parameters.
        let still = sovits.keys.filter { after[$0] == sovits[$0] }
        #expect(still.count < sovits.count / 10, "unchanged: \(still.sorted())")
        #expect(values(engine.model.discriminators) != discriminators)
    }

    /// The generator's loss must not teach the discriminators: nothing of it may wait for their next update.
    @Test func aStepLeavesNoGradientBehind() throws {
        let engine = try TinyVoice.engine()
        engine.position.stageOverride = .sovits
        _ = try steps(engine, 1)
        let modules: [any Module] = [engine.model.sovits, engine.model.discriminators, engine.model.prior]
        for module in modules {
            let left = module.parameters.filter { $0.tensor.gradient != nil }.map(\.name)
            #expect(left.isEmpty, "gradients left on \(left)")
        }
    }

    @Test func whatIsNotANumberIsNamed() throws {
        func poison(_ module: any Module, _ prefix: String) throws {
            let entry = try #require(module.parameters.first { $0.name.hasPrefix(prefix) })
            entry.tensor.pointer.update(repeating: .nan, count: entry.tensor.count)
        }
        func term(_ change: (TrainingModel) throws -> Void, _ stage: Stage) throws -> String? {
            let engine = try TinyVoice.engine()
            engine.position.stageOverride = stage
            try change(engine.model)
            do {
                _ = try engine.performStep(branch: "main")
            } catch TrainingError.notFinite(let term, let step) {
                #expect(step == 1)
                // Nothing was applied to what the term belongs to.
                #expect(engine.position.step == 0)
                return term
            }
            return nil
        }
        #expect(try term({ try poison($0.sovits, "dec.") }, .sovits) == "The discriminator loss")
        #expect(try term({ try poison($0.discriminators, "") }, .sovits) == "The discriminator loss")
        #expect(try term({ try poison($0.sovits, "enc_p.proj") }, .sovits) == "The loss kl")
        #expect(try term({ try poison($0.prior, "out_proj") }, .prior) == "The prior's cross-entropy")
    }

    @Test func theMelLossFalls() throws {
        let engine = try TinyVoice.engine(clips: 5) {
            $0.training.batchSize = 2
            $0.optimizer.sovitsLearningRate = 1e-3
        }
        engine.position.stageOverride = .sovits
        let mel = try steps(engine, 60).compactMap { $0.metrics[.mel] }
        let (early, late) = (mel[2..<8].reduce(0, +) / 6, mel.suffix(6).reduce(0, +) / 6)
        #expect(late < 0.7 * early, "mel L1 went from \(early) to \(late)")
    }

    @Test func heldOutClipsAreMeasuredWithoutTouchingAnything() throws {
        let plain = try TinyVoice.engine(), measured = try TinyVoice.engine { $0.training.validationSteps = 2 }
        let (a, b) = (try steps(plain, 4), try steps(measured, 4))
        for (a, b) in zip(a, b) { for (metric, value) in a.metrics { #expect(b.metrics[metric] == value) } }
        #expect(b.map { $0.metrics[.validationMel] != nil } == [false, true, false, true])
        #expect(b[3].metrics[.validationCrossEntropy]?.isFinite == true)
        #expect(try plain.stateImage(texts: []).files == measured.stateImage(texts: []).files)
    }

    @Test func anotherConfigurationsCheckpointIsRefusedWithTheDifference() throws {
        let checkpoint = try loaded(TinyVoice.engine())
        func refusal(_ engine: TrainingEngine) throws -> String? {
            let before = try engine.stateImage(texts: [])
            do {
                try engine.restore(checkpoint)
                return nil
            } catch TrainingError.incompatible(let id, let difference) {
                #expect(id == "main/g_0000000")
                #expect(try engine.stateImage(texts: []) == before)
                return difference
            }
        }
        #expect(try refusal(TinyVoice.engine()) == nil)
        #expect(try refusal(TinyVoice.engine { $0.voice.seed = 5 }) == "seed is 1 there and 5 here")
        #expect(try refusal(TinyVoice.engine { $0.voice.preset = .nano }) == "preset is tiny there and nano here")
        let codes = checkpoint.image
        let there = try TrainingEngine.tokenizer(of: codes).codeCount
        let engine = try TinyVoice.engine(clips: 7)
        let here = engine.position.codeCount
        #expect(there != here)
        #expect(try refusal(engine) == "codes is \(there) there and \(here) here")
    }
}
