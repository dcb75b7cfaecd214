import Foundation
import TerminalKit

/// Finds themes by name: in a themes folder of the working directory, beside the executable or where it is installed,
/// else among the built-in ones.
package struct ThemeLibrary: Sendable {
    /// Folders to look in, the first one wins.
    package var folders: [URL]

    package init(folders: [URL]) { self.folders = folders }

    /// The folders of this program.
    package static var standard: ThemeLibrary {
        let working = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        var folders = [working.appendingPathComponent("themes")]
        if let executable = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent() {
            folders.append(executable.appendingPathComponent("themes"))
            folders.append(executable.deletingLastPathComponent().appendingPathComponent("share/reprise/themes"))
        }
        return ThemeLibrary(folders: folders)
    }

    /// The folders where a file may change what is shown: those that are there, and the one of a file given by its path.
    package func folders(of name: String) -> [URL] {
        let own = name.hasSuffix(".toml") ? [URL(fileURLWithPath: name).deletingLastPathComponent()] : []
        return own + folders
    }

    /// All names there are, sorted.
    package var names: [String] {
        let found = folders.flatMap { folder in
            let files =
                (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
            return files.filter { $0.pathExtension == "toml" }.map { $0.deletingPathExtension().lastPathComponent }
        }
        return Set(found + BuiltInThemes.files.map(\.name)).sorted()
    }

    /// - Parameter name: the name of a theme, or the path of a file.
    /// - Throws: `ThemeError`, one sentence.
    package func theme(named name: String) throws -> Theme {
        if name.hasSuffix(".toml") { return try read(URL(fileURLWithPath: name)) }
        for folder in folders where !name.contains("/") {
            let file = folder.appendingPathComponent(name + ".toml")
            if FileManager.default.fileExists(atPath: file.path) { return try read(file) }
        }
        guard let builtIn = BuiltInThemes.files.first(where: { $0.name == name }) else {
            throw ThemeError.notFound(name, known: names)
        }
        return try ThemeFile.parse(builtIn.text, file: name)
    }

    private func read(_ file: URL) throws -> Theme {
        let text: String
        do {
            text = try String(contentsOf: file, encoding: .utf8)
        } catch {
            let reason =
                FileManager.default.fileExists(atPath: file.path) ? "it is not UTF-8 text" : "there is no such file"
            throw ThemeError.unreadable(path: file.path, reason: reason)
        }
        return try ThemeFile.parse(text, file: file.lastPathComponent)
    }
}
