import Foundation

extension VoiceConfiguration {
    /// voice.toml with a comment above every key. Reading it gives an equal configuration.
    package var toml: String {
        var lines = [
            "# A voice of Reprise. Change what you like; a wrong key or value is named when the voice is opened."
        ]
        for section in VoiceSetting.sections {
            let entries = VoiceSetting.all.filter { $0.section == section.name }.compactMap { setting in
                setting.read(self).map { (setting, $0) }
            }
            guard !entries.isEmpty else { continue }
            lines += ["", "# \(section.meaning)", "[\(section.name)]"]
            for (setting, value) in entries {
                lines += ["# \(setting.meaning)\(Self.rangeNote(setting))", "\(setting.key) = \(Self.literal(value))"]
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func rangeNote(_ setting: VoiceSetting) -> String {
        switch setting.kind {
        case .integer(let range): return " From \(range.lowerBound) to \(range.upperBound)."
        case .number(let range):
            return " From \(VoiceSetting.format(range.lowerBound)) to \(VoiceSetting.format(range.upperBound))."
        default: return ""
        }
    }

    static func literal(_ value: VoiceSetting.Value) -> String {
        switch value {
        case .integer(let number): return "\(number)"
        case .number(let number): return VoiceSetting.format(number)
        case .text(let text): return quoted(text)
        case .list(let texts): return "[\(texts.map(quoted).joined(separator: ", "))]"
        }
    }

    /// A TOML basic string.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    result += String(format: "\\u%04X", scalar.value)
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
