import Foundation
import Synchronization

/// A terminal of this process' own: what the program writes is kept byte by byte, what it set can be asked.
final class PseudoTerminal: Sendable {
    /// The program, or the shell that runs it.
    let process: pid_t
    private let master: Int32
    private let before: [UInt8]
    private let received = Mutex<[UInt8]>([])
    private let status = Mutex<Int32?>(nil)

    /// Starts a command on a new terminal, as the leader of a session of its own.
    init(
        _ command: [String], home: URL, columns: Int = 80, rows: Int = 24, type: String = "xterm-256color",
        locale: String = "C.UTF-8"
    ) throws {
        var master: Int32 = -1
        var slave: Int32 = -1
        var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&master, &slave, nil, nil, &size) == 0 else {
            throw TestFailure("there is no terminal to be had")
        }
        defer { close(slave) }
        _ = fcntl(master, F_SETFD, FD_CLOEXEC)
        guard let name = ttyname(slave).map({ String(cString: $0) }) else {
            throw TestFailure("a terminal has no name")
        }
        self.master = master
        before = Self.attributes(master)
        var variables = Program.environment(home: home)
        variables["TERM"] = type
        variables["LANG"] = locale
        variables["LC_ALL"] = locale
        // A report of the runtime's takes a quarter of a minute a crash, and is not what is tested.
        variables["SWIFT_BACKTRACE"] = "enable=no"
        process = try ChildProcess.start(command, environment: variables, leadsSession: true) { actions in
            // The first terminal that the leader of a session opens is its own.
            posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
            posix_spawn_file_actions_adddup2(&actions, 0, 1)
            posix_spawn_file_actions_adddup2(&actions, 0, 2)
        }
        Thread.detachNewThread { [self] in readOn() }
    }

    deinit { close(master) }

    /// Ends whatever still runs; call it when the test is over, as the reading thread keeps this object alive.
    func end() {
        if poll() == nil {
            kill(-process, SIGKILL)
            kill(process, SIGKILL)
        }
    }

    private func readOn() {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(master, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            received.withLock { $0.append(contentsOf: bytes.prefix(count)) }
        }
    }

    // MARK: What a user does

    func type(_ text: String) { _ = text.withCString { write(master, $0, strlen($0)) } }

    func resize(columns: Int, rows: Int) {
        var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    // MARK: What a user sees

    /// Everything that was written so far.
    var bytes: [UInt8] { received.withLock { $0 } }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Waits until what was written since a place among the bytes shows something.
    func until(_ what: String, since place: Int = 0, _ condition: @escaping @Sendable (String) -> Bool) async throws {
        let seen = Mutex(-1)
        try await waitUntil(what) { [self] in
            let bytes = received.withLock { $0.count }
            // A long history is not read again and again for nothing.
            if seen.withLock({ count in
                defer { count = bytes }
                return count == bytes
            }), poll() == nil {
                return false
            }
            let text = String(decoding: received.withLock { Array($0[place...]) }, as: UTF8.self)
            if condition(text) { return true }
            if poll() != nil { throw TestFailure("it ended before \(what):\n\(text.suffix(2000))") }
            return false
        }
    }

    /// How it ended, as `RunningProgram.poll`; nil while it runs.
    func poll() -> Int32? {
        status.withLock { known in
            if known == nil { known = ChildProcess.ending(of: process) }
            return known
        }
    }

    func ended() async throws -> Int32 {
        try await waitUntil("process \(process) has ended") { [self] in poll() != nil }
        // What it wrote last is read by another thread.
        try await waitUntil("its last bytes are read") { [self] in !modes.isAlternate || bytes.isEmpty }
        return poll() ?? 0
    }

    // MARK: What was set

    private static func attributes(_ descriptor: Int32) -> [UInt8] {
        var attributes = termios()
        tcgetattr(descriptor, &attributes)
        // Without the padding, which means nothing.
        var control = attributes.c_cc
        let characters = withUnsafeBytes(of: &control) { Array($0) }
        let flags = [attributes.c_iflag, attributes.c_oflag, attributes.c_cflag, attributes.c_lflag]
        return flags.flatMap { flag in withUnsafeBytes(of: flag) { Array($0) } } + characters
    }

    /// Whether the terminal's settings are those it began with.
    var hasItsSettings: Bool { Self.attributes(master) == before }

    /// What the bytes so far have switched on.
    var modes: Modes { Modes(text) }

    struct Modes: Equatable {
        var isAlternate = false
        var isCursorHidden = false
        var reportsMouse = false
        var marksPastes = false

        init() {}

        init(_ text: String) {
            func isOn(_ on: String, _ off: String) -> Bool {
                guard let last = text.range(of: on, options: .backwards) else { return false }
                guard let end = text.range(of: off, options: .backwards) else { return true }
                return last.lowerBound > end.lowerBound
            }
            isAlternate = isOn("\u{1B}[?1049h", "\u{1B}[?1049l")
            isCursorHidden = isOn("\u{1B}[?25l", "\u{1B}[?25h") && !text.hasSuffix("\u{1B}[?12l\u{1B}[?25h")
            reportsMouse = isOn("\u{1B}[?1002h", "\u{1B}[?1002l") || isOn("\u{1B}[?1006h", "\u{1B}[?1006l")
            marksPastes = isOn("\u{1B}[?2004h", "\u{1B}[?2004l")
        }
    }
}
