import Foundation

/// Why nothing was exported, in one sentence.
package enum TensorBoardError: Error, Sendable, Equatable, CustomStringConvertible {
    case folderInUse(String)
    case notWritten(String)

    package var description: String {
        switch self {
        case .folderInUse(let path):
            "There are files in \(path) already, and TensorBoard would show both: name a new folder."
        case .notWritten(let sentence): sentence
        }
    }
}

extension Voice {
    /// Writes the whole journal for TensorBoard: a run for each branch, with every step, every settings command, every
    /// evaluation and every take that is still there.
    ///
    /// The journal keeps no time of a step: here they follow each other from the voice's first event on, each as long as it
    /// took.
    /// - Throws: `TensorBoardError`, `JournalError`.
    package func exportToTensorBoard(_ folder: URL) throws {
        let present = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        guard present.isEmpty else { throw TensorBoardError.folderInUse(folder.path) }
        let journal = try Journal(readOnly: journalURL)
        let log = TensorBoardLog(folder)
        let begin = try journal.firstEventDate() ?? Date()
        var dates: [String: Date] = [:]
        try journal.forEachStep { record in
            let date = (dates[record.branch] ?? begin).addingTimeInterval(record.seconds)
            dates[record.branch] = date
            log.add(record, date: date)
            if let problem = log.problem { throw TensorBoardError.notWritten(problem) }
        }
        for branch in dates.keys.sorted() {
            for setting in try journal.settings(branch: branch) {
                log.add(
                    text: setting.value, named: "settings/\(setting.name)", branch: branch, step: setting.step,
                    date: setting.date)
            }
        }
        for (id, evaluation) in try journal.evaluations().sorted(by: { $0.key < $1.key }) {
            log.add(evaluation, of: id)
        }
        for take in try TakeLibrary(self).takes() {
            // "main/g_0000120" or "main@120", whichever weights spoke.
            let branch = take.checkpoint.prefix { $0 != "/" && $0 != "@" }
            log.add(take, branch: String(branch))
        }
        log.close()
        if let problem = log.problem { throw TensorBoardError.notWritten(problem) }
    }
}
