import TerminalKit

/// Why a theme cannot be used.
package enum ThemeError: Error, Equatable, CustomStringConvertible {
    case notFound(String, known: [String])
    case unreadable(path: String, reason: String)
    case malformed(file: String, line: Int, problem: String)

    package var description: String {
        switch self {
        case .notFound(let name, let known):
            "There is no theme named \"\(name)\"; there are \(known.joined(separator: ", "))."
        case .unreadable(let path, let reason): "The theme file \(path) cannot be read: \(reason)."
        case .malformed(let file, let line, let problem): "Theme \(file), line \(line): \(problem)."
        }
    }
}

/// Reads a theme: the part of TOML that themes need, which is sections and `name = "text"`.
package enum ThemeFile {
    private static let ansiNames = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]
    private static let attributeNames: [String: TextAttributes] = [
        "bold": .bold, "dim": .dim, "reverse": .reverse, "underline": .underline,
    ]

    /// - Parameter file: the name that errors give.
    /// - Throws: `ThemeError.malformed` with the line that is wrong.
    package static func parse(_ text: String, file: String) throws -> Theme {
        var theme = Theme(name: file, colors: [:])
        var section = ""
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            func wrong(_ problem: String) -> ThemeError { .malformed(file: file, line: index + 1, problem: problem) }
            let line = raw.drop { $0.isWhitespace }
            if line.isEmpty || line.first == "#" { continue }
            if line.first == "[" {
                guard let end = line.firstIndex(of: "]") else { throw wrong("a section needs a closing bracket") }
                section = String(line[line.index(after: line.startIndex)..<end])
                guard ["colors", "ansi", "mono"].contains(section) else {
                    throw wrong("there is no section [\(section)]; there are [colors], [ansi] and [mono]")
                }
                continue
            }
            guard let (key, value) = keyAndValue(line) else { throw wrong("expected name = \"value\"") }
            if section.isEmpty {
                guard key == "name" else { throw wrong("\"\(key)\" stands before any section; only name may") }
                theme.name = value
                continue
            }
            guard let role = ColorRole.allCases.first(where: { $0.name == key }) else {
                throw wrong("\"\(key)\" is not a colour of the studio")
            }
            try set(value, section: section, role: role, in: &theme, wrong: wrong)
        }
        return theme
    }

    private static func keyAndValue(_ line: Substring) -> (String, String)? {
        guard let equals = line.firstIndex(of: "=") else { return nil }
        let key = line[..<equals].filter { !$0.isWhitespace }
        let rest = line[line.index(after: equals)...].drop { $0.isWhitespace }
        guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else { return nil }
        let after = rest[rest.index(after: end)...].drop { $0.isWhitespace }
        guard after.isEmpty || after.first == "#" else { return nil }
        return (key, String(rest[rest.index(after: rest.startIndex)..<end]))
    }

    private static func set(
        _ value: String, section: String, role: ColorRole, in theme: inout Theme, wrong: (String) -> ThemeError
    ) throws {
        var color = theme[role]
        switch section {
        case "colors":
            guard value.first == "#", value.count == 7, let rgb = UInt32(value.dropFirst(), radix: 16) else {
                throw wrong("\"\(value)\" is not a colour; write #rrggbb")
            }
            color.rgb = rgb
        case "ansi":
            let isBright = value.hasPrefix("bright ")
            guard let index = ansiNames.firstIndex(of: isBright ? String(value.dropFirst(7)) : value) else {
                throw wrong("\"\(value)\" is not one of the sixteen; write e.g. blue or bright blue")
            }
            color.ansi = index + (isBright ? 8 : 0)
        default:
            for word in value.split(separator: " ") {
                guard let attribute = attributeNames[String(word)] else {
                    throw wrong("\"\(word)\" is none of bold, dim, reverse and underline")
                }
                color.mono.insert(attribute)
            }
        }
        theme.colors[role] = color
    }
}
