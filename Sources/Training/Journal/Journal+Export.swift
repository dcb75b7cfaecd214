import Foundation
import GRDB

extension Journal {
    package enum ExportFormat: String, Sendable, CaseIterable {
        /// A heading line, then one line a step; figures a step does not have are empty.
        case csv
        /// One JSON object a line.
        case json
    }

    /// Hands the journal's steps to `line`, one at a time and without line ends, by branch and step; with a branch those
    /// of it alone. Never holds more than one row.
    package func export(
        _ format: ExportFormat, branch: String? = nil, to line: (String) throws -> Void
    ) throws {
        if format == .csv {
            let fixed = ["branch", "step", "stage", "epoch", "batch", "learning_rate", "seconds"]
            try line((fixed + Metric.allCases.map(\.rawValue)).joined(separator: ","))
        }
        try forEachStep(branch: branch) { try line(format == .json ? $0.jsonLine : $0.commaSeparated) }
    }

    /// Hands on every step of every branch, or of one, by branch and step.
    func forEachStep(branch: String? = nil, _ body: (StepRecord) throws -> Void) throws {
        try read { database in
            let cursor = try Row.fetchCursor(
                database, sql: "SELECT * FROM steps WHERE ?1 IS NULL OR branch = ?1 ORDER BY branch, step",
                arguments: [branch])
            while let row = try cursor.next() { try body(try StepRecord(row: row, path: url.path)) }
        }
    }

    /// When the voice's first event happened.
    func firstEventDate() throws -> Date? {
        try read { try Double.fetchOne($0, sql: "SELECT min(date) FROM events") }.map(Date.init(timeIntervalSince1970:))
    }
}

extension StepRecord {
    fileprivate var commaSeparated: String {
        let fixed = [
            branch, "\(step)", stage.rawValue, "\(epoch)", "\(batch)", "\(learningRate)", "\(seconds)",
        ]
        return (fixed + Metric.allCases.map { metrics[$0].map { "\($0)" } ?? "" }).joined(separator: ",")
    }
}
