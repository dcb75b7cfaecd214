import GRDB

/// The tables of `journal.sqlite`.
///
/// `steps.metrics` is a JSON object (see `MetricText`); `headline` repeats the figure that stands for the stage, NULL when
/// it is not finite, and `validates` marks rows with a held-out figure: what is found by them is found without parsing.
/// `digests` repeat the steps in stretches (see `StepDigests`); `evaluations` say
/// what was measured of checkpoints afterwards.
enum JournalSchema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE branches (
                        branch TEXT PRIMARY KEY NOT NULL,
                        parent TEXT,
                        fork_step INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    CREATE TABLE steps (
                        branch TEXT NOT NULL,
                        step INTEGER NOT NULL,
                        stage TEXT NOT NULL,
                        epoch INTEGER NOT NULL,
                        batch INTEGER NOT NULL,
                        learning_rate REAL NOT NULL,
                        metrics TEXT NOT NULL,
                        headline REAL,
                        validates INTEGER NOT NULL,
                        seconds REAL NOT NULL,
                        PRIMARY KEY (branch, step)
                    ) WITHOUT ROWID;
                    CREATE TABLE events (
                        id INTEGER PRIMARY KEY,
                        date REAL NOT NULL,
                        branch TEXT NOT NULL,
                        step INTEGER NOT NULL,
                        kind TEXT NOT NULL,
                        message TEXT NOT NULL
                    );
                    CREATE TABLE settings (
                        id INTEGER PRIMARY KEY,
                        branch TEXT NOT NULL,
                        step INTEGER NOT NULL,
                        name TEXT NOT NULL,
                        value TEXT NOT NULL,
                        date REAL NOT NULL
                    );
                    CREATE INDEX settings_by_step ON settings (branch, step);
                    CREATE TABLE synchronizations (id INTEGER PRIMARY KEY, count INTEGER NOT NULL);
                    INSERT INTO synchronizations VALUES (1, 0);
                    """)
        }
        migrator.registerMigration("2") { database in
            try database.execute(sql: StepDigests.table)
            try StepDigests.writeAll(database, path: "")
        }
        migrator.registerMigration("3") { try $0.execute(sql: EvaluationRows.table) }
        return migrator
    }()
}
