import TerminalKit
import Training

/// Parts of the training screen that keys go to.
package enum Pane: Int, Sendable, CaseIterable {
    case chart, history, log
}

/// What the training screen shows.
package struct TrainState: Sendable, Equatable {
    package var focus = Pane.chart
    package var chart = ChartGroup.mel
    package var isLogarithmic = false

    package init() {}
}

extension StudioState {
    mutating func perform(_ action: TrainAction) -> [StudioEffect] {
        switch action {
        case .nextPane, .previousPane:
            let step = action == .nextPane ? 1 : Pane.allCases.count - 1
            train.focus = Pane(rawValue: (train.focus.rawValue + step) % Pane.allCases.count) ?? .chart
        case .nextChart, .previousChart: train.chart = train.chart.moved(by: action == .nextChart ? 1 : -1)
        case .toggleLogarithmic: train.isLogarithmic.toggle()
        }
        return []
    }

    mutating func moveInTrain(_ movement: Movement) {
        switch train.focus {
        case .chart, .history: moveInHistory(movement)
        case .log: moveInLog(movement)
        }
    }
}
