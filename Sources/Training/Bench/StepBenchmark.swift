import Audio
import Foundation
import Tensor
import VoiceModel

/// Times training steps on noise of a given size, beside the machine's sgemm ceiling in the same run.
package struct StepBenchmark {
    package struct Report: Sendable, Codable {
        package let preset: String
        package let threads, batch, frames, symbols, repeats: Int
        /// Medians in seconds.
        package let sovitsSeconds, priorSeconds: Double
        /// Of a 1024³ product, the best of several, in GFLOP/s.
        package let sgemmCeiling: Double

        package var text: String {
            """
            preset \(preset), batch \(batch), \(frames) frames, \(symbols) symbols, \(threads) threads, median of \(repeats)
            sovits step  \(String(format: "%.3f", sovitsSeconds)) s
            prior step   \(String(format: "%.3f", priorSeconds)) s
            sgemm        \(String(format: "%.0f", sgemmCeiling)) GFLOP/s
            """
        }
    }

    private let preset: ModelPreset
    private let batch, frames, symbols, repeats, threads: Int

    package init(preset: ModelPreset, batch: Int, frames: Int, symbols: Int, repeats: Int, threads: Int) {
        self.preset = preset
        (self.batch, self.frames, self.symbols, self.repeats) = (batch, frames, symbols, repeats)
        self.threads = threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount
    }

    package func run() throws -> Report {
        Threads.use(threads)
        let symbolCount = 512
        let clips = (0..<batch).map { index in
            let random = RandomStream(seed: 1, name: "clip", step: index)
            let samples = (random.normal([frames * preset.hopLength]) * 0.1).values
            let text = (0..<symbols).map { Int32(random.integer(below: symbolCount, at: $0)) }
            return PreparedClip(
                id: "\(index)", waveform: Waveform(samples: samples, sampleRate: preset.sampleRate), text: text,
                spectrogram: MelSpectrogram(preset), hop: preset.hopLength)
        }
        let tokenizer = try KMeansTokenizer.fit(
            clips.map(\.melTensor), limit: KMeansTokenizer.codeLimit(preset), seed: 1)
        let read = clips.map { clip in
            var clip = clip
            clip.tokens = tokenizer.tokens(of: clip.melTensor)
            return clip
        }
        var configuration = VoiceConfiguration(name: "bench", preset: preset)
        configuration.training.batchSize = batch
        configuration.training.validationSteps = .max
        let engine = TrainingEngine(
            configuration: configuration, symbolCount: symbolCount, dataset: Dataset(training: read, heldOut: []),
            tokenizer: tokenizer)
        let ceiling = measuredProductCeiling()
        return Report(
            preset: preset.rawValue, threads: threads, batch: batch, frames: frames, symbols: symbols, repeats: repeats,
            sovitsSeconds: try median(.sovits, engine), priorSeconds: try median(.prior, engine), sgemmCeiling: ceiling)
    }

    /// The first step, which fills the memory pool, does not count.
    private func median(_ stage: Stage, _ engine: TrainingEngine) throws -> Double {
        engine.position.stageOverride = stage
        _ = try engine.performStep(branch: "bench")
        let seconds = try (0..<repeats).map { _ in try engine.performStep(branch: "bench").seconds }.sorted()
        return seconds[seconds.count / 2]
    }
}
