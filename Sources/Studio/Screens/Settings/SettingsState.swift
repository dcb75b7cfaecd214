import TerminalKit
import Training

/// What the settings screen shows.
package struct SettingsState: Sendable, Equatable {
    package init() {}
}

extension StudioState {
    mutating func perform(_ action: SettingsAction) -> [StudioEffect] {
        switch action {}
    }

    mutating func moveInSettings(_ movement: Movement) {}
}
