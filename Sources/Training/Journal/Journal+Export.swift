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
        try read { database in
            if format == .csv {
                let fixed = ["branch", "step", "stage", "epoch", "batch", "learning_rate", "seconds"]
                try line((fixed + Metric.allCases.map(\.rawValue)).joined(separator: ","))
            }
            let cursor = try Row.fetchCursor(
                database, sql: "SELECT * FROM steps WHERE ?1 IS NULL OR branch = ?1 ORDER BY branch, step",
                arguments: [branch])
            while let row = try cursor.next() {
                let record = try StepRecord(row: row, path: url.path)
                try line(format == .json ? record.jsonLine : record.commaSeparated)
            }
        }
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
