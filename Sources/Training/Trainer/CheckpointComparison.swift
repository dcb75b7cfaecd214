import Checkpoint
import Foundation

/// What sets two checkpoints apart, told for a person: losses, settings, tensors.
package struct CheckpointComparison: Sendable, Equatable {
    package struct Loss: Sendable, Equatable {
        package var metric: Metric
        /// nil when it was not measured there.
        package var first: Float?
        package var second: Float?

        package init(metric: Metric, first: Float?, second: Float?) {
            self.metric = metric
            self.first = first
            self.second = second
        }
    }

    /// A figure of evaluations whose figures may be held against each other.
    package struct EvaluatedFigure: Sendable, Equatable {
        package var figure: CheckpointFigure
        /// nil when it was not measured there.
        package var first: Double?
        package var second: Double?
    }

    /// A text that differs, e.g. `voice.toml`, line by line.
    package struct Text: Sendable, Equatable {
        package var name: String
        package var removed: [String]
        package var added: [String]
        /// Further lines that differ.
        package var more: Int

        package init(name: String, removed: [String], added: [String], more: Int = 0) {
            self.name = name
            self.removed = removed
            self.added = added
            self.more = more
        }
    }

    package struct TensorChange: Sendable, Equatable {
        package var file: String
        package var name: String
        /// E.g. "by at most 0.0123", or "only in the second".
        package var change: String

        package init(file: String, name: String, change: String) {
            self.file = file
            self.name = name
            self.change = change
        }
    }

    package var first: CheckpointSummary
    package var second: CheckpointSummary
    /// Those that one of the two has, in the order of `Metric`.
    package var losses: [Loss]
    /// Those that training does not measure and one of the two has.
    package var figures: [EvaluatedFigure] {
        CheckpointFigure.allCases.filter { $0.metric == nil }.compactMap { figure in
            let (one, other) = (first.figure(figure), second.figure(figure))
            return one == nil && other == nil ? nil : EvaluatedFigure(figure: figure, first: one, second: other)
        }
    }
    package var texts: [Text]
    /// The largest change first.
    package var tensors: [TensorChange]
    /// Tensors that are the same, bit for bit.
    package var equalTensors: Int

    package init(
        first: CheckpointSummary, second: CheckpointSummary, losses: [Loss], texts: [Text], tensors: [TensorChange],
        equalTensors: Int
    ) {
        self.first = first
        self.second = second
        self.losses = losses
        self.texts = texts
        self.tensors = tensors
        self.equalTensors = equalTensors
    }

    /// Steps from the first to the second.
    package var steps: Int { second.step - first.step }

    /// Tensors that are told one by one.
    private static let shown = 12

    /// All of it in lines of text.
    package var lines: [String] {
        let apart = CheckpointError.size(abs(second.bytes - first.bytes))
        var lines = ["\(first.id) → \(second.id): \(steps) step\(abs(steps) == 1 ? "" : "s"), \(apart) apart"]
        for loss in losses {
            lines.append("\(loss.metric.rawValue)  \(Self.text(loss.first)) → \(Self.text(loss.second))")
        }
        for figure in figures {
            func text(_ value: Double?) -> String { value.map(figure.figure.text) ?? "not measured" }
            lines.append("\(figure.figure.rawValue)  \(text(figure.first)) → \(text(figure.second))")
        }
        for text in texts {
            lines.append(text.name)
            lines += text.removed.map { "  - \($0)" } + text.added.map { "  + \($0)" }
            if text.more > 0 { lines.append("  and \(text.more) further line\(text.more == 1 ? "" : "s")") }
        }
        lines += tensors.prefix(Self.shown).map { "\($0.file) \($0.name)  \($0.change)" }
        let rest = tensors.count - Self.shown
        return lines + ["\(equalTensors) tensors are equal\(rest > 0 ? ", \(rest) more differ by less" : "")"]
    }

    private static func text(_ loss: Float?) -> String { loss.map { String(format: "%.4g", $0) } ?? "not measured" }
}

extension CheckpointComparison {
    init(_ comparison: Comparison, _ first: CheckpointSummary, _ second: CheckpointSummary) {
        let largest = comparison.tensors.map { ($0, Self.extent(of: $0.kind)) }.sorted { $0.1 > $1.1 }.map(\.0)
        self.init(
            first: first, second: second,
            losses: Metric.allCases.compactMap { metric in
                let pair = (first.losses[metric], second.losses[metric])
                return pair.0 == nil && pair.1 == nil ? nil : Loss(metric: metric, first: pair.0, second: pair.1)
            },
            // The journal's rows since the parent always differ, and the losses tell more of them.
            texts: comparison.texts.filter { $0.name != "journal.jsonl" }.map {
                Text(name: $0.name, removed: $0.removed, added: $0.added, more: $0.more)
            },
            tensors: largest.map {
                TensorChange(file: $0.file, name: $0.name, change: Self.describe($0.kind))
            }, equalTensors: comparison.equalTensors)
    }

    private static func extent(of kind: Comparison.TensorDifference.Kind) -> Double {
        if case .values(let maximum) = kind { return maximum }
        return .infinity
    }

    private static func describe(_ kind: Comparison.TensorDifference.Kind) -> String {
        switch kind {
        case .added: "only in the second"
        case .removed: "only in the first"
        case .shape(let first, let second): "shape \(first) → \(second)"
        case .type(let first, let second): "type \(first.rawValue) → \(second.rawValue)"
        case .values(let maximum): "by at most \(String(format: "%.3g", maximum))"
        }
    }
}
