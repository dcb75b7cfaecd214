import TerminalKit

/// What the keys of the data screen ask for.
package enum DataAction: Sendable, Hashable {
}

extension DataAction {
    static let bindings: [KeyBinding] = []
}
