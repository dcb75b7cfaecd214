import Foundation
import Synchronization
import Testing

/// All tests that run the program: one after another, as each run takes every core.
@Suite(.serialized) enum ProgramTests {}

/// The built `reprise`, run as a user runs it.
enum Program {
    /// Beside the program that runs these tests.
    static let path: String = {
        let candidates = [
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"), CommandLine.arguments[0],
        ]
        for candidate in candidates.compactMap({ $0 }) {
            let beside = URL(fileURLWithPath: candidate).deletingLastPathComponent().appendingPathComponent("reprise")
                .path
            if FileManager.default.isExecutableFile(atPath: beside) { return beside }
        }
        return "/reprise-is-not-built"
    }()

    /// What the program and its children see of the environment; `home` holds the voices that are called by name.
    static func environment(home: URL, path: String? = nil) -> [String: String] {
        [
            "PATH": path ?? ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": home.path,
            "XDG_DATA_HOME": home.appendingPathComponent("data").path, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
        ]
    }

    static func start(_ arguments: [String], home: URL, path folders: String? = nil) throws -> RunningProgram {
        try RunningProgram([path] + arguments, home: home, path: folders)
    }

    static func run(_ arguments: [String], home: URL) async throws -> ProgramResult {
        try await start(arguments, home: home).finished()
    }
}

/// How a run ended and what it said.
struct ProgramResult: Sendable {
    /// The exit code, or the negative number of the signal that ended it.
    var code: Int32
    var output: String
    var errors: String

    var outputLines: [String] { output.split(separator: "\n").map(String.init) }
    var errorLines: [String] { errors.split(separator: "\n").map(String.init) }

    /// That it failed with one sentence, and which.
    func expectOneSentence(
        _ sentence: String, code wanted: Int32 = 1, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(code == wanted, sourceLocation: sourceLocation)
        #expect(errorLines == ["reprise: \(sentence)"], sourceLocation: sourceLocation)
        #expect(output == "", sourceLocation: sourceLocation)
    }
}

/// A process with its output in files, so that it never waits for a reader.
final class RunningProgram: Sendable {
    let process: pid_t
    private let outputFile, errorFile: URL
    private let status = Mutex<Int32?>(nil)

    init(_ command: [String], home: URL, path: String? = nil) throws {
        let name = UUID().uuidString
        outputFile = home.appendingPathComponent("\(name).out")
        errorFile = home.appendingPathComponent("\(name).err")
        let (output, errors) = (outputFile.path, errorFile.path)
        process = try ChildProcess.start(command, environment: Program.environment(home: home, path: path)) { actions in
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
    }

    deinit {
        guard poll() == nil else { return }
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    func send(_ signal: Int32) {
        if poll() == nil { kill(process, signal) }
    }

    /// How it ended; nil while it runs.
    func poll() -> Int32? {
        status.withLock { known in
            if known == nil { known = ChildProcess.ending(of: process) }
            return known
        }
    }

    var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    func finished() async throws -> ProgramResult {
        try await waitUntil("process \(process) has ended") { [self] in poll() != nil }
        return ProgramResult(code: poll() ?? 0, output: output, errors: errors)
    }

    /// Waits until a condition holds and sends a signal then, or fails when the program ends before.
    func whileRunning(
        _ what: String, thenSend signal: Int32? = nil, _ condition: @escaping @Sendable () throws -> Bool
    ) async throws {
        try await waitUntil(what) { [self] in
            let hasEnded = poll() != nil
            if try condition() {
                if let signal { send(signal) }
                return true
            }
            if hasEnded { throw TestFailure("reprise ended before \(what): \(errors)") }
            return false
        }
    }

    /// Processor time it has taken so far, in the system's ticks (of 10 ms as a rule); 0 when it is gone.
    var processorTicks: Int {
        let line = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        // After the program's name, which may hold anything: fields 14 and 15 of proc(5).
        let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 12 ? (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0) : 0
    }

    /// The last step that was printed whole.
    var lastStep: Int {
        guard let line = output.components(separatedBy: "\n").dropLast().last,
            let match = line.firstMatch(of: #/"step":(\d+)/#)
        else { return 0 }
        return Int(match.1) ?? 0
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Hours of interruptions run beside other work, and give way to it.
private let patience: Duration =
    ProcessInfo.processInfo.environment["REPRISE_INTERRUPTIONS"] == nil ? .seconds(600) : .seconds(7200)

/// Looks again and again; the deadline is only there for what never comes.
///
/// On a thread of its own: other tests may keep those that Swift's tasks share busy for seconds, and what is waited
/// for, such as a certain step, would have gone by.
func waitUntil(
    _ what: String, deadline: Duration = patience, _ condition: @escaping @Sendable () throws -> Bool
) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        Thread.detachNewThread {
            continuation.resume(
                with: Result {
                    let end = ContinuousClock.now + deadline
                    while try !condition() {
                        guard ContinuousClock.now < end else { throw TestFailure("waited in vain until \(what)") }
                        usleep(3000)
                    }
                })
        }
    }
}
