import Synchronization

/// The lines of libraries that no picture has shown yet: the shell gets them when the studio is left.
package final class UnseenOutput: Sendable {
    private struct State {
        var kept: [String] = []
        var count = 0
        var seen = 0
    }
    private let state = Mutex(State())

    package init() {}

    /// So many of them are kept; all of them are in the journal.
    private static let limit = 200

    package func add(_ lines: [String]) {
        state.withLock {
            $0.kept = ($0.kept + lines).suffix(Self.limit)
            $0.count += lines.count
        }
    }

    /// The first `count` of all lines have been shown.
    package func markSeen(_ count: Int) { state.withLock { $0.seen = max($0.seen, count) } }

    /// The unseen ones, with a word on those that are not kept.
    package var lines: [String] {
        state.withLock { state in
            let unseen = max(0, state.count - state.seen)
            let shown = Array(state.kept.suffix(unseen))
            let rest = unseen - shown.count
            return (rest > 0 ? ["… \(rest) earlier lines of libraries are in the voice's log"] : []) + shown
        }
    }
}
