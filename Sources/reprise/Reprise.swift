import ArgumentParser
import Foundation

@main
struct Reprise: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprise",
        abstract: "Trains a few-shot voice-cloning model on a CPU, and never loses a step of it.",
        usage: "reprise [VOICE]\n       reprise <command> …",
        subcommands: [
            StudioCommand.self, NewCommand.self, TrainCommand.self, SayCommand.self, CheckpointsCommand.self,
            ExportCommand.self, ConsentCommand.self, BenchCommand.self, DoctorCommand.self, ManualCommand.self,
        ],
        defaultSubcommand: StudioCommand.self)

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let status as ExitStatus {
            Foundation.exit(status.code)
        } catch {
            let code = exitCode(for: error)
            switch code {
            case .success:
                print(fullMessage(for: error))
                Foundation.exit(0)
            case .validationFailure:
                printError(fullMessage(for: error))
                Foundation.exit(2)
            default:
                printError("reprise: \(error)")
                Foundation.exit(1)
            }
        }
    }
}
