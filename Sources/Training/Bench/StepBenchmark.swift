import Foundation
import Tensor

/// Times training steps on noise, part by part, beside what the machine can do in the same run.
package struct StepBenchmark {
    package struct Part: Sendable, Encodable {
        package let name: String
        package let seconds, gigaflop: Double
    }

    package struct StageReport: Sendable, Encodable {
        package let stage: String
        package let seconds, gigaflop, gigaflopPerSecond, shareOfCeiling, peakMegabytes: Double
        package let parts: [Part]
    }

    package struct Report: Sendable, Encodable {
        package let subject = "step"
        package let preset: String
        package let threads, repeats, batch, frames, symbols, tokens, segment: Int
        package let machine: MachineReport
        package let peakMegabytes: Double
        package let stages: [StageReport]

        private enum CodingKeys: String, CodingKey {
            case subject, preset, threads, repeats, batch, frames, symbols, tokens, segment, machine, peakMegabytes
            case stages
        }
    }

    private let options: BenchmarkOptions

    /// - Throws: `BenchmarkError`.
    package init(_ options: BenchmarkOptions) throws {
        try options.validate()
        self.options = options
    }

    /// - Throws: `CancellationError`, `TrainingError.notFinite`.
    package func run(progress: BenchmarkProgress = { _ in true }) throws -> Report {
        let (measured, machine) = try MachineReport.around(options, progress) {
            try options.stages.map { ($0, try measure($0, progress)) }
        }
        let stages = measured.map { stage, figures in
            let speed = figures.gigaflop / figures.seconds
            return StageReport(
                stage: stage.rawValue, seconds: figures.seconds, gigaflop: figures.gigaflop, gigaflopPerSecond: speed,
                shareOfCeiling: speed / machine.best.sgemmGigaflops, peakMegabytes: figures.peak, parts: figures.parts)
        }
        return Report(
            preset: options.preset.rawValue, threads: options.threads, repeats: options.repeats, batch: options.batch,
            frames: options.frames, symbols: options.symbols, tokens: options.tokens, segment: options.segment,
            machine: machine, peakMegabytes: stages.map(\.peakMegabytes).max() ?? 0, stages: stages)
    }

    /// The first step fills the memory pool and counts the work; the others are timed.
    private func measure(
        _ stage: Stage, _ progress: BenchmarkProgress
    ) throws -> (seconds: Double, gigaflop: Double, peak: Double, parts: [Part]) {
        try tell(progress, "Preparing a \(stage.rawValue) step")
        PeakMemory.reset()
        let engine = try BenchmarkModel.engine(options, stage: stage)
        let counted = StepParts()
        engine.parts = counted
        let work = try WorkCounter.recording { _ = try engine.performStep(branch: "bench") }
        var seconds = [Double](), runs = [StepParts]()
        for index in 0..<options.repeats {
            try tell(progress, "Timing \(stage.rawValue) step \(index + 1) of \(options.repeats)")
            let parts = StepParts()
            engine.parts = parts
            seconds.append(try timed { _ = try engine.performStep(branch: "bench") })
            runs.append(parts)
        }
        let parts = StepPart.allCases.filter { counted.seconds[$0] != nil }.map { part in
            Part(
                name: part.rawValue, seconds: median(runs.map { $0.seconds[part] ?? 0 }),
                gigaflop: (counted.operations[part] ?? 0) / 1e9)
        }
        return (median(seconds), work.totalOperations / 1e9, PeakMemory.megabytes, parts)
    }
}
