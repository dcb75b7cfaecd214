import CNcurses
import Glibc

// What the handlers of fatal signals need. Written on the main thread before the handlers are installed and after
// they are taken away; the handlers only read it.
nonisolated(unsafe) private var restoreDescriptor: Int32 = -1
// The descriptor that curses draws on, and what takes its place once the process dies: whatever another thread still
// draws goes there.
nonisolated(unsafe) private var drawingDescriptor: Int32 = -1
nonisolated(unsafe) private var emptyDescriptor: Int32 = -1
nonisolated(unsafe) private var hasAlternateStack = false
nonisolated(unsafe) private var restoreBytes: UnsafeMutablePointer<UInt8>?
nonisolated(unsafe) private var restoreCount = 0
nonisolated(unsafe) private var restoreAttributes = termios()
nonisolated(unsafe) private var restoreActions: UnsafeMutablePointer<sigaction>?
// The end of the pipe that the handlers of ordinary signals write to.
nonisolated(unsafe) private var signalDescriptor: Int32 = -1
nonisolated(unsafe) private var hasExitHandler = false
// Where the terminal's control strings are collected.
/// Set by the handler of a fatal signal. Drawing is cut off from the terminal then, which must not look like a terminal
/// that was lost: the process would leave by itself, with another exit code.
nonisolated(unsafe) private(set) var isDying = false
nonisolated(unsafe) private var collectedBytes: [UInt8] = []

/// Puts the terminal back as it was, on every way out: `restore()`, `exit`, and signals that end the process.
@MainActor
enum TerminalRestorer {
    private static let fatal = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGQUIT, SIGSYS]
    /// Signals the studio answers itself; their numbers go through the pipe.
    private static let ordinary = [SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH]

    /// Remembers the terminal's settings and its own actions for signals, before curses changes either.
    static func remember(descriptor: Int32) {
        var attributes = termios()
        tcgetattr(descriptor, &attributes)
        restoreAttributes = attributes
        drawingDescriptor = descriptor
        restoreDescriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        if emptyDescriptor < 0 { emptyDescriptor = open("/dev/null", O_RDWR | O_CLOEXEC) }
        if restoreActions == nil {
            restoreActions = .allocate(capacity: 65)
            restoreActions?.initialize(repeating: sigaction(), count: 65)
        }
        for signal in fatal + ordinary {
            var action = sigaction()
            sigaction(signal, nil, &action)
            restoreActions?[Int(signal)] = action
        }
    }

    /// Installs the handlers. `pipe` gets one byte, the signal's number, for each ordinary signal.
    static func arm(pipe: Int32) {
        signalDescriptor = pipe
        collectRestoringBytes()
        if !hasExitHandler {
            hasExitHandler = true
            atexit { writeRestoringBytes() }
        }
        if !hasAlternateStack {
            // A stack that ran over has no room for a handler; the main thread gets another one for it.
            hasAlternateStack = true
            var stack = stack_t()
            stack.ss_size = 64 * 1024
            stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: stack.ss_size, alignment: 16)
            sigaltstack(&stack, nil)
        }
        for signal in fatal { install(signal) { dieRestored($0) } }
        for signal in ordinary { install(signal) { passOn($0) } }
    }

    /// Gives the signals their former actions back.
    static func disarm() {
        for signal in fatal + ordinary {
            guard var action = restoreActions?[Int(signal)] else { continue }
            sigaction(signal, &action, nil)
        }
        signalDescriptor = -1
        if restoreDescriptor >= 0 { close(restoreDescriptor) }
        restoreDescriptor = -1
        drawingDescriptor = -1
    }

    /// Stops the process group as Ctrl-Z does, and returns when it goes on.
    static func stopProcess() {
        // The others of the group first; this process by a signal to this very thread, which may have it blocked:
        // only so is it certain that nothing is done between the request and the stop.
        var action = sigaction()
        action.__sigaction_handler.sa_handler = SIG_IGN
        sigaction(SIGTSTP, &action, nil)
        kill(0, SIGTSTP)
        action.__sigaction_handler.sa_handler = SIG_DFL
        sigaction(SIGTSTP, &action, nil)
        var stop = sigset_t()
        var former = sigset_t()
        sigemptyset(&stop)
        sigaddset(&stop, SIGTSTP)
        pthread_sigmask(SIG_UNBLOCK, &stop, &former)
        pthread_kill(pthread_self(), SIGTSTP)
        pthread_sigmask(SIG_SETMASK, &former, nil)
        install(SIGTSTP) { passOn($0) }
    }

    private static func install(_ signal: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        action.sa_flags = SA_RESTART | SA_ONSTACK
        sigaction(signal, &action, nil)
    }

    /// Writes out beforehand what leaves the full screen: terminfo must not be asked inside a handler.
    private static func collectRestoringBytes() {
        collectedBytes = Array(TerminalReports.off.utf8)
        if reprise_capability("cup") == nil { collectedBytes = [] }
        for name in ["sgr0", "op", "cnorm", "rmcup"] {
            guard let text = reprise_capability(name) else { continue }
            tputs(text, 1) { byte in
                collectedBytes.append(UInt8(truncatingIfNeeded: byte))
                return byte
            }
        }
        collectedBytes.append(UInt8(ascii: "\r"))
        restoreBytes?.deallocate()
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: collectedBytes.count)
        bytes.initialize(from: collectedBytes, count: collectedBytes.count)
        restoreCount = collectedBytes.count
        restoreBytes = bytes
    }
}

// The rest runs inside signal handlers: only async-signal-safe calls.

private func writeRestoringBytes() {
    guard restoreDescriptor >= 0 else { return }
    if drawingDescriptor >= 0, emptyDescriptor >= 0 { dup2(emptyDescriptor, drawingDescriptor) }
    if let restoreBytes { _ = write(restoreDescriptor, restoreBytes, restoreCount) }
    tcsetattr(restoreDescriptor, TCSANOW, &restoreAttributes)
    restoreDescriptor = -1
    OutputCapture.release()
}

private func dieRestored(_ signal: Int32) {
    isDying = true
    writeRestoringBytes()
    if let restoreActions { sigaction(signal, &restoreActions[Int(signal)], nil) }
    var this = sigset_t()
    sigemptyset(&this)
    sigaddset(&this, signal)
    pthread_sigmask(SIG_UNBLOCK, &this, nil)
    raise(signal)
    // The former action may be a reporter's, such as the Swift runtime's: it returns where nothing faults again.
    var action = sigaction()
    action.__sigaction_handler.sa_handler = SIG_DFL
    sigaction(signal, &action, nil)
    raise(signal)
}

private func passOn(_ signal: Int32) {
    guard signalDescriptor >= 0 else { return }
    let saved = errno
    var byte = UInt8(truncatingIfNeeded: signal)
    _ = write(signalDescriptor, &byte, 1)
    errno = saved
}
