import Foundation

/// One line on standard error that is overwritten while something long goes on; nothing when that is not a terminal.
final class ProgressLine {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var isShown = false

    func show(_ text: String) {
        guard isTerminal else { return }
        write("\r\u{1B}[K\(text)", to: STDERR_FILENO)
        isShown = true
    }

    func clear() {
        guard isShown else { return }
        write("\r\u{1B}[K", to: STDERR_FILENO)
        isShown = false
    }
}
