import Foundation

// What the handlers of fatal signals need to give the descriptors back. Written on the main thread while no handler is
// installed, and `lastOutput` by the reading thread; the handlers only read.
nonisolated(unsafe) private var savedDescriptors: (Int32, Int32) = (-1, -1)
nonisolated(unsafe) private var captureOutput: Int32 = -1
nonisolated(unsafe) private var lastOutput: UnsafeMutablePointer<UInt8>?
nonisolated(unsafe) private var lastOutputCount = 0
nonisolated(unsafe) private var lastOutputTime = timespec()
private let lastOutputLimit = 4096

/// Catches what libraries write to standard output and error while a screen is shown, so that it damages no cell.
///
/// A descriptor that is no terminal is left alone: whoever sent it to a file wants it there. The lines are read on a
/// thread of its own, so that nobody who writes ever waits for the screen.
final class OutputCapture: @unchecked Sendable {  // what changes is only touched by the reading thread, or after it ended
    private let output: Int32
    private let stopOutput: Int32
    private let stopInput: Int32
    private let saved: (Int32, Int32)
    private let deliver: @Sendable ([String]) -> Void
    private let ended = DispatchSemaphore(value: 0)
    private var unfinished: [UInt8] = []

    /// Longer lines are cut here.
    private static let lineLimit = 4000

    /// nil when neither descriptor is a terminal, or no pipe can be made; nothing is changed then.
    ///
    /// - Parameter deliver: gets whole lines, in order, on the reading thread.
    init?(deliver: @escaping @Sendable ([String]) -> Void) {
        let wanted = [STDOUT_FILENO, STDERR_FILENO].map { isatty($0) == 1 }
        guard wanted.contains(true) else { return nil }
        var ends: [Int32] = [-1, -1]
        var stops: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        guard pipe(&stops) == 0 else {
            close(ends[0])
            close(ends[1])
            return nil
        }
        for end in ends + stops { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // Only our end: whoever writes may wait for room, as on a terminal.
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        fflush(nil)
        func redirect(_ descriptor: Int32, _ isWanted: Bool) -> Int32 {
            guard isWanted else { return -1 }
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
            if copy >= 0 { dup2(ends[1], descriptor) }
            return copy
        }
        saved = (redirect(STDOUT_FILENO, wanted[0]), redirect(STDERR_FILENO, wanted[1]))
        close(ends[1])
        output = ends[0]
        (stopOutput, stopInput) = (stops[0], stops[1])
        self.deliver = deliver
        if lastOutput == nil { lastOutput = .allocate(capacity: lastOutputLimit) }
        lastOutputCount = 0
        savedDescriptors = saved
        captureOutput = output
        let thread = Thread { [self] in run() }
        thread.name = "output"
        thread.stackSize = 512 * 1024
        thread.start()
    }

    /// Gives the descriptors back as they were; every line written before has been delivered on return.
    func end() {
        fflush(nil)
        savedDescriptors = (-1, -1)
        captureOutput = -1
        for (copy, descriptor) in [(saved.0, STDOUT_FILENO), (saved.1, STDERR_FILENO)] where copy >= 0 {
            dup2(copy, descriptor)
            close(copy)
        }
        close(stopInput)
        ended.wait()
        close(stopOutput)
        close(output)
    }

    // MARK: The reading thread

    private func run() {
        while true {
            var waiting = [
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stopOutput, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waiting, 2, -1) >= 0 || errno == EINTR else { break }
            let isOpen = drain()
            if waiting[1].revents != 0 || !isOpen { break }
        }
        _ = drain()
        if !unfinished.isEmpty { deliver([Self.line(unfinished[...])]) }
        unfinished = []
        ended.signal()
    }

    /// Reads what there is; false when nobody can write any more.
    private func drain() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(output, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 }
            Self.remember(bytes.prefix(count))
            unfinished.append(contentsOf: bytes.prefix(count))
            var lines: [String] = []
            var start = 0
            while let end = unfinished[start...].firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(Self.line(unfinished[start..<end]))
                start = end + 1
            }
            unfinished.removeFirst(start)
            if unfinished.count > Self.lineLimit {
                lines.append(Self.line(unfinished[...]))
                unfinished = []
            }
            let shown = lines.filter { !$0.isEmpty }
            if !shown.isEmpty { deliver(shown) }
        }
    }

    /// What a terminal would have shown of a line: after its last carriage return, without control characters.
    private static func line(_ bytes: ArraySlice<UInt8>) -> String {
        var shown = bytes.prefix(lineLimit)
        while shown.last == UInt8(ascii: "\r") { shown.removeLast() }
        if let last = shown.lastIndex(of: UInt8(ascii: "\r")) { shown = shown[(last + 1)...] }
        let text = String(decoding: shown, as: UTF8.self)
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0 == "\t" ? " " : $0 }
                    .filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }))
    }

    /// Keeps the end of what came for `release`.
    private static func remember(_ bytes: ArraySlice<UInt8>) {
        guard let lastOutput else { return }
        let kept = bytes.suffix(lastOutputLimit)
        lastOutputCount = 0
        for (offset, byte) in kept.enumerated() { lastOutput[offset] = byte }
        lastOutputCount = kept.count
        clock_gettime(CLOCK_MONOTONIC, &lastOutputTime)
    }

    // MARK: In a handler of a fatal signal

    /// Gives the descriptors back when the process is about to die, and writes what came in the last second: the words
    /// of whoever ended it. Calls only what is safe inside a handler.
    static func release() {
        let (first, second) = savedDescriptors
        guard first >= 0 || second >= 0 else { return }
        savedDescriptors = (-1, -1)
        if first >= 0 { dup2(first, STDOUT_FILENO) }
        if second >= 0 { dup2(second, STDERR_FILENO) }
        let target = second >= 0 ? second : first
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        if let lastOutput, lastOutputCount > 0, now.tv_sec - lastOutputTime.tv_sec <= 1 {
            _ = write(target, lastOutput, lastOutputCount)
        }
        // What the reading thread has not come to yet.
        guard let lastOutput else { return }
        while true {
            let count = read(captureOutput, lastOutput, lastOutputLimit)
            guard count > 0 else { return }
            _ = write(target, lastOutput, count)
        }
    }
}
