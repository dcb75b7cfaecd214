import TerminalKit

/// What the keys of the history ask for.
package enum HistoryAction: Sendable, Hashable {
    case restore
}

extension HistoryAction {
    static let bindings: [KeyBinding] = []
}
