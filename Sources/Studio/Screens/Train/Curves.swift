import TerminalKit
import Training

/// The curves of all figures, fed step by step or from the journal's slices; bounded, however long they grow.
package struct Curves: Sendable, Equatable {
    package private(set) var series: [Figure: SeriesBuckets] = [:]
    package private(set) var firstStep: Int?
    package private(set) var lastStep = 0
    private let capacity: Int

    /// - Parameter capacity: how many buckets a figure has at most.
    package init(capacity: Int = 2048) { self.capacity = capacity }

    package init(_ slice: CurveSlice, capacity: Int = 2048) {
        self.init(capacity: capacity)
        for (figure, spans) in slice.figures {
            var buckets = SeriesBuckets(capacity: capacity)
            for span in spans { buckets.append(SeriesBucket(span)) }
            series[figure] = buckets
            guard let first = spans.first, let last = spans.last else { continue }
            firstStep = min(firstStep ?? .max, Int(first.firstStep))
            lastStep = max(lastStep, Int(last.lastStep))
        }
    }

    package subscript(metric: Metric) -> SeriesBuckets? { series[.metric(metric)] }

    package var isEmpty: Bool { series.isEmpty }

    /// What charts can show: all figures, those of the speaker stage only where one has been measured.
    package var figures: [Figure] {
        Figure.allCases.filter { $0.stage != .speaker || series[.metric(.speakerLoss)] != nil }
    }

    /// From the first step to the last; nil when there is none.
    package var steps: ClosedRange<Int>? { firstStep.map { $0...max($0, lastStep) } }

    package mutating func append(_ record: StepRecord) {
        lastStep = record.step
        firstStep = firstStep ?? record.step
        for (figure, value) in record.figures {
            series[figure, default: SeriesBuckets(capacity: capacity)].append(x: Double(record.step), y: Double(value))
        }
    }

    /// Takes away what came after a step.
    package mutating func removeAll(after step: Int) {
        for figure in series.keys { series[figure]?.removeAll(after: Double(step)) }
        lastStep = min(lastStep, step)
        if let firstStep, firstStep > step { self.firstStep = nil }
    }

    /// How many steps the widest joined stretch of a window spans, 1 when every step is there.
    package func coarseness(in window: ClosedRange<Double>) -> Double {
        var widest = 1.0
        let stages = Stage.allCases
        for figure in stages.map({ Figure.metric($0.headline) }) + stages.map(Figure.seconds) {
            for bucket in series[figure]?.visible(in: window) ?? [] where bucket.count > 1 {
                widest = max(widest, bucket.lastX - bucket.firstX)
            }
        }
        return widest
    }
}

extension SeriesBucket {
    init(_ span: FigureSpan) {
        self.init(
            firstX: Double(span.firstStep), lastX: Double(span.lastStep), count: span.count,
            finiteCount: span.finiteCount, low: span.low, high: span.high, entry: span.entry, exit: span.exit,
            mean: span.mean, gapBefore: span.gapBefore, gapAfter: span.gapAfter)
    }
}

/// Curves that are asked of the journal.
package struct CurveRequest: Sendable, Equatable {
    package enum Purpose: Sendable, Equatable {
        /// All of the line in training.
        case whole
        /// A closer look at a part of it.
        case detail
        /// What another branch has of its own.
        case ghost(String)
    }

    package var purpose: Purpose
    package var steps: ClosedRange<Int>

    package init(_ purpose: Purpose, steps: ClosedRange<Int> = 1...Int.max) {
        self.purpose = purpose
        self.steps = steps
    }

    /// The branch whose line is meant; nil for the one in training.
    package var branch: String? {
        if case .ghost(let name) = purpose { name } else { nil }
    }
}
