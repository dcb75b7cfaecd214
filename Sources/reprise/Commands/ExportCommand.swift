import ArgumentParser
import Training

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the journal, every step of every branch, to standard output.")

    @Argument(help: "A voice's name or path.")
    var voice: String

    @Flag(exclusivity: .exclusive, help: "Comma-separated with a heading line, or one JSON object per line.")
    var format: Format

    enum Format: String, EnumerableFlag {
        case csv, json
    }

    func run() throws {
        let journal = try Journal(readOnly: Voice.open(voice).journalURL)
        try journal.export(format == .csv ? .csv : .json) { print($0) }
    }
}
