import TerminalKit
import Training

/// Parts of the training screen that keys go to.
package enum Pane: Int, Sendable, CaseIterable {
    case chart, history, log
}

/// What the training screen shows.
package struct TrainState: Sendable, Equatable {
    package var focus = Pane.chart
    package var panes = ChartPane.standard
    private var hasSpeakers = false
    /// The chart that keys go to.
    package var chart = 0
    package var isMaximised = false
    package var view = CurveView.full
    package var smoothing = Smoothing.off
    /// The step whose values are told; nil tells the latest.
    package var crosshair: Double?
    package var showsGhosts = true
    package var ghosts: [Ghost] = []
    /// A closer look at a part of the curves than `Curves` has room for.
    package var detail: CurveDetail?
    /// The steps that a closer look was asked for.
    var awaitedDetail: ClosedRange<Int>?
    var drag: ChartDrag?

    package init() {}

    /// Adds the charts of the speaker stage once there is something to draw: in front where it is all there is.
    mutating func showSpeakers(of curves: Curves) {
        guard !hasSpeakers, curves[.speakerLoss] != nil else { return }
        hasSpeakers = true
        let isAlone = curves[.mel] == nil && curves[.crossEntropy] == nil
        panes.insert(contentsOf: ChartPane.ofSpeakers, at: isAlone ? 0 : panes.count)
    }

    package var pane: ChartPane { panes[min(chart, panes.count - 1)] }
}

/// A chart that is being dragged: where and from which view on.
struct ChartDrag: Sendable, Equatable {
    var column: Int
    var columns: Int
    var view: CurveView
}

extension StudioState {
    mutating func perform(_ action: TrainAction) -> [StudioEffect] {
        switch action {
        case .nextPane, .previousPane:
            let step = action == .nextPane ? 1 : Pane.allCases.count - 1
            train.focus = Pane(rawValue: (train.focus.rawValue + step) % Pane.allCases.count) ?? .chart
        case .nextChart, .previousChart:
            let count = train.panes.count
            train.chart = (train.chart + (action == .nextChart ? 1 : count - 1)) % count
            train.focus = .chart
        case .maximise:
            train.isMaximised.toggle()
            train.focus = .chart
        case .toggleLogarithmic: train.panes[train.chart].isLogarithmic.toggle()
        case .smooth: train.smoothing = train.smoothing.next
        case .toggleGhosts:
            train.showsGhosts.toggle()
            let others = train.ghosts.contains { !$0.curves.isEmpty }
            if train.showsGhosts, !others { return say("There is no other branch to show.") }
        case .pickFigures: overlay = .figures(FigurePicker(chart: train.chart))
        case .back: stepBack()
        case .viewFull, .viewRecent, .viewFromHere, .zoomIn, .zoomOut, .panLeft, .panRight: changeView(action)
        case .crosshairLeft: moveCrosshair(by: -1)
        case .crosshairRight: moveCrosshair(by: 1)
        }
        return requestDetail()
    }

    /// Takes back the last thing that sets the charts apart from how they began.
    private mutating func stepBack() {
        if train.crosshair != nil {
            train.crosshair = nil
        } else if train.isMaximised {
            train.isMaximised = false
        } else {
            train.view = .full
        }
    }

    private mutating func changeView(_ action: TrainAction) {
        guard let steps = curves.steps else { return }
        let window = train.view.window(of: steps)
        switch action {
        case .viewFull: train.view = .full
        case .viewRecent: train.view = .recent(max(200, (Double(steps.count) / 20).rounded()))
        case .viewFromHere:
            train.view = .from(train.crosshair ?? selectedCheckpoint.map { Double($0.step) } ?? window.upperBound)
        case .zoomIn, .zoomOut:
            let inside = train.crosshair.flatMap { window.contains($0) ? $0 : nil }
            let middle = (window.lowerBound + window.upperBound) / 2
            let anchor = inside ?? (train.view.follows ? window.upperBound : middle)
            train.view = train.view.zoomed(by: action == .zoomIn ? 0.5 : 2, at: anchor, of: steps)
        case .panLeft, .panRight: train.view = train.view.moved(by: action == .panLeft ? -0.25 : 0.25, of: steps)
        default: break
        }
    }

    /// Moves the crosshair by a hundredth of what is shown, at least one step; the view goes along at its edges.
    private mutating func moveCrosshair(by direction: Double) {
        guard let steps = curves.steps else { return }
        let window = train.view.window(of: steps)
        guard let old = train.crosshair, window.contains(old) else {
            train.crosshair = direction < 0 ? window.upperBound.rounded() : window.lowerBound.rounded()
            return
        }
        let stride = max(1, ((window.upperBound - window.lowerBound) / 100).rounded())
        let new = max(Double(steps.lowerBound), min(Double(steps.upperBound), old.rounded() + direction * stride))
        train.crosshair = new
        if !window.contains(new) { train.view = train.view.moved(by: direction * 0.25, of: steps) }
    }

    mutating func moveInTrain(_ movement: Movement) {
        switch train.focus {
        case .chart, .history: moveInHistory(movement)
        case .log: moveInLog(movement)
        }
    }
}
