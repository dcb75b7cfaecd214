import TerminalKit

/// What the keys of the settings screen ask for.
package enum SettingsAction: Sendable, Hashable {
}

extension SettingsAction {
    static let bindings: [KeyBinding] = []
}
