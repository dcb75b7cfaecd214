import ArgumentParser
import Foundation
import Training

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the journal, every step of every branch: to standard output, or for TensorBoard.")

    @Argument(help: "A voice's name or path.")
    var voice: String

    @Flag(exclusivity: .exclusive, help: "Comma-separated with a heading line, or one JSON object per line.")
    var format: Format?

    @Option(help: "A new folder for TensorBoard's event files, a run for each branch, with takes and settings.")
    var tensorboard: String?

    enum Format: String, EnumerableFlag {
        case csv, json
    }

    func validate() throws {
        guard (format == nil) != (tensorboard == nil) else {
            throw ValidationError("Say what to write: --csv, --json or --tensorboard FOLDER.")
        }
    }

    func run() throws {
        let voice = try Voice.open(voice)
        if let tensorboard {
            return try voice.exportToTensorBoard(URL(fileURLWithPath: tensorboard, isDirectory: true))
        }
        let journal = try Journal(readOnly: voice.journalURL)
        try journal.export(format == .csv ? .csv : .json) { print($0) }
    }
}
