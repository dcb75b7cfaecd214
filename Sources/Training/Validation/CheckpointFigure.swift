/// What checkpoints are compared and chosen by; the raw values are the names on the command line, in JSON and the journal.
package enum CheckpointFigure: String, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
    /// Of all held-out clips, measured while training and by an evaluation.
    case mel
    case crossEntropy = "ce"
    case topThree = "top3"
    /// Of spoken transcripts, measured by an evaluation only.
    case characterError = "cer"
    case repeats, skips, similarity

    package var isBetterHigh: Bool { self == .topThree || self == .similarity }

    /// That of a step which is the same figure.
    package var metric: Metric? {
        switch self {
        case .mel: .validationMel
        case .crossEntropy: .validationCrossEntropy
        case .topThree: .validationTopThree
        case .characterError, .repeats, .skips, .similarity: nil
        }
    }

    /// As it is written in a line of figures: shares in percent.
    package func text(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        switch self {
        case .mel, .crossEntropy, .similarity: return Self.decimal(value, 3)
        case .topThree, .characterError: return Self.decimal(100 * value, 1) + " %"
        case .repeats, .skips: return Self.decimal(value, 0)
        }
    }

    private static func decimal(_ value: Double, _ decimals: Int) -> String {
        value.formatted(
            .number.precision(.fractionLength(decimals)).grouping(.never).locale(.init(identifier: "en_US_POSIX")))
    }
}

extension CheckpointSummary {
    /// A figure of this checkpoint: as evaluated, else as training measured it last; nil when neither did. An evaluation
    /// of other clips than the newest one's is not held against it.
    package func figure(_ figure: CheckpointFigure) -> Double? {
        if let evaluation, evaluation.isComparable, let value = evaluation.figures[figure] { return value }
        return figure.metric.flatMap { losses[$0] }.map(Double.init)
    }

    /// The better one of two by a figure; one that has none, or a number that is not finite, is the worse.
    package static func isBetter(_ one: CheckpointSummary, _ other: CheckpointSummary, by figure: CheckpointFigure)
        -> Bool
    {
        guard let first = one.figure(figure), first.isFinite else { return false }
        guard let second = other.figure(figure), second.isFinite else { return true }
        if first != second { return figure.isBetterHigh ? first > second : first < second }
        return (one.step, one.branch) < (other.step, other.branch)
    }

    /// The best of some by each figure that any of them has; which figures a checkpoint is best by, by its ID.
    package static func best(
        of summaries: [CheckpointSummary], by figures: [CheckpointFigure]
    ) -> [String: [CheckpointFigure]] {
        var result: [String: [CheckpointFigure]] = [:]
        for figure in figures {
            guard let best = summaries.min(by: { isBetter($0, $1, by: figure) }),
                best.figure(figure)?.isFinite == true
            else { continue }
            result[best.id, default: []].append(figure)
        }
        return result
    }
}
