import ArgumentParser
import Foundation
import Studio

struct BenchStudioCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "studio", abstract: "Measure what long histories cost the studio: drawing, memory, reading.")

    @Option(help: "Steps of the longest history.")
    var steps = 1_000_000

    @Option(help: "Pictures to draw of each kind.")
    var pictures = 500

    @Flag(help: "One JSON object.")
    var json = false

    func validate() throws {
        guard steps >= 1000, steps <= 10_000_000 else {
            throw ValidationError("--steps is a number from 1000 to 10000000.")
        }
        guard pictures >= 1 else { throw ValidationError("--pictures is at least 1.") }
    }

    func run() throws {
        let line = ProgressLine()
        let here = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        let report = try StudioBenchmark(steps: steps, pictures: pictures, in: here).run { line.show($0) }
        line.clear()
        guard json else { return printLine(report.text) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        printLine(String(decoding: try encoder.encode(report), as: UTF8.self))
    }
}
