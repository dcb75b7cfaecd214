import TerminalKit
import Training

/// What the data screen shows.
package struct DataState: Sendable, Equatable {
    package init() {}
}

extension StudioState {
    mutating func perform(_ action: DataAction) -> [StudioEffect] {
        switch action {}
    }

    mutating func moveInData(_ movement: Movement) {}
}
