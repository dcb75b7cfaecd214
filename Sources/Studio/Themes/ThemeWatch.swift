import Foundation

/// Tells when a file in a folder of themes was written, by inotify(7): nothing is looked at while nothing changes.
final class ThemeWatch: Sendable {
    /// One element for each time something changed, however many files at once.
    let changes: AsyncStream<Void>
    private let descriptor: Int32
    private let stopInput: Int32

    /// nil when no folder can be watched.
    init?(folders: [URL]) {
        let descriptor = inotify_init1(Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        let events = UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_DELETE)
        let watched = Set(folders.map(\.path)).filter { inotify_add_watch(descriptor, $0, events) >= 0 }
        var ends: [Int32] = [-1, -1]
        guard !watched.isEmpty, pipe(&ends) == 0 else {
            close(descriptor)
            return nil
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        self.descriptor = descriptor
        stopInput = ends[1]
        let (stream, input) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        changes = stream
        let stopOutput = ends[0]
        let thread = Thread {
            Self.read(descriptor, until: stopOutput, input)
            close(descriptor)
            close(stopOutput)
        }
        thread.name = "themes"
        thread.stackSize = 512 * 1024
        thread.start()
    }

    deinit { close(stopInput) }

    private static func read(_ descriptor: Int32, until stop: Int32, _ input: AsyncStream<Void>.Continuation) {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            var waiting = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waiting, 2, -1) >= 0 || errno == EINTR else { break }
            if waiting[1].revents != 0 { break }
            guard waiting[0].revents != 0 else { continue }
            if Glibc.read(descriptor, &bytes, bytes.count) > 0 { input.yield() } else if errno != EINTR { break }
        }
        input.finish()
    }
}
