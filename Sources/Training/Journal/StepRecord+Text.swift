import Foundation

extension StepRecord {
    /// One JSON object without a line end: what `--json` prints and a checkpoint keeps. Figures give back their bits.
    package var jsonLine: String {
        "{\"branch\":\"\(branch)\",\"step\":\(step),\"stage\":\"\(stage.rawValue)\",\"epoch\":\(epoch),"
            + "\"batch\":\(batch),\"learningRate\":\(learningRate),\"metrics\":\(MetricText.encode(metrics)),"
            + "\"seconds\":\(seconds)\(exchange.map { ",\"exchange\":\($0.json)" } ?? "")}"
    }

    /// True when two records are of the same work with the same outcome, to the bit; time does not count.
    package func isIdentical(to other: StepRecord) -> Bool {
        branch == other.branch && step == other.step && differences(from: other).isEmpty
    }

    /// The names of what differs from another record of the same step, times aside: empty when identical.
    package func differences(from other: StepRecord) -> [String] {
        var names: [String] = []
        if stage != other.stage { names.append("stage") }
        if epoch != other.epoch { names.append("epoch") }
        if batch != other.batch { names.append("batch") }
        if learningRate.bitPattern != other.learningRate.bitPattern { names.append("learning_rate") }
        for metric in Metric.allCases where metrics[metric]?.bitPattern != other.metrics[metric]?.bitPattern {
            // Earlier versions did not measure it: that one of the two has it is no other outcome.
            if metric == .validationTopThree, metrics[metric] == nil || other.metrics[metric] == nil { continue }
            names.append(metric.rawValue)
        }
        return names
    }

    /// The figure a curve of the stage is drawn from.
    var headline: Float? {
        metrics[stage.headline] ?? (stage == .sovits ? metrics[.total] : nil)
    }

    var isValidation: Bool { Metric.heldOut.contains { metrics[$0] != nil } }
}

extension ExchangeFigures {
    fileprivate var json: String {
        "{\"processes\":\(processes),\"gradientBytes\":\(gradientBytes),\"gradientSeconds\":\(gradientSeconds),"
            + "\"waitedSeconds\":\(waitedSeconds),\"stops\":\(stops),\"stopSeconds\":\(stopSeconds)}"
    }
}
