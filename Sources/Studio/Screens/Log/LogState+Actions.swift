import TerminalKit
import Training

extension StudioState {
    mutating func perform(_ action: LogAction) -> [StudioEffect] {
        switch action {
        case .search:
            overlay = .prompt(
                Prompt(
                    .logSearch, title: "Search the log", label: "/",
                    lines: ["n goes to the next match further up, N further down"], text: log.term))
        case .searchUp, .searchDown:
            if log.term.isEmpty { return perform(LogAction.search) }
            return search(up: action == .searchUp, from: log.index + (action == .searchUp ? -1 : 1))
        case .nextFilter: setFilter(log.filter.moved(by: 1))
        case .previousFilter: setFilter(log.filter.moved(by: -1))
        case .filter(let filter): setFilter(log.filter == filter ? .everything : filter)
        case .toggleDetail: log.hasDetail.toggle()
        case .clear:
            log.term = ""
            setFilter(.everything)
        }
        return []
    }

    private mutating func setFilter(_ filter: LogFilter) {
        log.filter = filter
        log.follow()
    }

    /// On the log screen the chosen line moves; elsewhere the log is scrolled.
    mutating func moveInLog(_ movement: Movement) {
        guard screen == .log else {
            log.scroll = max(0, min(log.entries.count - 1, log.scroll - movement.lines))
            return
        }
        switch movement {
        case .last: if log.reachesEnd { log.chosen = 0 } else { log.follow() }
        case .first:
            if log.reachesStart {
                log.chosen = max(0, log.lines.count - 1)
            } else {
                log.pending = nil
                log.continuation = .first
            }
        default:
            let count = log.lines.count
            log.chosen = max(0, min(count - 1, log.chosen - movement.lines))
        }
    }

    // MARK: Searching

    mutating func beginSearch(_ term: String) -> [StudioEffect] {
        log.term = term
        log.continuation = nil
        guard !term.isEmpty else { return [] }
        return search(up: true, from: log.index)
    }

    /// Chooses the next line that matches, and has the journal read where the lines that are here have none.
    mutating func search(up: Bool, from start: Int) -> [StudioEffect] {
        let lines = log.lines
        let places = up ? Array(stride(from: min(start, lines.count - 1), through: 0, by: -1)) : Array(start..<max(start, lines.count))
        if let found = places.first(where: { LogWording.matches(lines[$0], log.term, timeZone: timeZone) }) {
            log.continuation = nil
            log.chosen = lines.count - 1 - found
            return []
        }
        let isAtEnd = up ? log.reachesStart : log.reachesEnd
        guard isAtEnd else {
            // The edge is chosen, so that what comes is looked through from there.
            log.chosen = up ? max(0, lines.count - 1) : 0
            log.continuation = up ? .searchUp : .searchDown
            return say("Searching further \(up ? "up" : "down") for “\(log.term)” …", .accent)
        }
        log.continuation = nil
        return say("No line further \(up ? "up" : "down") has “\(log.term)”.", .warning)
    }

    mutating func take(_ page: LogPage, for request: LogRequest) -> [StudioEffect] {
        guard request == log.pending else { return [] }
        let next = log.take(page, for: request)
        switch log.continuation {
        case .searchUp where request.isBackwards:
            notice = nil
            return search(up: true, from: next)
        case .searchDown where !request.isBackwards:
            notice = nil
            return search(up: false, from: next)
        default: return []
        }
    }
}
