import Checkpoint
import Foundation
import GRDB

/// What evaluations measured: a row for each checkpoint and figure, with a note instead of a value where there is none.
enum EvaluationRows {
    static let table = """
        CREATE TABLE evaluations (
            branch TEXT NOT NULL,
            step INTEGER NOT NULL,
            figure TEXT NOT NULL,
            value REAL,
            recordings REAL,
            note TEXT,
            clips INTEGER NOT NULL,
            basis TEXT NOT NULL,
            date REAL NOT NULL,
            PRIMARY KEY (branch, step, figure)
        ) WITHOUT ROWID
        """
}

extension Journal {
    /// Keeps what an evaluation measured in place of an earlier one of the same checkpoint; durable on return. Any process
    /// may, beside the one that trains.
    package func add(_ evaluation: CheckpointEvaluation, of id: CheckpointID) throws {
        try durably { database in
            try database.execute(
                sql: "DELETE FROM evaluations WHERE branch = ? AND step = ?", arguments: [id.branch, id.step])
            for figure in CheckpointFigure.allCases {
                let (value, note) = (evaluation.figures[figure], evaluation.notes[figure])
                if value == nil, note == nil { continue }
                try database.execute(
                    sql: "INSERT INTO evaluations VALUES (?,?,?,?,?,?,?,?,?)",
                    arguments: [
                        id.branch, id.step, figure.rawValue, value.flatMap { $0.isFinite ? $0 : nil },
                        evaluation.recordings[figure], note, evaluation.clips, evaluation.basis,
                        evaluation.date.timeIntervalSince1970,
                    ])
            }
        }
    }

    /// The evaluations of all checkpoints. Figures this version does not know are passed over; a journal of a version
    /// that knew none has none.
    package func evaluations() throws -> [CheckpointID: CheckpointEvaluation] {
        try read { database in
            guard try database.tableExists("evaluations") else { return [:] }
            var result: [CheckpointID: CheckpointEvaluation] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT * FROM evaluations") {
                guard let figure = CheckpointFigure(rawValue: row["figure"]) else { continue }
                let id = CheckpointID(branch: row["branch"], step: row["step"])
                var known =
                    result[id]
                    ?? CheckpointEvaluation(
                        date: Date(timeIntervalSince1970: row["date"]), clips: row["clips"], basis: row["basis"])
                known.figures[figure] = row["value"]
                known.recordings[figure] = row["recordings"]
                known.notes[figure] = row["note"]
                result[id] = known
            }
            let newest = result.max { ($0.value.date, $0.key) < ($1.value.date, $1.key) }?.value.basis
            return result.mapValues { evaluation in
                var evaluation = evaluation
                evaluation.isComparable = evaluation.basis == newest
                return evaluation
            }
        }
    }
}
