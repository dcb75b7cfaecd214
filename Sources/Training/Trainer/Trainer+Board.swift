import Foundation

// TensorBoard's files, written beside the journal while training goes on.
extension Trainer {
    func openBoard() {
        let place = voice.configuration.training.tensorboard
        guard !place.isEmpty else { return }
        let isWhole = place.hasPrefix("/")
        board = TensorBoardLog(isWhole ? URL(fileURLWithPath: place) : voice.directory.appendingPathComponent(place))
        // Steps of the journal that are done again are there already, and are not added anew.
        let known = (try? journal.lastStep(branch: branch)).flatMap { $0 } ?? 0
        let text = voice.configuration.toml, (branch, step) = (branch, max(known, savedStep ?? 0))
        writeToBoard { $0.add(text: text, named: "voice.toml", branch: branch, step: step) }
    }

    /// What cannot be written is said once; training goes on without it.
    func writeToBoard(_ write: (TensorBoardLog) -> Void) {
        guard let board else { return }
        write(board)
        guard let problem = board.problem else { return }
        self.board = nil
        log(.warning, problem)
    }

    func closeBoard() {
        board?.close()
        board = nil
    }
}
