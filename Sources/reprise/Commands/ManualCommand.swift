import ArgumentParser

/// The man page, made of what `--help` says, so that both say the same. `make install` asks for it.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Print the man page.", shouldDisplay: false)

    func run() {
        let root = Reprise.configuration
        print(".TH REPRISE 1")
        print(".SH NAME\nreprise \\- \(Self.escaped(root.abstract))")
        print(".SH SYNOPSIS\n.B reprise\n[VOICE]\n.br\n.B reprise\n<command> \\&...")
        print(
            """
            .SH DESCRIPTION
            Without a command reprise opens the studio, on a voice or on the choice of one. Press ? there for the keys of \
            the place you are in, and : for all commands.
            """)
        for command in root.subcommands where command != ManualCommand.self {
            let name = command.configuration.commandName ?? ""
            print(".SH \(name.uppercased())\n\(Self.escaped(command.configuration.abstract))\n.PP\n.nf")
            print(Self.escaped(Reprise.helpMessage(for: command, columns: 72)))
            print(".fi")
        }
        print(
            """
            .SH EXIT STATUS
            0 when all went well, 1 for a failure, which is said in one sentence, 2 for a wrong command line, 128 and the \
            signal's number after one.
            .SH FILES
            A name stands for $XDG_DATA_HOME/reprise/NAME; a path is a path. A voice is a folder with voice.toml, \
            metadata.csv, clips/, checkpoints/, journal.sqlite and takes/.
            """)
    }

    /// Text as roff prints it: a line that begins with a dot or a quote would be a request.
    private static func escaped(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let escaped = line.replacing("\\", with: "\\e").replacing("-", with: "\\-")
            return escaped.first == "." || escaped.first == "'" ? "\\&\(escaped)" : String(escaped)
        }.joined(separator: "\n")
    }
}
