import Foundation
import TerminalKit
import Training

/// How figures are written on the screen.
package enum Wording {
    /// "2 h 5 min", "3 min", "40 s"; whole days above two.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e10 else { return "-" }
        let whole = Int(seconds.rounded())
        let (minutes, hours, days) = (whole / 60, whole / 3600, whole / 86_400)
        if days >= 2 { return "\(days) d \(hours % 24) h" }
        if hours > 0 { return "\(hours) h \(minutes % 60) min" }
        return minutes > 0 ? "\(minutes) min" : "\(whole) s"
    }

    /// "now", "12m", "3h", "4d": at most four columns for the first years.
    package static func age(of date: Date, at now: Date) -> String {
        let minutes = Int(max(0, now.timeIntervalSince(date)) / 60)
        if minutes < 1 { return "now" }
        if minutes < 100 { return "\(minutes)m" }
        if minutes < 60 * 48 { return "\(minutes / 60)h" }
        return "\(minutes / 1440)d"
    }

    /// "730 B", "12 MB", "1.2 GB".
    package static func bytes(_ count: Int) -> String {
        var value = Double(max(0, count))
        var unit = 0
        let units = ["B", "kB", "MB", "GB", "TB"]
        while value >= 999.5, unit + 1 < units.count {
            value /= 1000
            unit += 1
        }
        return AxisTicks.plain(value, decimals: unit > 0 && value < 9.95 ? 1 : 0) + " " + units[unit]
    }

    /// "2e-4", "1.87e-4".
    package static func learningRate(_ rate: Double) -> String {
        guard rate > 0, rate.isFinite else { return AxisTicks.plain(rate, decimals: 0) }
        var power = Int(log10(rate).rounded(.down))
        var mantissa = rate / pow(10, Double(power))
        if mantissa >= 9.995 {
            mantissa /= 10
            power += 1
        }
        var digits = AxisTicks.plain(mantissa, decimals: 2)
        while digits.hasSuffix("0") { digits.removeLast() }
        if digits.hasSuffix(".") { digits.removeLast() }
        return "\(digits)e\(power)"
    }

    /// "0.7 %", "42 %".
    package static func percent(_ share: Double) -> String {
        let percent = 100 * max(0, min(1, share))
        return AxisTicks.plain(percent, decimals: percent < 9.95 ? 1 : 0) + " %"
    }

    /// A line that is heavy as far as something is done.
    package static func bar(_ share: Double, columns: Int) -> String {
        let done = max(0, min(columns, Int((share * Double(columns)).rounded(.down))))
        return String(repeating: "━", count: done) + String(repeating: "─", count: columns - done)
    }

    /// "12 steps at risk, saved every 3 min for 0.4 %": what only memory has, and what it costs that it is not more; nil
    /// before the pace of saving is known.
    package static func safety(_ snapshot: TrainingSnapshot) -> String? {
        guard snapshot.safety.interval > 0 else { return nil }
        let count = snapshot.stepsAtRisk
        let risk = snapshot.safety.isSaving ? "saving" : "\(count) step\(count == 1 ? "" : "s") at risk"
        let cost = snapshot.safety.cost.map { " for \(AxisTicks.plain(100 * $0, decimals: 1)) %" } ?? ""
        return "\(risk), saved every \(duration(snapshot.safety.interval))\(cost)"
    }

    /// "189 MB a save, 51 GB free"; nil before both are known.
    package static func diskUse(_ snapshot: TrainingSnapshot) -> String? {
        guard let next = snapshot.safety.nextBytes, let free = snapshot.safety.freeBytes else { return nil }
        return "\(bytes(next)) a save, \(bytes(free)) free"
    }

    /// "2.41 s", "38 ms".
    package static func stepTime(_ seconds: Double) -> String {
        if seconds < 0.1 { return AxisTicks.plain(seconds * 1000, decimals: 0) + " ms" }
        return AxisTicks.plain(seconds, decimals: seconds < 10 ? 2 : 1) + " s"
    }

    /// "3.4 s", "1 min 02 s".
    package static func seconds(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "-" }
        if seconds < 60 { return AxisTicks.plain(seconds, decimals: 1) + " s" }
        let whole = Int(seconds.rounded())
        let rest = whole % 60
        return whole < 3600 ? "\(whole / 60) min \(rest < 10 ? "0" : "")\(rest) s" : duration(seconds)
    }

    /// Hour and minute of a moment.
    package static func clock(_ date: Date, timeZone: TimeZone) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.hour, .minute], from: date)
        func two(_ value: Int?) -> String {
            let text = String(value ?? 0)
            return text.count < 2 ? "0" + text : text
        }
        return two(parts.hour) + ":" + two(parts.minute)
    }

    /// `text`, or its end behind an ellipsis when it does not fit: the end of an ID tells it from others.
    package static func endOf(_ text: String, columns: Int) -> String {
        guard CharacterWidth.columns(of: text) > columns, columns > 1 else { return text }
        return "…" + String(text.suffix(columns - 1))
    }

    /// The name of a figure beside others of its chart.
    package static func name(of figure: Figure) -> String {
        switch figure {
        case .metric(let metric): name(of: metric)
        case .learningRate(let stage), .seconds(let stage): stage == .sovits ? "SoVITS" : stage.rawValue
        }
    }

    package static func shortName(of figure: Figure) -> String {
        if case .metric(let metric) = figure { shortName(of: metric) } else { name(of: figure) }
    }

    /// The name of a figure where nothing else says what it belongs to.
    package static func fullName(of figure: Figure) -> String {
        switch figure {
        case .metric(.generatorGradientNorm): "gradient norm, generator"
        case .metric(.discriminatorGradientNorm): "gradient norm, discriminator"
        case .metric(.priorGradientNorm): "gradient norm, prior"
        case .metric(.speakerGradientNorm): "gradient norm, speakers"
        case .metric(.discriminator): "discriminator loss"
        case .metric(let metric): name(of: metric)
        case .learningRate: "learning rate, \(name(of: figure))"
        case .seconds: "seconds a step, \(name(of: figure))"
        }
    }

    /// The name of a figure.
    package static func name(of metric: Metric) -> String {
        switch metric {
        case .mel: "mel"
        case .kl: "KL"
        case .adversarial: "adversarial"
        case .total: "total"
        case .discriminator: "discriminator"
        case .featureMatching: "feature matching"
        case .commitment: "commitment"
        case .generatorGradientNorm: "generator"
        case .discriminatorGradientNorm: "discriminator"
        case .crossEntropy: "cross-entropy"
        case .topThreeAccuracy: "top-3 accuracy"
        case .priorGradientNorm: "prior"
        case .validationMel: "held-out mel"
        case .validationCrossEntropy: "held-out cross-entropy"
        case .validationTopThree: "held-out top-3"
        case .speakerLoss: "speakers"
        case .speakerAccuracy: "speakers told apart"
        case .speakerGradientNorm: "speakers"
        case .validationSpeakerError: "held-out speakers' error"
        }
    }

    /// The name of what checkpoints are chosen by.
    package static func name(of figure: CheckpointFigure) -> String {
        if let metric = figure.metric { return name(of: metric) }
        switch figure {
        case .characterError: return "character error"
        case .repeats: return "repeats"
        case .skips: return "skipped symbols"
        case .similarity: return "speaker similarity"
        case .mel, .crossEntropy, .topThree: return figure.rawValue
        }
    }

    /// The name of a figure where room is short, as in the log.
    package static func shortName(of metric: Metric) -> String {
        switch metric {
        case .mel: "mel"
        case .kl: "kl"
        case .adversarial: "adv"
        case .total: "total"
        case .discriminator: "disc"
        case .featureMatching: "feat"
        case .commitment: "commit"
        case .generatorGradientNorm: "|g| gen"
        case .discriminatorGradientNorm: "|g| disc"
        case .crossEntropy: "ce"
        case .topThreeAccuracy: "top3"
        case .priorGradientNorm: "|g| prior"
        case .validationMel: "held-out"
        case .validationCrossEntropy: "held-out"
        case .validationTopThree: "held-out top3"
        case .speakerLoss: "speakers"
        case .speakerAccuracy: "told apart"
        case .speakerGradientNorm: "|g| speakers"
        case .validationSpeakerError: "held-out error"
        }
    }
}
