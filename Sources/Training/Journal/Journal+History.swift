import Foundation
import GRDB

extension Journal {
    /// Records where a branch begins: at `forkStep` of its parent; nil for a voice's first. Durable on return; a branch
    /// that is known keeps what was first said of it.
    package func addBranch(_ name: String, parent: String?, forkStep: Int) throws {
        try durably { database in
            try database.execute(
                sql: "INSERT OR IGNORE INTO branches VALUES (?,?,?)", arguments: [name, parent, forkStep])
        }
    }

    /// A stretch of one branch that belongs to a line: steps after the first bound, up to the second.
    struct Segment: Equatable {
        var branch: String
        var after: Int
        var through: Int
    }

    /// The stretches that led to a branch's step `through`, oldest first.
    static func lineage(of branch: String, through last: Int, _ database: Database) throws -> [Segment] {
        var segments: [Segment] = []
        var next: String? = branch
        var last = last
        while let name = next, !segments.contains(where: { $0.branch == name }) {
            let row = try Row.fetchOne(database, sql: "SELECT * FROM branches WHERE branch = ?", arguments: [name])
            let parent: String? = row?["parent"]
            let fork: Int = parent == nil ? 0 : row?["fork_step"] ?? 0
            segments.append(Segment(branch: name, after: min(fork, last), through: last))
            last = min(fork, last)
            next = parent
        }
        return segments.reversed()
    }

    /// The branch on which a line's step was trained: `branch` itself or an ancestor; nil when no record is there.
    package func owner(of step: Int, onLineOf branch: String) throws -> String? {
        try read { database in
            guard
                let segment = try Self.lineage(of: branch, through: .max, database)
                    .first(where: { step > $0.after && step <= $0.through })
            else { return nil }
            return try Row.fetchOne(
                database, sql: "SELECT step FROM steps WHERE branch = ? AND step = ?",
                arguments: [segment.branch, step]) == nil ? nil : segment.branch
        }
    }

    /// A line's record of a step, on `branch` itself or the ancestor that trained it.
    package func record(of step: Int, onLineOf branch: String) throws -> StepRecord? {
        guard let owner = try owner(of: step, onLineOf: branch) else { return nil }
        return try rows(branch: owner, after: step - 1, through: step).first
    }

    /// The settings commands that a line's steps after `first` and up to `last` obeyed anew, in the order they were given.
    package func settings(onLineOf branch: String, from first: Int, before last: Int) throws -> [JournalSetting] {
        let segments = try read { try Self.lineage(of: branch, through: last, $0) }
        return try segments.flatMap { segment in
            try settings(branch: segment.branch, after: max(first, segment.after) - 1).filter {
                $0.step < segment.through
            }
        }
    }

    /// Losses of a line at a step: `mel` and `crossEntropy` as means of the last 20 steps of their stage, those of
    /// held-out clips as last measured. One that was not measured in the 4,000 steps before is missing.
    package func losses(at step: Int, onLineOf branch: String) throws -> [Metric: Float] {
        try read { database in
            var headlines: [Metric: [Double]] = [:]
            var losses: [Metric: Float] = [:]
            let needed = 20
            search: for segment in try Self.lineage(of: branch, through: step, database).reversed() {
                let cursor = try Row.fetchCursor(
                    database,
                    sql: "SELECT * FROM steps WHERE branch = ? AND step > ? AND step <= ? ORDER BY step DESC",
                    arguments: [segment.branch, max(segment.after, step - 4_000), segment.through])
                while let row = try cursor.next() {
                    let metric = (Stage(rawValue: row["stage"]) ?? .sovits).headline
                    if let value: Double = row["headline"], headlines[metric, default: []].count < needed {
                        headlines[metric, default: []].append(value)
                    }
                    if row["validates"] {
                        for (metric, value) in try StepRecord(row: row, path: url.path).metrics
                        where Metric.heldOut.contains(metric) && losses[metric] == nil {
                            losses[metric] = value
                        }
                    }
                    let isMeasured = losses[.validationMel] != nil && losses[.validationCrossEntropy] != nil
                    if isMeasured, headlines.count >= 2, headlines.values.allSatisfy({ $0.count == needed }) {
                        break search
                    }
                }
            }
            for (metric, values) in headlines { losses[metric] = Float(values.reduce(0, +) / Double(values.count)) }
            return losses
        }
    }

    /// The last `limit` records of those that led to a branch's present, along its ancestors, oldest first.
    package func history(branch: String, limit: Int) throws -> [StepRecord] {
        try read { database in
            var records: [StepRecord] = []
            for segment in try Self.lineage(of: branch, through: .max, database).reversed() {
                guard records.count < limit else { break }
                let rows = try Row.fetchAll(
                    database,
                    sql: """
                        SELECT * FROM steps WHERE branch = ? AND step > ? AND step <= ? ORDER BY step DESC LIMIT ?
                        """,
                    arguments: [segment.branch, segment.after, segment.through, limit - records.count])
                records += try rows.map { try StepRecord(row: $0, path: url.path) }
            }
            return records.reversed()
        }
    }

    /// The curves of a line's steps, each figure in at most about `spans` stretches with their lowest and highest value,
    /// however many steps there are.
    package func curves(onLineOf branch: String, steps: ClosedRange<Int>, spans: Int = 2000) throws -> CurveSlice {
        try read { database in
            var parts: [(branch: String, steps: ClosedRange<Int>)] = []
            for segment in try Self.lineage(of: branch, through: .max, database) {
                let ends = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT (SELECT min(step) FROM steps WHERE branch = ?1 AND step > ?2 AND step <= ?3),
                            (SELECT max(step) FROM steps WHERE branch = ?1 AND step > ?2 AND step <= ?3)
                        """,
                    arguments: [
                        segment.branch, max(segment.after, steps.lowerBound - 1),
                        min(segment.through, steps.upperBound),
                    ])
                if let first: Int = ends?[0], let last: Int = ends?[1] { parts.append((segment.branch, first...last)) }
            }
            let count = (parts.last?.steps.upperBound ?? 0) - (parts.first?.steps.lowerBound ?? 1) + 1
            var slice = CurveSlice(steps: steps, count: count, spans: spans)
            for part in parts {
                try StepDigests.collect(
                    part.branch, part.steps, level: StepDigests.level(for: count), into: &slice, database,
                    path: url.path)
            }
            return slice
        }
    }
}
