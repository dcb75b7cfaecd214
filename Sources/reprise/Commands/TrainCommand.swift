import ArgumentParser
import Foundation
import Processes
import Training

struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train without a screen, from the newest sound checkpoint on.",
        discussion: "Started by `mpirun -n N --bind-to none`, N processes share every batch, on one host or several.")

    @Argument(help: "A voice's name or path.")
    var voice: String

    @Option(help: "Train until this global step; without it, until stopped.")
    var steps: Int?

    @Option(help: "Train one stage only: sovits, prior or, with ten speakers or more, speaker.")
    var stage: Stage?

    @Option(
        help: "Threads to use; by default all cores, divided among the processes of this host. The result is the same.")
    var threads = 0

    @Flag(help: "One JSON object per step on standard output.")
    var json = false

    func validate() throws {
        if let steps, steps < 1 { throw ValidationError("--steps takes a number from 1 on.") }
        if threads < 0 || threads > 256 { throw ValidationError("--threads takes a number from 0 (all cores) to 256.") }
    }

    func run() async throws {
        guard let processes = try MessagePassing.joined() else { return try await train(nil, threads: threads) }
        let crew = ProcessCrew(processes)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let own = threads > 0 ? threads : max(1, cores / processes.countHere)
        var status: Int32 = 0
        if processes.rank == 0 {
            do {
                try await train(crew, threads: own)
            } catch let ended as ExitStatus {
                status = ended.code
            } catch {
                printError("reprise: \(error)")
                status = 1
            }
            crew.end(status: status)
        } else {
            do {
                let watch = SignalWatch(telling: { crew.signal.store($0, ordering: .relaxed) })
                status = try withExtendedLifetime(watch) {
                    try TrainingWorker(Voice.open(voice), crew: crew).run(threads: own)
                }
            } catch {
                printError("reprise: \(error)")
                processes.abort()
            }
        }
        processes.finish()
        if status != 0 { throw ExitStatus(code: status) }
    }

    /// Trains in this process, or as the first of several.
    private func train(_ crew: ProcessCrew?, threads: Int) async throws {
        let voice = try Voice.open(voice)
        let trainer = try await Trainer.opened(
            voice, options: TrainerOptions(targetStep: steps, stage: stage, threads: threads, endsWhenHalted: true),
            crew: crew, tell: printError)
        let patience = voice.configuration.training.stopSeconds
        let watch = SignalWatch(telling: { number in
            trainer.send(.interrupt)
            Self.leave(trainer, after: patience, number: number)
        })
        let printer = Task { [json] in await Self.show(trainer.updates, json: json) }
        let outcome = await trainer.run()
        await printer.value
        switch outcome {
        case .reachedTarget: return
        case .stopped: if let number = watch.signalNumber ?? crew?.commonSignal { throw ExitStatus.signal(number) }
        case .failed: throw ExitStatus.failed
        }
    }

    /// A step that outlasts the patience of whoever sent the signal is given up: the last save stands.
    private static func leave(_ trainer: Trainer, after seconds: Double, number: Int32) {
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) {
            guard let sentence = trainer.partingSentence else { return }
            printError(sentence)
            _exit(128 + number)
        }
    }

    /// Steps go to standard output, events to standard error, preparation to a line that is overwritten.
    private static func show(_ updates: AsyncStream<TrainingUpdate>, json: Bool) async {
        let line = ProgressLine()
        for await update in updates {
            switch update {
            case .step(let record):
                line.clear()
                printLine(json ? record.jsonLine : text(of: record))
            case .event(let event):
                line.clear()
                let isError = event.kind == .failure
                printError(isError ? "reprise: \(event.message)" : event.message)
            case .snapshot(let snapshot):
                if case .preparing(let what, let fraction) = snapshot.phase {
                    line.show(what + (fraction.map { String(format: " %3.0f %%", 100 * $0) } ?? ""))
                } else {
                    line.clear()
                }
            case .obeyed, .progress: break
            }
        }
        line.clear()
    }

    private static func text(of record: StepRecord) -> String {
        let figures = Metric.allCases.compactMap { metric in
            record.metrics[metric].map { "\(metric.rawValue) \(String(format: "%.4g", $0))" }
        }
        let place = "step \(record.step)  \(record.stage.rawValue)  epoch \(record.epoch).\(record.batch)"
        return "\(place)  \(String(format: "%.2f s", record.seconds))  \(figures.joined(separator: "  "))"
    }
}

extension Stage: ExpressibleByArgument {}
