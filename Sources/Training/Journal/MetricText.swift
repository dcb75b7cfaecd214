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
    ///
    /// Byte by byte: curves read some thousand of these at once.
    static func decode(_ text: String) -> [Metric: Float]? {
        var text = text
        return text.withUTF8 { bytes -> [Metric: Float]? in
            guard bytes.count >= 2, bytes.first == UInt8(ascii: "{"), bytes.last == UInt8(ascii: "}") else {
                return nil
            }
            var metrics: [Metric: Float] = [:]
            let quote = UInt8(ascii: "\""), end = bytes.count - 1
            var place = 1
            while place < end {
                guard bytes[place] == quote,
                    let nameEnd = bytes[(place + 1)..<end].firstIndex(of: quote), nameEnd + 1 < end,
                    bytes[nameEnd + 1] == UInt8(ascii: ":")
                else { return nil }
                let valueStart = nameEnd + 2
                let valueEnd = bytes[valueStart..<end].firstIndex(of: UInt8(ascii: ",")) ?? end
                guard let value = value(bytes[valueStart..<valueEnd]) else { return nil }
                let name = String(decoding: bytes[(place + 1)..<nameEnd], as: UTF8.self)
                if let metric = Metric(rawValue: name) { metrics[metric] = value }
                // A comma promises another member.
                if valueEnd + 1 == end { return nil }
                place = valueEnd + 1
            }
            return metrics
        }
    }

    private static func value(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Float? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.first == UInt8(ascii: "\"") else { return Float(text) }
        let word = text.dropFirst().dropLast()
        if word == "inf" { return .infinity }
        if word == "-inf" { return -.infinity }
        guard word.hasPrefix("nan:"), let bits = UInt32(word.dropFirst(4), radix: 16) else { return nil }
        return Float(bitPattern: bits)
    }
}
