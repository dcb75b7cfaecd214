import Foundation

/// One line of the log.
package enum LogEntry: Sendable, Equatable {
    case step(StepRecord)
    case event(JournalEvent)

    /// The step that was done when it came.
    package var step: Int {
        switch self {
        case .step(let record): record.step
        case .event(let event): event.step
        }
    }
}

/// A place in the log of a line: by steps, the events after a step behind it, in the order they came.
package struct LogPlace: Sendable, Hashable, Comparable {
    package var step: Int
    /// 0 for the step itself, the number of the event after it otherwise.
    package var event: Int

    package init(step: Int, event: Int = 0) {
        self.step = step
        self.event = event
    }

    package static let start = LogPlace(step: -1)
    package static let end = LogPlace(step: .max, event: .max)

    package static func < (one: LogPlace, other: LogPlace) -> Bool {
        (one.step, one.event) < (other.step, other.event)
    }
}

/// A stretch of the log: at most `limit` lines next to a place, of the kinds that are wanted.
package struct LogRequest: Sendable, Equatable {
    package var place: LogPlace
    /// True for the lines before the place, false for those after it.
    package var isBackwards: Bool
    package var stages: Set<Stage>
    package var kinds: Set<JournalEvent.Kind>
    package var limit: Int

    package init(
        before place: LogPlace, stages: Set<Stage>, kinds: Set<JournalEvent.Kind>, limit: Int = 500
    ) {
        self.place = place
        isBackwards = true
        self.stages = stages
        self.kinds = kinds
        self.limit = limit
    }

    package init(after place: LogPlace, stages: Set<Stage>, kinds: Set<JournalEvent.Kind>, limit: Int = 500) {
        self.init(before: place, stages: stages, kinds: kinds, limit: limit)
        isBackwards = false
    }
}

/// Lines of the log, oldest first, and whether there are further ones in the direction that was asked for.
package struct LogPage: Sendable, Equatable {
    package struct Line: Sendable, Equatable {
        package var place: LogPlace
        package var entry: LogEntry

        package init(_ entry: LogEntry, at place: LogPlace) {
            self.place = place
            self.entry = entry
        }
    }

    package var lines: [Line]
    package var goesOn: Bool

    package init(lines: [Line], goesOn: Bool) {
        self.lines = lines
        self.goesOn = goesOn
    }
}
