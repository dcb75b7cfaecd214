import ArgumentParser
import Foundation
import Studio
import TerminalKit
import Training

struct StudioCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "studio", abstract: "Open the studio on a voice and train it.", shouldDisplay: false)

    @Argument(help: "A voice's name or path.")
    var voice: String

    @Option(help: "dark, light, mono or another theme of themes/; voice.toml's by default.")
    var theme: String?

    @Option(help: "The ALSA device that plays; voice.toml's by default.")
    var device: String?

    @Option(help: "Train until this global step; without it, until stopped.")
    var steps: Int?

    @Option(help: "Threads to use; all cores by default. The result is the same.")
    var threads = 0

    @MainActor
    func run() async throws {
        let voice = try Voice.open(voice)
        let chosen = try ThemeLibrary.standard.theme(named: theme ?? voice.configuration.studio.theme)
        let trainer = try await Trainer.opened(
            voice, options: TrainerOptions(targetStep: steps, threads: threads), tell: printError)
        let app = StudioApp(
            session: trainer, backend: CursesBackend(theme: chosen), theme: chosen,
            player: DevicePlayer(device: device ?? voice.configuration.studio.device),
            patience: (voice.configuration.training.stopSeconds, { trainer.partingSentence }))
        let training = Task { await trainer.run() }
        let exit: StudioExit
        do {
            exit = try await app.run()
        } catch {
            // No terminal to show it on: nothing may go on training unseen.
            trainer.send(.stop)
            _ = await training.value
            throw error
        }
        try await finish(exit, training)
    }
}

extension StudioCommand {
    /// After the screen is given back: one line that says where things stand, and the exit code.
    private func finish(_ exit: StudioExit, _ training: Task<Trainer.Outcome, Never>) async throws {
        if exit == .abandoned {
            printError("Left at once; the last checkpoint before it is whole.")
            _exit(exit.code)
        }
        if case .leftInStep(_, let sentence) = exit {
            printError(sentence)
            _exit(exit.code)
        }
        let outcome = await training.value
        switch exit {
        case .failed(let sentence): printError("reprise: \(sentence)")
        case .finished, .interrupted, .terminalLost, .abandoned, .leftInStep:
            if case .failed(let sentence) = outcome {
                printError("reprise: \(sentence)")
                throw ExitStatus.failed
            }
        }
        if exit.code != 0 { throw ExitStatus(code: exit.code) }
    }
}
