import TerminalKit
import Training

/// Figures that are looked at together.
package enum ChartGroup: String, Sendable, CaseIterable {
    case mel = "Mel loss"
    case total = "Total and KL"
    case discriminator = "Discriminators"
    case prior = "Prior"
    case gradients = "Gradient norms"

    /// The first is drawn on top of the others.
    package var metrics: [Metric] {
        switch self {
        case .mel: [.mel, .validationMel]
        case .total: [.total, .kl, .commitment]
        case .discriminator: [.discriminator, .adversarial, .featureMatching]
        case .prior: [.crossEntropy, .validationCrossEntropy]
        case .gradients: [.generatorGradientNorm, .discriminatorGradientNorm, .priorGradientNorm]
        }
    }

    /// The group so many places further, around the end.
    package func moved(by places: Int) -> ChartGroup {
        let all = Self.allCases
        let index = (all.firstIndex(of: self) ?? 0) + places
        return all[((index % all.count) + all.count) % all.count]
    }
}

/// The curves of all figures, fed step by step.
package struct Curves: Sendable, Equatable {
    package private(set) var series: [Metric: SeriesBuckets] = [:]
    package private(set) var lastStep = 0

    package init() {}

    package mutating func append(_ record: StepRecord) {
        lastStep = record.step
        for (metric, value) in record.metrics {
            series[metric, default: SeriesBuckets()].append(x: Double(record.step), y: Double(value))
        }
    }

    /// Takes away what came after a step.
    package mutating func removeAll(after step: Int) {
        for metric in series.keys { series[metric]?.removeAll(after: Double(step)) }
        lastStep = min(lastStep, step)
    }

    package func chart(_ group: ChartGroup, glyphs: ChartGlyphs, isLogarithmic: Bool, emptyText: String) -> LineChart {
        let curves = group.metrics.enumerated().compactMap { index, metric in
            series[metric].map {
                ChartSeries(
                    name: Wording.name(of: metric), shortName: Wording.shortName(of: metric), role: .series(index),
                    points: $0)
            }
        }
        return LineChart(series: curves, glyphs: glyphs, isLogarithmic: isLogarithmic, emptyText: emptyText)
    }
}
