import ArgumentParser
import Checkpoint
import Foundation
import Training
import VoiceModel

/// `reprise bench weights`
struct BenchWeightsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weights",
        abstract:
            "Measure what bfloat16 and int8 weights cost in quality and gain in size and speed, on your sentences.",
        discussion: """
            The tokens of every sentence are drawn with float32 weights. For each kind of weights you see how often its \
            most probable next token is the same after the same tokens, how far its sound of these tokens is from \
            float32's (log mel L1), and what its file, speaking and `reprise say` with it take.
            """)

    @Argument(help: "A voice's name or path; without one, random weights of --preset.")
    var voice: String?

    @Option(help: "A text file, one sentence a line.")
    var sentences: String

    @Option(help: "A checkpoint's ID; the newest sound one by default.")
    var checkpoint: String?

    @Option(help: "A recording whose style is taken; a clip of the voice by default.")
    var reference: String?

    @Option(help: "Without a voice: \(ModelPreset.allCases.map(\.rawValue).joined(separator: ", ")).")
    var preset: ModelPreset?

    @Option(help: "Threads to use; 0 for all cores.")
    var threads = 0

    @Flag(help: "One JSON object, with the figures of every sentence.")
    var json = false

    private var options: BenchmarkOptions {
        var options = BenchmarkOptions()
        if threads != 0 { options.threads = threads }
        return options
    }

    func validate() throws {
        do { try options.validate() } catch let error as BenchmarkError { throw ValidationError(error.description) }
        guard (voice == nil) != (preset == nil) else {
            throw ValidationError("Name a voice, or --preset for random weights, one of both.")
        }
        guard voice != nil || (checkpoint == nil && reference == nil) else {
            throw ValidationError("--checkpoint and --reference are for a voice.")
        }
    }

    func run() throws {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let benchmark = try WeightsBenchmark(
            source(), sentences: URL(fileURLWithPath: (sentences as NSString).expandingTildeInPath), options: options,
            program: program)
        let line = ProgressLine(), watch = SignalWatch {}
        defer { line.clear() }
        do {
            let report = try benchmark.run { what in
                line.show(what)
                return watch.signalNumber == nil
            }
            line.clear()
            // One that came while the last part was measured, which is not asked in between.
            if let number = watch.signalNumber { throw ExitStatus.signal(number) }
            guard json else { return printLine(report.text) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            printLine(String(decoding: try encoder.encode(report), as: UTF8.self))
        } catch is CancellationError {
            throw ExitStatus.signal(watch.signalNumber ?? SIGINT)
        }
    }

    private func source() throws -> WeightsBenchmark.Source {
        guard let voice else { return .random(preset ?? .nano) }
        let opened = try Voice.open(voice)
        let store = try CheckpointStore(directory: opened.checkpointDirectory, access: .readOnly)
        return .voice(
            opened, try SayCommand.checkpoint(checkpoint, in: store, of: opened),
            reference: reference.map { URL(fileURLWithPath: $0) })
    }
}
