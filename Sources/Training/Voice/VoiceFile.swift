import Foundation

/// Changes one setting in the text of a voice.toml and leaves everything else, comments included, as it stands.
package enum VoiceFile {
    /// The text with another value. Should a setting stand there in a form that lines do not show (an inline table, say),
    /// the whole file is written anew.
    ///
    /// - Throws: `VoiceError.configuration` when the file, or the result, is no voice.
    package static func changing(
        _ setting: VoiceSetting, to value: VoiceSetting.Value, in text: String, file: String
    ) throws -> String {
        var wanted = try VoiceConfiguration(toml: text, file: file)
        setting.write(&wanted, value)
        // Rules that join several keys hold for the result as well.
        let anew = wanted.toml
        _ = try VoiceConfiguration(toml: anew, file: file)
        let line = "\(setting.key) = \(VoiceConfiguration.literal(value))"
        let edited = replacingLine(of: setting, with: line, in: text)
        return (try? VoiceConfiguration(toml: edited, file: file)) == wanted ? edited : anew
    }

    private static func replacingLine(of setting: VoiceSetting, with line: String, in text: String) -> String {
        var lines = text.components(separatedBy: "\n")
        func isHeader(_ line: String) -> Bool { line.drop(while: \.isWhitespace).first == "[" }
        guard
            let header = lines.firstIndex(where: {
                let bare = $0.split(separator: "#").first.map(String.init) ?? ""
                return bare.filter { !$0.isWhitespace } == "[\(setting.section)]"
            })
        else {
            while lines.last?.isEmpty == true { lines.removeLast() }
            return (lines + ["", "[\(setting.section)]", line, ""]).joined(separator: "\n")
        }
        let end = lines[(header + 1)...].firstIndex(where: isHeader) ?? lines.count
        let place = lines[header + 1..<end].firstIndex { candidate in
            guard let equals = candidate.firstIndex(of: "=") else { return false }
            return candidate[..<equals].filter { !$0.isWhitespace } == setting.key
        }
        if let place {
            lines[place] = line
        } else {
            var last = end
            while last > header + 1, lines[last - 1].allSatisfy(\.isWhitespace) { last -= 1 }
            lines.insert(contentsOf: ["# \(setting.meaning)", line], at: last)
        }
        return lines.joined(separator: "\n")
    }
}
