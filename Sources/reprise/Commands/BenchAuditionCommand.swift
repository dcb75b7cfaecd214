import ArgumentParser
import Foundation
import Studio
import Training
import VoiceModel

/// `reprise bench audition`
struct BenchAuditionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audition",
        abstract: "Measure how soon a take is heard and stopped, and whether it ever stutters, while all cores train.")

    @Option(help: "\(ModelPreset.allCases.map(\.rawValue).joined(separator: ", ")).")
    var preset: ModelPreset = .nano

    @Option(help: "Times that a take is played and stopped.")
    var keys = 100

    @Option(help: "Seconds that a take is played over and over.")
    var seconds = 60.0

    @Option(help: "Threads that train; 0 for all cores.")
    var threads = 0

    @Flag(help: "One JSON object.")
    var json = false

    @MainActor
    func run() async throws {
        var options = BenchmarkOptions()
        options.preset = preset
        options.batch = 4
        if threads != 0 { options.threads = threads }
        let line = ProgressLine()
        let report = try await AuditionBenchmark(options, keys: keys, seconds: seconds).run { line.show($0) }
        line.clear()
        guard json else { return printLine(report.text) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        printLine(String(decoding: try encoder.encode(report), as: UTF8.self))
    }
}
