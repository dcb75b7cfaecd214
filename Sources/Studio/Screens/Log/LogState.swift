import TerminalKit
import Training

/// One line of the log.
package enum LogEntry: Sendable, Equatable {
    case step(StepRecord)
    case event(JournalEvent)
}

/// What the log shows.
package struct LogState: Sendable, Equatable {
    package var entries: [LogEntry] = []
    /// Lines between the end of the log and the lowest line shown; 0 follows it.
    package var scroll = 0

    private static let limit = 2000

    package init() {}

    mutating func append(_ entry: LogEntry) {
        entries.append(entry)
        // Someone who reads further up keeps the lines before their eyes.
        if scroll > 0 { scroll += 1 }
        if entries.count > Self.limit { entries.removeFirst(Self.limit / 4) }
    }
}

extension StudioState {
    mutating func perform(_ action: LogAction) -> [StudioEffect] {
        switch action {}
    }

    mutating func moveInLog(_ movement: Movement) {
        log.scroll = max(0, min(log.entries.count - 1, log.scroll - movement.lines))
    }
}
