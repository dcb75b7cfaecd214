import ArgumentParser
import Foundation
import Synchronization
import Training
import VoiceModel

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure this machine: the model, saving, and the studio beside training.",
        subcommands: [
            BenchModelCommand.self, BenchWeightsCommand.self, BenchAuditionCommand.self, BenchStudioCommand.self,
        ],
        defaultSubcommand: BenchModelCommand.self)
}

/// `reprise bench step|ops|say|checkpoint`; its own name need not be given.
struct BenchModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Measure this machine with random weights and noise, beside its sgemm ceiling and memory bandwidth.")

    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case step, ops, say, checkpoint
    }

    enum Stages: String, ExpressibleByArgument, CaseIterable {
        case sovits, prior, both

        var stages: [Stage] { Stage(rawValue: rawValue).map { [$0] } ?? Stage.ofEveryVoice }
    }

    @Argument(
        help:
            "step: a training step, part by part; ops: each operator of a step alone; say: one sentence; checkpoint: a save."
    )
    var subject: Subject = .step

    @Option(help: "\(ModelPreset.allCases.map(\.rawValue).joined(separator: ", ")).")
    var preset: ModelPreset = .nano

    @Option(help: "sovits, prior or both; not for say.")
    var stage: Stages = .both

    @Option(help: "Clips in a batch.")
    var batch = 1

    @Option(help: "Frames of each clip in SoVITS, 50 a second.")
    var frames = 200

    @Option(name: [.long, .customLong("phonemes")], help: "Symbols of each text.")
    var symbols = 60

    @Option(help: "Tokens of each item in the prior, 25 a second; half the frames by default, in say 100.")
    var tokens: Int?

    @Option(help: "Frames of the slice that the decoder hears in training.")
    var segment = 32

    @Option(help: "Train adapters of this rank on the prior instead of its weights; 0 trains all.")
    var lora = 0

    @Option(parsing: .upToNextOption, help: "With --lora: parts of SoVITS that are adapted, too, such as enc_p flow.")
    var loraSovits: [String] = []

    @Option(help: "With ops: only those that have this text in operator, pass and shape, as the table says them.")
    var only: String?

    @Flag(
        help: ArgumentHelp(
            "With ops: for a program that measures its own in between.",
            discussion: """
                Prints all operators as JSON, then reads a line at a time the number of one of them, and answers with \
                its seconds. At the input's end comes the report.
                """))
    var turns = false

    @Option(help: "Runs to take the median of, after one that does not count.")
    var repeats = 5

    @Option(help: "Threads to use; 0 for all cores.")
    var threads = 0

    @Flag(help: "One JSON object.")
    var json = false

    private var options: BenchmarkOptions {
        var options = BenchmarkOptions()
        options.preset = preset
        options.stages = stage.stages
        (options.batch, options.frames, options.symbols) = (batch, frames, symbols)
        options.tokens = tokens ?? (subject == .say ? 100 : max(1, frames / 2))
        (options.segment, options.repeats) = (segment, repeats)
        if lora > 0 {
            var adapters = VoiceConfiguration.LowRank()
            (adapters.rank, adapters.sovitsTargets) = (lora, loraSovits)
            options.lora = adapters
        }
        if threads != 0 { options.threads = threads }
        options.only = only
        return options
    }

    func validate() throws {
        if subject != .ops && (only != nil || turns) {
            throw ValidationError("--only and --turns are about single operators: they go with `reprise bench ops`.")
        }
        do { try options.validate() } catch let error as BenchmarkError { throw ValidationError(error.description) }
    }

    func run() throws {
        let line = ProgressLine(), interruption = BenchInterruption()
        defer { withExtendedLifetime(interruption) {} }
        let progress: BenchmarkProgress = { what in
            line.show(what)
            return true
        }
        switch subject {
        case .step: try report(StepBenchmark(options).run(progress: progress), \.text, line)
        case .ops:
            let asked = OperatorTurns(
                show: { try printJSON(["operations": $0]) }, next: { readLine() }, answer: { printLine("\($0)") })
            try report(OperatorBenchmark(options).run(turns: turns ? asked : nil, progress: progress), \.text, line)
        case .say: try report(SpeechBenchmark(options).run(progress: progress), \.text, line)
        case .checkpoint:
            let here = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
            let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            try report(CheckpointBenchmark(options, in: here, program: program).run(progress: progress), \.text, line)
        }
    }

    private func report<Report: Encodable>(_ report: Report, _ text: (Report) -> String, _ line: ProgressLine) throws {
        line.clear()
        if json { try printJSON(report) } else { printLine(text(report)) }
    }

    private func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        printLine(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// Ends a benchmark at the first signal, even inside a step: there is nothing to save.
private final class BenchInterruption: Sendable {
    private let watch = Mutex<SignalWatch?>(nil)

    init() {
        let made = SignalWatch { [weak self] in
            let number = self?.watch.withLock { $0?.signalNumber } ?? SIGINT
            if isatty(STDERR_FILENO) == 1 { write("\r\u{1B}[K", to: STDERR_FILENO) }
            _exit(128 + number)
        }
        watch.withLock { $0 = made }
    }
}
