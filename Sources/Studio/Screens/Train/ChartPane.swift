import TerminalKit
import Training

/// One chart of the training screen: what it shows, and how.
package struct ChartPane: Sendable, Equatable {
    /// nil names it after what it shows.
    package var name: String?
    /// The first is drawn on top of the others.
    package var figures: [Figure]
    package var isLogarithmic = false

    package init(_ name: String?, _ figures: [Figure]) {
        self.name = name
        self.figures = figures
    }

    package init(_ name: String, _ metrics: [Metric]) { self.init(name, metrics.map(Figure.metric)) }

    package var title: String {
        if let name { return name }
        return figures.isEmpty ? "Nothing" : figures.map(Wording.fullName(of:)).joined(separator: ", ")
    }

    /// Puts a figure into the chart, or takes it out; the order is that of all figures.
    package mutating func toggle(_ figure: Figure) {
        name = nil
        if figures.contains(figure) {
            figures.removeAll { $0 == figure }
        } else {
            figures = Figure.allCases.filter { figures.contains($0) || $0 == figure }
        }
    }

    package static let standard = [
        ChartPane("Mel loss", [.mel, .validationMel]),
        ChartPane("Prior", [.crossEntropy, .validationCrossEntropy]),
        ChartPane("Total and KL", [.total, .kl, .commitment]),
        ChartPane("Discriminators", [.discriminator, .adversarial, .featureMatching]),
        ChartPane("Gradient norms", [.generatorGradientNorm, .discriminatorGradientNorm, .priorGradientNorm]),
        ChartPane("Learning rate", [.learningRate(.sovits), .learningRate(.prior)]),
        ChartPane("Step time", [.seconds(.sovits), .seconds(.prior)]),
    ]

    /// Those of the speaker stage, for voices that train it.
    package static let ofSpeakers = [
        ChartPane("Speakers", [.speakerLoss]),
        ChartPane("Speakers told apart", [.validationSpeakerError, .speakerAccuracy]),
    ]
}

/// How strongly curves are smoothed.
package enum Smoothing: Int, Sendable, CaseIterable {
    case off = 0
    case light = 10
    case medium = 50
    case strong = 200

    package var average: MovingAverage? { self == .off ? nil : MovingAverage(points: Double(rawValue)) }

    package var next: Smoothing {
        let all = Self.allCases
        return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }
}
