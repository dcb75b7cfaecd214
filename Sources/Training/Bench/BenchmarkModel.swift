import Audio
import Foundation
import Neural
import Tensor
import VoiceModel

/// Models with random weights and clips of noise, at the sizes of a benchmark.
enum BenchmarkModel {
    static let symbolCount = 512

    /// An engine whose every step takes the same `batch` clips. The prior's have as many frames as its tokens take.
    static func engine(_ options: BenchmarkOptions, stage: Stage) throws -> TrainingEngine {
        let preset = options.preset, frames = stage == .sovits ? options.frames : 2 * options.tokens
        let spectrum = InputSpectrum(preset), codes = KMeansTokenizer.codeLimit(preset)
        let clips = (0..<options.batch).map { index in
            func random(_ name: String) -> RandomStream { RandomStream(seed: 1, name: name, step: index) }
            var clip = PreparedClip(
                id: "\(index)",
                waveform: Waveform(
                    samples: (random("clip").normal([frames * preset.hopLength]) * 0.1).values,
                    sampleRate: preset.sampleRate),
                text: text(options.symbols, index), spectrogram: spectrum, hop: preset.hopLength,
                features: preset.readsRecordedFeatures
                    ? random("features").normal([SoVITSConfiguration.featureWidth, frames]).values : [])
            clip.tokens = (0..<frames / 2).map { random("codes").integer(below: codes, at: $0) }
            return clip
        }
        var configuration = VoiceConfiguration(name: "bench", preset: preset)
        configuration.training.batchSize = options.batch
        configuration.lora = options.lora
        configuration.training.validationSteps = .max
        let engine = TrainingEngine(
            configuration: configuration, symbolCount: symbolCount, dataset: Dataset(training: clips, heldOut: []),
            tokenizer: preset.readsRecordedFeatures ? nil : try tokenizer(codes)
        ) { $0.segmentFrames = options.segment }
        engine.position.stageOverride = stage
        return engine
    }

    /// What synthesis needs: both models with their first weights, frozen.
    static func synthesis(_ preset: ModelPreset) -> (sovits: SoVITS, prior: any TokenPrior) {
        let sizes = SoVITSConfiguration(
            preset, symbolCount: preset.symbolRows(symbolCount), codeCount: KMeansTokenizer.codeLimit(preset))
        let sovits = SoVITS(sizes), prior = preset.prior(for: sizes)
        sovits.initialize(seed: 1)
        prior.initialize(seed: 2)
        sovits.freeze()
        prior.freeze()
        return (sovits, prior)
    }

    static func text(_ count: Int, _ index: Int) -> [Int32] {
        let random = RandomStream(seed: 1, name: "text", step: index)
        return (0..<count).map { Int32(random.integer(below: symbolCount, at: $0)) }
    }

    /// As many codes as the preset has, wherever they lie: the cost of a step depends on their number.
    private static func tokenizer(_ codes: Int) throws -> KMeansTokenizer {
        // Twenty coefficients of two frames.
        let coefficients = 20
        return try KMeansTokenizer { name in
            switch name {
            case "centroids": RandomStream(seed: 1, name: name).normal([codes, 2 * coefficients])
            case "mean": .zeros([coefficients])
            default: Tensor(repeating: 1, shape: [coefficients])
            }
        }
    }
}
