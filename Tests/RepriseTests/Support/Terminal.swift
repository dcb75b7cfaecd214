import Foundation
import Testing

/// A terminal of tmux with a server of its own, in which a shell runs the studio.
final class Terminal {
    /// Kept as long as the terminal: its folder holds the socket.
    private let voice: TestVoice
    private let server: TmuxServer
    private let name: String
    private var home: URL { voice.home }

    /// What the shell says before the studio opens and after it is left.
    static let before = "the shell before", after = "the shell after"

    /// Opens the studio; `type` is the terminal's name as programs know it, `name` sets it apart from others of the voice.
    init(
        _ voice: TestVoice, arguments: [String] = [], columns: Int, rows: Int, type: String = "screen-256color",
        name: String = "tmux"
    ) async throws {
        self.voice = voice
        self.name = name
        server = TmuxServer(home: voice.home, name: name)
        // The trap keeps the shell, not the studio, alive when the terminal goes away.
        let script = """
            trap : HUP
            stty -a > "$HOME/\(name).stty.before"
            echo "\(Self.before)"
            TERM=\(type) "$@"
            echo "$?" > "$HOME/\(name).status"
            stty -a > "$HOME/\(name).stty.after"
            echo "\(Self.after)"
            exec cat
            """
        let size = ["-x", "\(columns)", "-y", "\(rows)"]
        try await tmux(
            ["-u", "-f", "/dev/null", "new-session", "-d"] + size
                + ["sh", "-c", script, "sh", Program.path, voice.path] + arguments)
    }

    deinit {
        // After a failed test only: a studio that nobody looks at any more must not train on.
        guard FileManager.default.fileExists(atPath: server.socket) else { return }
        guard let ending = try? RunningProgram(["tmux", "-S", server.socket, "kill-server"], home: home) else { return }
        while ending.poll() == nil { usleep(3000) }
    }

    /// Ends the server without asking the studio, as a closed window does.
    func close() async throws { try await tmux(["kill-server"]) }

    @discardableResult
    private func tmux(_ arguments: [String]) async throws -> String { try await server.run(arguments) }

    /// Presses keys, by tmux's names.
    func press(_ keys: String...) async throws { try await tmux(["send-keys"] + keys) }

    func type(_ text: String) async throws { try await tmux(["send-keys", "-l", text]) }

    func resize(columns: Int, rows: Int) async throws {
        try await tmux(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
    }

    func screen() async throws -> TerminalScreen {
        TerminalScreen(text: try await tmux(["capture-pane", "-p"]))
    }

    /// The studio's process.
    func program() async throws -> pid_t {
        let shell = try await tmux(["display-message", "-p", "#{pane_pid}"]).dropLast()
        let children = try String(contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
        guard let process = children.split(separator: " ").first.flatMap({ pid_t($0) }) else {
            throw TestFailure("the shell \(shell) runs no studio")
        }
        return process
    }

    var isAlternate: Bool {
        get async throws { try await tmux(["display-message", "-p", "#{alternate_on}"]) == "1\n" }
    }

    /// Looks until the screen shows something, and returns it.
    @discardableResult
    func until(_ what: String, _ condition: (TerminalScreen) throws -> Bool) async throws -> TerminalScreen {
        let end = ContinuousClock.now + .seconds(120)
        while true {
            let screen = try await screen()
            if try condition(screen) { return screen }
            guard ContinuousClock.now < end else {
                throw TestFailure("the studio never showed \(what):\n\(screen.text)")
            }
        }
    }

    /// What the shell wrote into a file of the home folder.
    func note(_ kind: String) -> String? {
        try? String(contentsOf: home.appendingPathComponent("\(name).\(kind)"), encoding: .utf8)
    }

    /// The studio's exit code, once it is left.
    func status() async throws -> Int32? {
        let file = home.appendingPathComponent("\(name).status")
        try await waitUntil("the studio is left") {
            (try? String(contentsOf: file, encoding: .utf8))?.hasSuffix("\n") == true
        }
        return note("status").flatMap { Int32($0.dropLast()) }
    }
}

/// A tmux of a test's own, apart from every other on the machine.
struct TmuxServer {
    private let home: URL
    let socket: String

    init(home: URL, name: String) {
        self.home = home
        socket = home.appendingPathComponent(name).path
    }

    /// Runs one of tmux's commands, which must succeed, and returns what it printed.
    @discardableResult
    func run(_ arguments: [String]) async throws -> String {
        let result = try await RunningProgram(["tmux", "-S", socket] + arguments, home: home).finished()
        guard result.code == 0 else { throw TestFailure("tmux \(arguments.joined(separator: " ")): \(result.errors)") }
        return result.output
    }
}

/// What stands on a terminal.
struct TerminalScreen: Equatable {
    let text: String

    var lines: [String] { text.components(separatedBy: "\n") }

    /// The step in the status line.
    var step: Int? { text.firstMatch(of: #/ step (\d+)/#).flatMap { Int($0.1) } }

    /// The braille dots of the chart, row by row.
    var curves: [String] {
        lines.map { String($0.unicodeScalars.filter { (0x2801...0x28ff).contains($0.value) }.map(Character.init)) }
    }

    func shows(_ text: String) -> Bool { self.text.contains(text) }
}
