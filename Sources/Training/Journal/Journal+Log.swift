import Foundation
import GRDB

extension Journal {
    /// A stretch of the log of a branch's line: its steps and events, and those of its ancestors up to where it left them.
    ///
    /// Holds no more than the page: a run of any length can be read through.
    package func log(_ request: LogRequest, onLineOf branch: String) throws -> LogPage {
        try read { database in
            let segments = try Self.lineage(of: branch, through: .max, database)
            var lines: [LogPage.Line] = []
            for segment in request.isBackwards ? segments.reversed() : segments {
                // One more than asked for tells whether there are more.
                let missing = request.limit + 1 - lines.count
                if missing <= 0 { break }
                var part = try steps(request, segment, limit: missing, database)
                part += try events(request, segment, limit: missing, database)
                part.sort { request.isBackwards ? $1.place < $0.place : $0.place < $1.place }
                lines += part.prefix(missing)
            }
            let page = Array(lines.prefix(request.limit))
            return LogPage(
                lines: request.isBackwards ? page.reversed() : page, goesOn: lines.count > request.limit)
        }
    }

    private func steps(
        _ request: LogRequest, _ segment: Segment, limit: Int, _ database: Database
    ) throws -> [LogPage.Line] {
        let stages = request.stages.map(\.rawValue).sorted()
        guard !stages.isEmpty else { return [] }
        let place = request.place
        // A step stands before its events: it is behind a place that is one of them.
        let low = request.isBackwards ? segment.after : max(segment.after, place.step)
        let beforePlace = place.event > 0 ? place.step : place.step - 1
        let high = request.isBackwards ? min(segment.through, beforePlace) : segment.through
        var arguments: StatementArguments = [segment.branch, low, high]
        arguments += StatementArguments(stages)
        arguments += [limit]
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT * FROM steps WHERE branch = ? AND step > ? AND step <= ?
                AND stage IN (\(databaseQuestionMarks(count: stages.count)))
                ORDER BY step \(request.isBackwards ? "DESC" : "ASC") LIMIT ?
                """, arguments: arguments)
        return try rows.map {
            let record = try StepRecord(row: $0, path: url.path)
            return LogPage.Line(.step(record), at: LogPlace(step: record.step))
        }
    }

    private func events(
        _ request: LogRequest, _ segment: Segment, limit: Int, _ database: Database
    ) throws -> [LogPage.Line] {
        guard !request.kinds.isEmpty else { return [] }
        let place = request.place
        let kinds = request.kinds.map(\.rawValue).sorted()
        let marks = databaseQuestionMarks(count: kinds.count)
        let isBackwards = request.isBackwards
        var arguments: StatementArguments = [
            segment.branch, segment.after, segment.through, place.step, place.step, place.event,
        ]
        arguments += StatementArguments(kinds)
        arguments += [limit]
        // An event at the fork belongs to the branch that it names: both have that step.
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT * FROM events WHERE branch = ? AND step >= ? AND step <= ?
                AND (step \(isBackwards ? "<" : ">") ? OR (step = ? AND id \(isBackwards ? "<" : ">") ?))
                AND kind IN (\(marks))
                ORDER BY step \(isBackwards ? "DESC, id DESC" : "ASC, id ASC") LIMIT ?
                """, arguments: arguments)
        return rows.compactMap { row in
            JournalEvent(row: row).map { LogPage.Line(.event($0), at: LogPlace(step: $0.step, event: row["id"])) }
        }
    }
}
