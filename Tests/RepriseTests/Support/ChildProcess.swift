import Foundation

/// Starting a program and asking how it ended, for runs with and without a terminal.
enum ChildProcess {
    /// Starts a command with the descriptors that `open` gives it and no others, and with every signal as the system has
    /// it: a test run in the background of a shell ignores SIGINT, and the program must not inherit that.
    static func start(
        _ command: [String], environment variables: [String: String], leadsSession: Bool = false,
        open: (inout posix_spawn_file_actions_t) -> Void
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        open(&actions)
        // Other tests run meanwhile: their files are no business of the program. Closing one that is gone does no harm.
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            if let descriptor = Int32(name), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }
        var all = sigset_t()
        var none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        let newSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, which Glibc's module hides
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (leadsSession ? newSession : 0)))
        let arguments = command.map { strdup($0) } + [nil]
        let environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var process = pid_t()
        let code = posix_spawnp(&process, command[0], &actions, &attributes, arguments, environment)
        guard code == 0 else { throw TestFailure("\(command[0]) cannot be started: \(String(cString: strerror(code)))") }
        return process
    }

    /// The exit code, or the negative number of the signal that ended it; nil while it runs. Once it was told, it is gone.
    static func ending(of process: pid_t) -> Int32? {
        var word: Int32 = 0
        guard waitpid(process, &word, WNOHANG) == process else { return nil }
        return word & 0x7f == 0 ? (word >> 8) & 0xff : -(word & 0x7f)
    }
}
