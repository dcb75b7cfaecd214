import Foundation
import GRDB

/// A settings command as it was given.
package struct JournalSetting: Sendable, Codable, Equatable {
    package var branch: String
    /// The global step that was done when it was given; the next one obeys it.
    package var step: Int
    package var name: String
    package var value: String
    package var date: Date

    package init(branch: String, step: Int, name: String, value: String, date: Date) {
        self.branch = branch
        self.step = step
        self.name = name
        self.value = value
        self.date = date
    }
}

extension Journal {
    package func append(_ event: JournalEvent) throws { try append([event]) }

    /// Records events in one transaction.
    package func append(_ events: [JournalEvent]) throws {
        try write { database in
            let statement = try database.cachedStatement(
                sql: "INSERT INTO events (date, branch, step, kind, message) VALUES (?,?,?,?,?)")
            for event in events {
                try statement.execute(arguments: [
                    event.date.timeIntervalSince1970, event.branch, event.step, event.kind.rawValue, event.message,
                ])
            }
        }
    }

    /// The last `limit` events of all branches, oldest first. Kinds this version does not know are passed over.
    package func recentEvents(limit: Int) throws -> [JournalEvent] {
        try read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM events ORDER BY id DESC LIMIT ?", arguments: [max(0, limit)]
            ).reversed().compactMap(JournalEvent.init(row:))
        }
    }

    /// The events of all branches after one by its number, oldest first, the last `limit` of them, and the number of the
    /// newest there is.
    package func events(after number: Int, limit: Int) throws -> (events: [JournalEvent], newest: Int) {
        try read { database in
            let rows = try Row.fetchAll(
                database, sql: "SELECT * FROM events WHERE id > ? ORDER BY id DESC LIMIT ?", arguments: [number, limit])
            return (rows.reversed().compactMap(JournalEvent.init(row:)), rows.first?["id"] ?? number)
        }
    }

    /// Records a settings command; durable on return, so that no step obeys a command that a power cut can undo.
    package func append(_ setting: JournalSetting) throws {
        try durably { database in
            try database.execute(
                sql: "INSERT INTO settings (branch, step, name, value, date) VALUES (?,?,?,?,?)",
                arguments: [
                    setting.branch, setting.step, setting.name, setting.value, setting.date.timeIntervalSince1970,
                ])
        }
    }

    /// A branch's own settings commands given at a step after `step`, in the order they were given.
    package func settings(branch: String, after step: Int = -1) throws -> [JournalSetting] {
        try read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM settings WHERE branch = ? AND step > ? ORDER BY id",
                arguments: [branch, step]
            ).map { row in
                JournalSetting(
                    branch: row["branch"], step: row["step"], name: row["name"], value: row["value"],
                    date: Date(timeIntervalSince1970: row["date"]))
            }
        }
    }
}

extension JournalEvent {
    /// nil for a kind that this version does not know.
    init?(row: Row) {
        guard let kind = Kind(rawValue: row["kind"]) else { return nil }
        self.init(
            date: Date(timeIntervalSince1970: row["date"]), branch: row["branch"], step: row["step"], kind: kind,
            message: row["message"])
    }
}
