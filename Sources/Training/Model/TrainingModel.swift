import Checkpoint
import Neural
import Tensor
import VoiceModel

/// Everything that training changes: three networks, their optimizers, and the functions to save and restore them.
package final class TrainingModel {
    package let sovits: SoVITS
    package let discriminators: Discriminators
    package let prior: any TokenPrior
    let generatorOptimizer, discriminatorOptimizer, priorOptimizer: AdamW
    /// nil before the first step of the speaker stage.
    private(set) var speakers: SpeakerTraining?
    private let configuration: VoiceConfiguration
    /// Of [lora]: words that no part of the model has.
    private(set) var unknownTargets: [String] = []

    /// Builds and initialises from the seed. `change` is made to the preset's sizes, and `prior` makes a prior in the place
    /// of the preset's: for benchmarks and tests.
    init(
        _ configuration: VoiceConfiguration, symbolCount: Int, codeCount: Int,
        change: (inout SoVITSConfiguration) -> Void = { _ in },
        prior makePrior: ((SoVITSConfiguration) -> any TokenPrior)? = nil
    ) {
        self.configuration = configuration
        var sizes = SoVITSConfiguration(configuration.voice.preset, symbolCount: symbolCount, codeCount: codeCount)
        sizes.learnsCodebook = configuration.training.codebook == .learned
        change(&sizes)
        sovits = SoVITS(sizes)
        discriminators = Discriminators(sizes)
        prior = makePrior?(sizes) ?? configuration.voice.preset.prior(for: sizes)
        sovits.initialize(seed: configuration.randomSeed)
        discriminators.initialize(seed: configuration.randomSeed &+ 1)
        prior.initialize(seed: configuration.randomSeed &+ 2)
        if let lora = configuration.lora {
            let settings = LowRankSettings(rank: lora.rank, alpha: lora.alpha, dropout: lora.dropout)
            unknownTargets = prior.adapt(lora.targets, settings)
            if !lora.sovitsTargets.isEmpty { unknownTargets += sovits.adapt(lora.sovitsTargets, settings) }
            Self.initializeAdapters([sovits, prior], seed: configuration.randomSeed &+ 3)
        }
        let decay = Float(configuration.optimizer.weightDecay)
        let adversarial = AdamW.Settings(beta1: 0.8, beta2: 0.99, epsilon: 1e-9, weightDecay: decay)
        let slowed = configuration.base == nil ? 1 : Float(configuration.optimizer.baseTextFactor)
        generatorOptimizer = AdamW(sovits.trainedParameters, settings: adversarial) { name in
            Self.isTextPart(name) ? slowed : 1
        }
        discriminatorOptimizer = AdamW(discriminators.parameters, settings: adversarial)
        priorOptimizer = AdamW(
            prior.trainedParameters, settings: .init(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: decay))
    }

    /// The parts that learn more slowly on a base: it knows the language already.
    private static func isTextPart(_ name: String) -> Bool {
        ["enc_p.text_embedding", "enc_p.encoder_text", "enc_p.mrte"].contains { name.hasPrefix($0) }
    }

    private static func initializeAdapters(_ modules: [any Module], seed: UInt64) {
        for module in modules {
            for entry in module.state where entry.isAdapter {
                entry.initializer.fill(entry.tensor, seed: seed, name: entry.name)
            }
        }
    }

    /// Name of each file of a checkpoint and what it holds. Adapters have files of their own, so that the frozen weights
    /// beside them stay the same file from checkpoint to checkpoint.
    private func modules(_ speakers: SpeakerTraining?) -> [(file: String, state: [StateEntry])] {
        Self.files(
            [("sovits", sovits), ("discriminators", discriminators), ("prior", prior)]
                + (speakers.map { [("speakers", $0.classifier)] } ?? []))
    }

    private static func files(_ modules: [(String, any Module)]) -> [(file: String, state: [StateEntry])] {
        modules.flatMap { name, module in
            let state = module.state, adapters = state.filter(\.isAdapter)
            return [(name, module.weights)] + (adapters.isEmpty ? [] : [("\(name)_lora", adapters)])
        }
    }

    private func optimizers(_ speakers: SpeakerTraining?) -> [(file: String, optimizer: AdamW)] {
        [
            ("sovits_optimizer", generatorOptimizer), ("discriminators_optimizer", discriminatorOptimizer),
            ("prior_optimizer", priorOptimizer),
        ] + (speakers.map { [("speakers_optimizer", $0.optimizer)] } ?? [])
    }

    /// Bytes of all that a checkpoint holds of this, with both moments of every parameter: about what a save takes.
    var checkpointBytes: Int {
        let state = modules(speakers).reduce(0) { sum, file in file.state.reduce(sum) { $0 + $1.tensor.count } }
        let moments = optimizers(speakers).reduce(0) { sum, entry in
            entry.optimizer.slots.reduce(sum) { $0 + 2 * $1.parameter.count }
        }
        return 4 * (state + moments)
    }

    /// A copy of all tensors, for the checkpoint writer.
    func stateFiles() -> [StateFile] {
        modules(speakers).map { Self.image($0.file, $0.state) } + optimizers(speakers).map(Self.image)
    }

    /// Begins to tell these speakers apart, with a classifier that has learned nothing.
    func begin(_ names: [String]) { speakers = SpeakerTraining(names, sovits, configuration) }

    /// Adds a little to the first number of each tensor, which a benchmark takes for a step.
    func disturb() {
        for (_, state) in modules(speakers) { for entry in state { entry.tensor.pointer[0] += 1e-3 } }
        for (_, optimizer) in optimizers(speakers) {
            for slot in optimizer.slots {
                slot.first.pointer[0] += 1e-3
                slot.second.pointer[0] += 1e-3
            }
        }
    }

    /// A copy of what synthesis needs.
    func weights() -> [StateFile] {
        Self.files([("sovits", sovits), ("prior", prior)]).map { Self.image($0.file, $0.state) }
    }

    private static func image(_ file: String, _ state: [StateEntry]) -> StateFile {
        StateFile(name: "\(file).safetensors", tensors: images(state.map { ($0.name, $0.tensor) }))
    }

    private static func image(_ file: String, _ optimizer: AdamW) -> StateFile {
        StateFile(
            name: "\(file).safetensors",
            tensors: images(
                optimizer.slots.flatMap { [("\($0.name).first", $0.first), ("\($0.name).second", $0.second)] }))
    }

    /// Copies of tensors, by all threads: training stands still meanwhile, mostly for the memory's first touch.
    private static func images(_ tensors: [(name: String, tensor: Tensor)]) -> [TensorImage] {
        [TensorImage](unsafeUninitializedCapacity: tensors.count) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            parallelFor(tensors.count) { index in
                (base + index).initialize(to: TensorImage(name: tensors[index].name, tensors[index].tensor))
            }
            count = tensors.count
        }
    }

    /// Reads everything back; nothing is changed when something does not fit.
    func restore(_ image: StateImage, at position: TrainingPosition, checkpoint: String) throws {
        var copies = [(TensorImage, Tensor)]()
        let speakers = position.speakers.map { SpeakerTraining($0.names, sovits, configuration) }
        for (file, state) in modules(speakers) {
            copies += try TensorMatch.pairs(
                image.file("\(file).safetensors"), state.map { ($0.name, $0.tensor) }, checkpoint: checkpoint)
        }
        for (file, optimizer) in optimizers(speakers) {
            let wanted = optimizer.slots.flatMap { [("\($0.name).first", $0.first), ("\($0.name).second", $0.second)] }
            copies += try TensorMatch.pairs(image.file("\(file).safetensors"), wanted, checkpoint: checkpoint)
        }
        for (source, target) in copies { try source.copy(into: target) }
        self.speakers = speakers
        generatorOptimizer.updates = position.updates.generator
        discriminatorOptimizer.updates = position.updates.discriminators
        priorOptimizer.updates = position.updates.prior
        speakers?.optimizer.updates = position.speakers?.updates ?? 0
    }

    /// Takes over a base's weights, not its optimizers' memory; its adapters, if it has any, merged into them.
    func inherit(_ image: StateImage, checkpoint: String) throws {
        let position: TrainingPosition = try image.position()
        var copies = [(TensorImage, Tensor)]()
        for (file, state) in modules(nil) where !file.hasSuffix("_lora") {
            copies += try TensorMatch.pairs(
                image.file("\(file).safetensors"), state.map { ($0.name, $0.tensor) }, checkpoint: checkpoint)
        }
        for (source, target) in copies { try source.copy(into: target) }
        guard position.lora != nil, let preset = ModelPreset(rawValue: position.preset) else { return }
        let (whole, wholePrior) = (SoVITS(sovits.configuration), preset.prior(for: sovits.configuration))
        try WeightsImage(files: image.files, position: position, label: checkpoint).load(into: whole, wholePrior)
        for (target, source) in [(sovits as any Module, whole as any Module), (prior, wholePrior)] {
            for (old, new) in zip(target.weights, source.weights) { old.tensor.overwrite(new.tensor) }
        }
    }

    /// Those that a step of a stage updates.
    func optimizers(of stage: Stage) -> [AdamW] {
        switch stage {
        case .sovits: [generatorOptimizer, discriminatorOptimizer]
        case .prior: [priorOptimizer]
        case .speaker: speakers.map { [$0.optimizer] } ?? []
        }
    }

    var counts: OptimizerCounts {
        OptimizerCounts(
            generator: generatorOptimizer.updates, discriminators: discriminatorOptimizer.updates,
            prior: priorOptimizer.updates)
    }
}

/// How many updates each optimizer has done.
package struct OptimizerCounts: Sendable, Codable, Equatable {
    package var generator = 0
    package var discriminators = 0
    package var prior = 0
}

/// Pairs saved tensors with those of a model, by name and shape.
enum TensorMatch {
    static func pairs(
        _ file: StateFile, _ wanted: [(name: String, tensor: Tensor)], checkpoint: String
    ) throws -> [(TensorImage, Tensor)] {
        let saved = Dictionary(file.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return try wanted.map { name, tensor in
            guard let image = saved[name] else { throw TrainingError.missingTensor(checkpoint: checkpoint, name: name) }
            guard image.shape == tensor.shape else {
                throw TrainingError.incompatible(
                    checkpoint: checkpoint, difference: "\(name) is \(image.shape) there and \(tensor.shape) here")
            }
            return (image, tensor)
        }
    }
}
