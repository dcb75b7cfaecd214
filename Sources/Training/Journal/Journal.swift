import Foundation
import GRDB

/// Every step and event of a voice, across branches and restarts: `journal.sqlite`.
///
/// Each append is a transaction of its own, handed to the system but not forced to the disk: it outlives this process
/// (SIGKILL too) and costs well under a millisecond. `sync` forces all of them; after a power cut the rows since the last
/// one may be missing, and are then redone and added again. SQLite's write-ahead log never leaves half a row.
package final class Journal: Sendable {
    package let url: URL
    private let pool: DatabasePool

    /// Opens a voice's journal for the one process that trains it, and makes it when it is missing.
    package init(url: URL) throws {
        self.url = url
        pool = try JournalError.wrapping(url.path) {
            let pool = try DatabasePool(path: url.path, configuration: Self.configuration)
            try JournalSchema.migrator.migrate(pool)
            return pool
        }
    }

    /// Opens an existing journal to look at it, also while another process writes it.
    package init(readOnly url: URL) throws {
        self.url = url
        guard FileManager.default.fileExists(atPath: url.path) else { throw JournalError.missing(path: url.path) }
        pool = try JournalError.wrapping(url.path) {
            var configuration = Self.configuration
            configuration.readonly = true
            return try DatabasePool(path: url.path, configuration: configuration)
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 2
        return configuration
    }

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try JournalError.wrapping(url.path) { try pool.read(body) }
    }

    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try JournalError.wrapping(url.path) { try pool.write(body) }
    }

    /// Forces all that was appended to the disk; call it before a checkpoint's manifest is written.
    package func sync() throws {
        try durably { try $0.execute(sql: "UPDATE synchronizations SET count = count + 1") }
    }

    /// A transaction after which the whole write-ahead log, earlier transactions included, is on the disk.
    func durably(_ body: (Database) throws -> Void) throws {
        try JournalError.wrapping(url.path) {
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL")
                defer { try? database.execute(sql: "PRAGMA synchronous = NORMAL") }
                try database.inTransaction(.immediate) {
                    try body(database)
                    return .commit
                }
            }
        }
    }

    // MARK: Steps

    /// What became of a record that was handed in.
    package enum Appended: Sendable, Equatable {
        case added
        /// The step was redone with the same outcome, to the bit; the first record stays.
        case identical
        /// The step was redone and something else came out; the first record stays until `replace`.
        case different(previous: StepRecord)
    }

    /// Adds a step, or compares it with the record of the same branch and step.
    package func append(_ record: StepRecord) throws -> Appended {
        try write { database in
            let previous = try Row.fetchOne(
                database, sql: "SELECT * FROM steps WHERE branch = ? AND step = ?",
                arguments: [record.branch, record.step])
            if let previous {
                let previous = try StepRecord(row: previous, path: url.path)
                return record.isIdentical(to: previous) ? .identical : .different(previous: previous)
            }
            try insert(record, database)
            return .added
        }
    }

    /// Adds many steps that are not there yet, by step, in one transaction.
    package func append(contentsOf records: some Sequence<StepRecord>) throws {
        try write { database in
            for record in records { try insert(record, database) }
        }
    }

    /// Puts a record in the place of the one of the same branch and step.
    package func replace(_ record: StepRecord) throws {
        try write { try insert(record, $0, isReplacement: true) }
    }

    private func insert(_ record: StepRecord, _ database: Database, isReplacement: Bool = false) throws {
        let headline = record.headline.flatMap { $0.isFinite ? Double($0) : nil }
        let statement = try database.cachedStatement(sql: "INSERT OR REPLACE INTO steps VALUES (?,?,?,?,?,?,?,?,?,?)")
        try statement.execute(arguments: [
            record.branch, record.step, record.stage.rawValue, record.epoch, record.batch, record.learningRate,
            MetricText.encode(record.metrics), headline, record.isValidation, record.seconds,
        ])
        try StepDigests.update(
            record.branch, after: record.step, isReplacement: isReplacement, database, path: url.path)
    }

    /// A branch's own records after a step and up to another, by step: what a checkpoint keeps since its parent.
    package func rows(branch: String, after step: Int = 0, through last: Int = .max) throws -> [StepRecord] {
        try read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM steps WHERE branch = ? AND step > ? AND step <= ? ORDER BY step",
                arguments: [branch, step, last]
            ).map { try StepRecord(row: $0, path: url.path) }
        }
    }

    /// The last step a branch has a record of, nil when it has none of its own.
    package func lastStep(branch: String) throws -> Int? {
        try read { try Int.fetchOne($0, sql: "SELECT max(step) FROM steps WHERE branch = ?", arguments: [branch]) }
    }
}

extension StepRecord {
    init(row: Row, path: String) throws {
        guard let stage = Stage(rawValue: row["stage"]), let metrics = MetricText.decode(row["metrics"]) else {
            throw JournalError.damaged(path: path, reason: "step \(row["step"] as Int) cannot be read")
        }
        self.init(
            branch: row["branch"], step: row["step"], stage: stage, epoch: row["epoch"], batch: row["batch"],
            learningRate: row["learning_rate"], metrics: metrics, seconds: row["seconds"])
    }
}
