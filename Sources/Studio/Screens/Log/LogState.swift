import TerminalKit
import Training

/// What the log shows.
///
/// The newest lines are always here, for the training screen too. Who reads further back gets a window onto the journal
/// instead, which is filled page by page and never holds more than some thousand lines.
package struct LogState: Sendable, Equatable {
    package var entries: [LogEntry] = []
    /// On the training screen: lines between the end of the log and the lowest line shown; 0 follows it.
    package var scroll = 0
    /// On the log screen: shown lines between the end of the log and the chosen one; 0 follows the newest.
    package var chosen = 0
    package var filter = LogFilter.everything
    /// What is searched for; empty for nothing.
    package var term = ""
    package var hasDetail = true
    /// Lines of libraries that came; for who wants to know whether they were seen.
    package var outputCount = 0

    /// Lines of the journal around the chosen one; nil while the newest lines are enough.
    var window: [LogPage.Line]?
    /// Nothing of what the filter shows comes before the lines that are here, or behind them.
    var reachesStart = false
    var reachesEnd = true
    /// What was asked for and has not come.
    var pending: LogRequest?
    /// Where to look on when it has come.
    var continuation: Continuation?

    enum Continuation: Sendable, Equatable {
        /// The first line of all is to be chosen.
        case first
        case searchUp, searchDown
    }

    static let tailLimit = 2000
    static let windowLimit = 6000
    /// So many lines before an end of the window the next page is asked for.
    static let margin = 120

    package init() {}

    mutating func append(_ entry: LogEntry) {
        entries.append(entry)
        if case .event(let event) = entry, event.kind == .library { outputCount += 1 }
        // Someone who reads further up keeps the lines before their eyes.
        if scroll > 0 { scroll += 1 }
        if filter.shows(entry), window == nil || reachesEnd, chosen > 0 { chosen += 1 }
        if entries.count > Self.tailLimit {
            entries.removeFirst(Self.tailLimit / 4)
            if window == nil { reachesStart = false }
        }
        guard let count = window?.count, reachesEnd, filter.shows(entry) else { return }
        if count >= Self.windowLimit {
            guard chosen < Self.windowLimit / 2 else {
                // Who reads far above lets go of the end; whoever returns there has it read again.
                reachesEnd = false
                chosen -= 1
                return
            }
            window?.removeFirst(Self.windowLimit / 3)
            reachesStart = false
        }
        window?.append(LogPage.Line(entry, at: Self.place(of: entry)))
    }

    /// The place of a line that the journal did not number.
    private static func place(of entry: LogEntry) -> LogPlace {
        switch entry {
        case .step(let record): LogPlace(step: record.step)
        case .event(let event): LogPlace(step: event.step, event: .max)
        }
    }

    /// What the log screen shows, oldest first.
    package var lines: [LogEntry] { window?.map(\.entry) ?? entries.filter(filter.shows) }

    /// The chosen line's number among `lines`.
    package var index: Int { max(0, lines.count - 1 - chosen) }

    // MARK: Pages

    /// What to ask the journal for, when the chosen line comes near to what is not here.
    mutating func wantedPage() -> LogRequest? {
        guard pending == nil else { return nil }
        let lines = lines
        let index = max(0, lines.count - 1 - chosen)
        if continuation == .first {
            pending = LogRequest(after: .start, stages: filter.stages, kinds: filter.kinds)
        } else if !reachesStart, index < Self.margin || continuation == .searchUp {
            // The newest lines have gaps before the studio was opened: the first page takes their place.
            let place = window?.first?.place ?? .end
            pending = LogRequest(
                before: place, stages: filter.stages, kinds: filter.kinds, limit: continuation == nil ? 500 : 2000)
        } else if !reachesEnd, lines.count - 1 - index < Self.margin || continuation == .searchDown {
            let place = window?.last?.place ?? .start
            pending = LogRequest(
                after: place, stages: filter.stages, kinds: filter.kinds, limit: continuation == nil ? 500 : 2000)
        }
        return pending
    }

    /// Returns where a search goes on: the first new line in its direction.
    mutating func take(_ page: LogPage, for request: LogRequest) -> Int {
        guard request == pending else { return index }
        pending = nil
        let fresh = page.lines.filter { filter.shows($0.entry) }
        let isFirst = window == nil
        if continuation == .first, !request.isBackwards {
            continuation = nil
            window = fresh
            reachesStart = true
            reachesEnd = !page.goesOn
            chosen = max(0, fresh.count - 1)
        } else if request.isBackwards {
            prepend(fresh)
            reachesStart = !page.goesOn
            if isFirst { _ = joinNewest() }
            return isFirst ? index : fresh.count - 1
        } else {
            extend(fresh)
            let joined = page.goesOn ? 0 : joinNewest()
            chosen += joined
            return max(0, lines.count - fresh.count - joined)
        }
        return index
    }

    private mutating func prepend(_ page: [LogPage.Line]) {
        var known = page + (window ?? [])
        // Room is made at the far end, where nobody looks.
        while known.count > Self.windowLimit, chosen > 0 {
            known.removeLast()
            chosen -= 1
            reachesEnd = false
        }
        window = known
    }

    private mutating func extend(_ page: [LogPage.Line]) {
        var known = window ?? []
        known += page
        chosen += page.count
        let surplus = known.count - Self.windowLimit
        if surplus > 0 {
            known.removeFirst(surplus)
            reachesStart = false
        }
        window = known
    }

    /// The journal has nothing more: the lines that came while it was read follow.
    private mutating func joinNewest() -> Int {
        reachesEnd = true
        let last = window?.last?.place.step ?? -1
        var count = 0
        for entry in entries where filter.shows(entry) && entry.step >= last {
            if window?.suffix(400).contains(where: { Self.isSame($0.entry, entry) }) == true { continue }
            window?.append(LogPage.Line(entry, at: Self.place(of: entry)))
            count += 1
        }
        return count
    }

    /// Dates that went through the journal may differ in their last bits.
    private static func isSame(_ one: LogEntry, _ other: LogEntry) -> Bool {
        switch (one, other) {
        case (.step(let first), .step(let second)): first.step == second.step && first.branch == second.branch
        case (.event(let first), .event(let second)):
            first.step == second.step && first.message == second.message
                && abs(first.date.timeIntervalSince(second.date)) < 0.001
        default: false
        }
    }

    /// Back to the newest lines.
    mutating func follow() {
        window = nil
        pending = nil
        continuation = nil
        chosen = 0
        reachesStart = false
        reachesEnd = true
    }
}
