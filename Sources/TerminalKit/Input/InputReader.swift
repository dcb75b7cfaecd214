import Foundation

/// Reads a terminal on a thread of its own, so that nobody who draws ever waits for a key.
///
/// One `poll` waits for the terminal and for a pipe; the pipe carries the numbers of signals, and 0 to end.
package final class InputReader: Sendable {
    /// The pipe's end that takes signal numbers.
    package let signalInput: Int32
    private let signalOutput: Int32
    private let descriptor: Int32
    private let events: AsyncStream<TerminalEvent>.Continuation
    /// How long a lone escape may still become a sequence, in milliseconds.
    private static let escapeDelay: Int32 = 40

    /// nil when no pipe can be made.
    package init?(descriptor: Int32, events: AsyncStream<TerminalEvent>.Continuation) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            // A handler must never wait for room in the pipe.
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        signalOutput = ends[0]
        signalInput = ends[1]
        self.descriptor = descriptor
        self.events = events
    }

    package func start() {
        let thread = Thread { [self] in run() }
        thread.name = "keys"
        thread.stackSize = 512 * 1024
        thread.start()
    }

    /// Ends the thread; the pipe is closed by it.
    package func stop() {
        var end: UInt8 = 0
        _ = write(signalInput, &end, 1)
    }

    private func run() {
        var parser = InputParser()
        var bytes = [UInt8](repeating: 0, count: 4096)
        defer {
            close(signalOutput)
            close(signalInput)
        }
        while true {
            var waiting = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signalOutput, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&waiting, 2, parser.isWaiting ? Self.escapeDelay : -1)
            if ready < 0 {
                if errno == EINTR { continue }
                events.yield(.lost)
                return
            }
            if ready == 0 {
                for event in parser.flush() { events.yield(event) }
                continue
            }
            if waiting[1].revents != 0 {
                let count = read(signalOutput, &bytes, bytes.count)
                for signal in bytes.prefix(max(0, count)) {
                    if signal == 0 { return }
                    events.yield(Self.event(for: Int32(signal)))
                }
            }
            if waiting[0].revents & Int16(POLLIN) != 0 {
                let count = read(descriptor, &bytes, bytes.count)
                if count > 0 {
                    for event in parser.feed(bytes.prefix(count)) { events.yield(event) }
                } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
                    return waitForEnd()
                }
            } else if waiting[0].revents != 0 {
                return waitForEnd()
            }
        }
    }

    /// The terminal is gone: says so once, and goes on passing signals until told to end.
    private func waitForEnd() {
        if !isDying { events.yield(.lost) }
        var byte: UInt8 = 0
        while true {
            var waiting = pollfd(fd: signalOutput, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, -1) >= 0 || errno == EINTR else { return }
            guard read(signalOutput, &byte, 1) == 1 else { continue }
            if byte == 0 { return }
            events.yield(Self.event(for: Int32(byte)))
        }
    }

    private static func event(for signal: Int32) -> TerminalEvent {
        switch signal {
        case SIGWINCH: .resized
        case SIGHUP: .lost
        default: .signal(signal)
        }
    }
}
