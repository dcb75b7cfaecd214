import TerminalKit
import Training

// The mouse on the charts: the wheel zooms at the pointer, dragging moves, a click puts the crosshair.
extension StudioState {
    /// nil when the event is not for a chart.
    mutating func mouseOnCharts(_ event: MouseEvent, on pointed: PointedTarget?) -> [StudioEffect]? {
        guard screen == .train, overlay == nil else { return nil }
        if event.kind == .release {
            train.drag = nil
            return nil
        }
        if event.kind == .drag {
            guard let drag = train.drag, let steps = curves.steps else { return nil }
            let share = Double(drag.column - event.position.column) / Double(max(1, drag.columns - 1))
            train.view = drag.view.moved(by: share, of: steps)
            return requestDetail()
        }
        switch pointed?.target {
        case .chart(let index) where event.kind == .press:
            choose(chart: index)
            return []
        case .plot(let index):
            guard let pointed, let steps = curves.steps else { return [] }
            choose(chart: index)
            let window = train.view.window(of: steps)
            let share = Double(pointed.offset.column) / Double(max(1, pointed.rect.columns - 1))
            let step = window.lowerBound + share * (window.upperBound - window.lowerBound)
            switch event.kind {
            case .wheelUp, .wheelDown:
                train.view = train.view.zoomed(by: event.kind == .wheelUp ? 0.75 : 1 / 0.75, at: step, of: steps)
            case .press:
                train.crosshair = step.rounded()
                train.drag = ChartDrag(column: event.position.column, columns: pointed.rect.columns, view: train.view)
            case .secondary: train.crosshair = nil
            case .release, .drag: break
            }
            return requestDetail()
        default: return nil
        }
    }

    private mutating func choose(chart index: Int) {
        train.chart = max(0, min(train.panes.count - 1, index))
        train.focus = .chart
    }
}
