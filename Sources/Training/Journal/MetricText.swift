/// Figures as one JSON object whose numbers give back the same bits.
///
/// A finite Float is written with the fewest digits that read back as itself; JSON has no others, so they are strings:
/// `"inf"`, `"-inf"`, and `"nan:7fc00000"` with the bits.
enum MetricText {
    static func encode(_ metrics: [Metric: Float]) -> String {
        let members = metrics.map { (name: $0.key.rawValue, value: $0.value) }.sorted { $0.name < $1.name }
        return "{" + members.map { "\"\($0.name)\":\(number($0.value))" }.joined(separator: ",") + "}"
    }

    static func number(_ value: Float) -> String {
        if value.isFinite { return "\(value)" }
        if value.isNaN { return "\"nan:\(String(value.bitPattern, radix: 16))\"" }
        return value < 0 ? "\"-inf\"" : "\"inf\""
    }

    /// nil for text that `encode` does not write. Names this version does not know are passed over.
    static func decode(_ text: String) -> [Metric: Float]? {
        guard text.first == "{", text.last == "}", text.count >= 2 else { return nil }
        var metrics: [Metric: Float] = [:]
        for member in text.dropFirst().dropLast().split(separator: ",") {
            guard let end = member.dropFirst().firstIndex(of: "\""), member.first == "\"" else { return nil }
            let name = member[member.index(after: member.startIndex)..<end]
            let rest = member[member.index(after: end)...]
            guard rest.first == ":", let value = value(rest.dropFirst()) else { return nil }
            if let metric = Metric(rawValue: String(name)) { metrics[metric] = value }
        }
        return metrics
    }

    private static func value(_ text: Substring) -> Float? {
        guard text.first == "\"" else { return Float(text) }
        let word = text.dropFirst().dropLast()
        if word == "inf" { return .infinity }
        if word == "-inf" { return -.infinity }
        guard word.hasPrefix("nan:"), let bits = UInt32(word.dropFirst(4), radix: 16) else { return nil }
        return Float(bitPattern: bits)
    }
}
