import TerminalKit

/// What the keys of the log screen ask for.
package enum LogAction: Sendable, Hashable {
}

extension LogAction {
    static let bindings: [KeyBinding] = []
}
