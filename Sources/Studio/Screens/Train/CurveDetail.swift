import TerminalKit
import Training

/// A part of the curves, read from the journal more closely than all of them are kept.
package struct CurveDetail: Sendable, Equatable {
    package var steps: ClosedRange<Int>
    /// New steps belong to it.
    package var isOpen: Bool
    package var curves: Curves
}

extension StudioState {
    /// More stretches than this across a chart would not be seen.
    private static let finest = 600.0

    /// Asks the journal for what is shown when the curves at hand are too coarse for it.
    mutating func requestDetail() -> [StudioEffect] {
        guard let steps = curves.steps else { return [] }
        let window = train.view.window(of: steps)
        let needed = max(1, (window.upperBound - window.lowerBound) / Self.finest)
        let shown =
            max(
                steps.lowerBound, Int(window.lowerBound))...min(
                steps.upperBound, max(steps.lowerBound, Int(window.upperBound.rounded(.up))))
        guard curves.coarseness(in: window) > 2 * needed else { return [] }
        if let detail = train.detail, covers(detail.steps, shown, isOpen: detail.isOpen),
            detail.curves.coarseness(in: window) <= 2 * needed
        {
            return []
        }
        if let awaited = train.awaitedDetail, covers(awaited, shown, isOpen: false),
            awaited.count <= 4 * shown.count + 64
        {
            return []
        }
        // Half as much again on both sides, for the next move.
        let margin = shown.count / 2 + 8
        let wanted = max(1, shown.lowerBound - margin)...shown.upperBound + margin
        train.awaitedDetail = wanted
        return [.loadCurves(CurveRequest(.detail, steps: wanted))]
    }

    private func covers(_ outer: ClosedRange<Int>, _ inner: ClosedRange<Int>, isOpen: Bool) -> Bool {
        outer.lowerBound <= inner.lowerBound && (isOpen || outer.upperBound >= inner.upperBound)
    }

    /// What the journal answered to a request.
    mutating func take(_ slice: CurveSlice, for request: CurveRequest) -> [StudioEffect] {
        switch request.purpose {
        case .whole:
            var fresh = Curves(slice)
            for record in recentSteps where record.step > fresh.lastStep { fresh.append(record) }
            curves = fresh
            train.showSpeakers(of: curves)
        case .detail:
            // An answer to an earlier question: the view has moved on.
            guard train.awaitedDetail == request.steps else { return [] }
            train.awaitedDetail = nil
            var fresh = Curves(slice)
            let isOpen = request.steps.upperBound >= curves.lastStep
            for record in recentSteps where isOpen && record.step > fresh.lastStep { fresh.append(record) }
            train.detail = CurveDetail(steps: request.steps, isOpen: isOpen, curves: fresh)
        case .ghost(let name):
            guard let index = train.ghosts.firstIndex(where: { $0.name == name }),
                train.ghosts[index].steps == request.steps
            else { return [] }
            train.ghosts[index].curves = Curves(slice, capacity: 512)
            return []
        }
        return requestDetail()
    }

    /// Keeps charts right after a step was added.
    mutating func extendDetail(with record: StepRecord) -> [StudioEffect] {
        if train.detail?.isOpen == true { train.detail?.curves.append(record) }
        return train.view.follows ? requestDetail() : []
    }

    /// What is shown more closely, and what is still on its way, is no longer true.
    mutating func dropDetail() {
        train.detail = nil
        train.awaitedDetail = nil
    }
}
