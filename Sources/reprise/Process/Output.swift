import Foundation

/// Writes a line to standard error.
func printError(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

/// Writes a line to standard output at once, also into a pipe: whoever reads along sees every step when it is done.
func printLine(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

/// Writes all of a text; a reader that has gone away is no reason to end training.
func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        if written > 0 { rest = rest.dropFirst(written) } else if errno != EINTR { return }
    }
}
