import ArgumentParser
import Foundation
import Training
import VoiceModel

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure a training step on this machine, beside its sgemm ceiling.")

    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case step
    }

    @Argument(help: "step: one training step of each stage, on noise.")
    var subject: Subject = .step

    @Option(help: "tiny, nano or standard.")
    var preset: ModelPreset = .nano

    @Option(help: "Clips in a batch.")
    var batch = 8

    @Option(help: "Frames of each clip, 50 a second.")
    var frames = 300

    @Option(help: "Symbols of each text.")
    var symbols = 80

    @Option(help: "Steps of each stage to take the median of.")
    var repeats = 5

    @Option(help: "Threads to use; all cores by default.")
    var threads = 0

    @Flag(help: "One JSON object.")
    var json = false

    func validate() throws {
        guard batch >= 1, frames >= 64, frames % 2 == 0, symbols >= 1, symbols <= 1000, repeats >= 1 else {
            throw ValidationError(
                "--batch and --repeats start at 1, --frames is even and from 64 on, --symbols is 1 to 1000.")
        }
    }

    func run() throws {
        let report = try StepBenchmark(
            preset: preset, batch: batch, frames: frames, symbols: symbols, repeats: repeats, threads: threads
        ).run()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            print(report.text)
        }
    }
}
