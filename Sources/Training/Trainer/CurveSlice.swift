/// What a curve of the studio can be drawn of.
package enum Figure: Sendable, Hashable {
    case metric(Metric)
    case learningRate(Stage)
    /// Wall time of a stage's steps.
    case seconds(Stage)

    /// The place is the code that the journal's digests use: new ones are added at the end.
    package static let allCases: [Figure] = [
        .metric(.mel), .metric(.kl), .metric(.adversarial), .metric(.total), .metric(.discriminator),
        .metric(.featureMatching), .metric(.commitment), .metric(.generatorGradientNorm),
        .metric(.discriminatorGradientNorm), .metric(.crossEntropy), .metric(.topThreeAccuracy),
        .metric(.priorGradientNorm), .metric(.validationMel), .metric(.validationCrossEntropy),
        .learningRate(.sovits), .learningRate(.prior), .seconds(.sovits), .seconds(.prior),
        .metric(.validationTopThree), .metric(.speakerLoss), .metric(.speakerAccuracy), .metric(.speakerGradientNorm),
        .metric(.validationSpeakerError), .learningRate(.speaker), .seconds(.speaker),
    ]
}

extension Figure {
    /// The stage whose steps it is measured in.
    package var stage: Stage {
        switch self {
        case .learningRate(let stage), .seconds(let stage): stage
        case .metric(.crossEntropy), .metric(.topThreeAccuracy), .metric(.priorGradientNorm),
            .metric(.validationCrossEntropy), .metric(.validationTopThree):
            .prior
        case .metric(.speakerLoss), .metric(.speakerAccuracy), .metric(.speakerGradientNorm),
            .metric(.validationSpeakerError):
            .speaker
        case .metric: .sovits
        }
    }
}

extension Figure {
    /// True for figures of held-out clips, which only some steps measure.
    package var isSparse: Bool {
        if case .metric(let metric) = self { return Metric.heldOut.contains(metric) }
        return false
    }
}

extension StepRecord {
    /// All of a step that curves are drawn of.
    package var figures: [(figure: Figure, value: Float)] {
        metrics.map { (.metric($0.key), $0.value) } + [
            (.learningRate(stage), Float(learningRate)), (.seconds(stage), Float(seconds)),
        ]
    }
}

/// A stretch of one figure's curve: its ends, its lowest and highest value, and its mean. A value that is not finite is
/// counted and leaves a gap, and nothing else.
package struct FigureSpan: Sendable, Equatable {
    package var firstStep: Int32
    package var lastStep: Int32
    /// Values in it, and those of them that are finite.
    package var count: Int32
    package var finiteCount: Int32
    /// Of the finite values; all 0 when there is none. `entry` is the first of them, `exit` the last.
    package var low: Float
    package var high: Float
    package var entry: Float
    package var exit: Float
    package var mean: Float
    /// True when a value that is not finite stands before the first, or after the last finite one.
    package var gapBefore: Bool
    package var gapAfter: Bool

    package init(step: Int, value: Float) {
        (firstStep, lastStep, count) = (Int32(clamping: step), Int32(clamping: step), 1)
        let isFinite = value.isFinite
        finiteCount = isFinite ? 1 : 0
        let shown = isFinite ? value : 0
        (low, high, entry, exit, mean) = (shown, shown, shown, shown, shown)
        (gapBefore, gapAfter) = (!isFinite, !isFinite)
    }

    /// Joins the stretch that follows.
    package mutating func merge(_ next: FigureSpan) {
        let start = (step: firstStep, count: count)
        defer {
            firstStep = start.step
            lastStep = next.lastStep
            count = start.count + next.count
        }
        guard next.finiteCount > 0 else {
            gapAfter = true
            return
        }
        guard finiteCount > 0 else {
            self = next
            gapBefore = true
            return
        }
        let all = finiteCount + next.finiteCount
        mean += (next.mean - mean) * Float(next.finiteCount) / Float(all)
        finiteCount = all
        low = min(low, next.low)
        high = max(high, next.high)
        exit = next.exit
        gapAfter = next.gapAfter
    }
}

/// The curves of some steps: of each figure at most about as many stretches as were asked for, oldest first.
package struct CurveSlice: Sendable, Equatable {
    package var steps: ClosedRange<Int>
    package private(set) var figures: [Figure: [FigureSpan]] = [:]
    private var stepsPerSpan: Int

    /// - Parameters:
    ///   - steps: what the slice is of.
    ///   - count: how many of them there are at most, from the first to the last that is known.
    ///   - spans: how many stretches of each figure to keep, about.
    package init(steps: ClosedRange<Int>, count: Int? = nil, spans: Int = 2000) {
        self.steps = steps
        stepsPerSpan = max(1, (max(1, count ?? steps.count) - 1) / max(1, spans) + 1)
    }

    /// Adds what follows; neighbours in the same stretch of the slice are joined.
    package mutating func append(_ span: FigureSpan, of figure: Figure) {
        var spans = figures.removeValue(forKey: figure) ?? []
        if let last = spans.last, stepsPerSpan > 1, place(last.firstStep) == place(span.firstStep) {
            spans[spans.count - 1].merge(span)
        } else {
            spans.append(span)
        }
        figures[figure] = spans
    }

    package mutating func append(_ record: StepRecord) {
        for (figure, value) in record.figures { append(FigureSpan(step: record.step, value: value), of: figure) }
    }

    private func place(_ step: Int32) -> Int { (Int(step) - 1) / stepsPerSpan }
}
