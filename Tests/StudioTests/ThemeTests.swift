import Foundation
import Studio
import TerminalKit
import Testing

@Suite struct ThemeTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("themes")

    @Test(arguments: BuiltInThemes.files.map(\.name))
    func theBuiltInThemesAreTheFiles(name: String) throws {
        let file = try String(contentsOf: Self.folder.appendingPathComponent(name + ".toml"), encoding: .utf8)
        #expect(BuiltInThemes.files.first { $0.name == name }?.text == file)
        let theme = try ThemeFile.parse(file, file: name)
        #expect(theme.name == name)
        #expect(theme[.selection].mono == .reverse)
        guard name != "mono" else { return }
        for role in ColorRole.allCases { #expect(theme[role].rgb != nil, "\(role) has no colour") }
    }

    /// WCAG's contrast of text on the theme's ground.
    @Test(arguments: ["dark", "light", "okabe-ito"])
    func everyColourCanBeReadOnItsGround(name: String) throws {
        let theme = try ThemeLibrary(folders: []).theme(named: name)
        func luminance(_ role: ColorRole) -> Double {
            let rgb = theme[role].rgb ?? 0
            let parts = [rgb >> 16 & 0xFF, rgb >> 8 & 0xFF, rgb & 0xFF].map { value in
                let level = Double(value) / 255
                return level <= 0.03928 ? level / 12.92 : pow((level + 0.055) / 1.055, 2.4)
            }
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
        }
        func contrast(_ one: ColorRole, _ other: ColorRole) -> Double {
            let (a, b) = (luminance(one), luminance(other))
            return (max(a, b) + 0.05) / (min(a, b) + 0.05)
        }
        for role in ColorRole.allCases where role != .background && role != .selection {
            #expect(contrast(role, .background) >= (role == .text ? 7 : 3), "\(role)")
        }
        #expect(contrast(.text, .selection) >= 7)
    }

    @Test(arguments: [
        ("[colors]\ntext = \"#12345\"", 2, "#rrggbb"), ("[colours]", 1, "[colors]"),
        ("[colors]\nink = \"#000000\"", 2, "ink"),
        ("name = dark", 1, "name = \"value\""), ("[ansi]\ntext = \"pink\"", 2, "pink"),
        ("[mono]\ndim = \"loud\"", 2, "loud"),
        ("text = \"#000000\"", 1, "text"),
    ])
    func aWrongLineIsNamed(text: String, line: Int, word: String) throws {
        let error = try #require(throws: ThemeError.self) { try ThemeFile.parse(text, file: "mine.toml") }
        #expect("\(error)".hasPrefix("Theme mine.toml, line \(line): "))
        #expect("\(error)".contains(word))
    }

    @Test func aFileOfTheSameNameGoesBeforeTheBuiltInOne() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("themes-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("dark.toml")
        try "name = \"mine\"  # a comment\n[colors]\ntext = \"#ABCDEF\"\n".write(
            to: file, atomically: true, encoding: .utf8)
        let library = ThemeLibrary(folders: [folder])
        #expect(try library.theme(named: "dark").name == "mine")
        #expect(try library.theme(named: "dark")[.text].rgb == 0xABCDEF)
        #expect(try library.theme(named: file.path).name == "mine")
        #expect(library.names == ["dark", "light", "mono", "okabe-ito"])
        let error = try #require(throws: ThemeError.self) { try library.theme(named: "neon") }
        #expect("\(error)" == "There is no theme named \"neon\"; there are dark, light, mono, okabe-ito.")
    }
}
