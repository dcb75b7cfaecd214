import Foundation

/// Where voices live: a path, else a name under $XDG_DATA_HOME/reprise.
package struct VoiceLocation: Sendable {
    /// $XDG_DATA_HOME/reprise, by default ~/.local/share/reprise.
    package let home: URL

    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        // The XDG specification has relative paths ignored.
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
            home = URL(fileURLWithPath: data, isDirectory: true).appendingPathComponent("reprise")
        } else {
            let user = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
            home = URL(fileURLWithPath: user, isDirectory: true).appendingPathComponent(".local/share/reprise")
        }
    }

    /// The folder of an existing voice.
    /// - Throws: `VoiceError.noSuchVoice`, `.notAVoice`.
    package func find(_ reference: String) throws -> URL {
        let path = URL(fileURLWithPath: Self.expanded(reference), isDirectory: true).standardizedFileURL
        var looked = [path.path]
        var folderWithoutVoice: URL?
        for candidate in Self.isPath(reference) ? [path] : [path, home.appendingPathComponent(reference)] {
            if candidate != path { looked.append(candidate.path) }
            guard !reference.isEmpty, Self.isFolder(candidate) else { continue }
            if FileManager.default.fileExists(atPath: candidate.appendingPathComponent("voice.toml").path) {
                return candidate
            }
            folderWithoutVoice = folderWithoutVoice ?? candidate
        }
        if let folderWithoutVoice { throw VoiceError.notAVoice(folder: folderWithoutVoice.path) }
        throw VoiceError.noSuchVoice(reference, lookedIn: looked)
    }

    /// The folder a new voice is to have.
    /// - Throws: `VoiceError.invalidName`.
    package func place(_ reference: String) throws -> URL {
        let url =
            Self.isPath(reference)
            ? URL(fileURLWithPath: Self.expanded(reference), isDirectory: true).standardizedFileURL
            : home.appendingPathComponent(reference)
        let name = url.lastPathComponent
        let isPlain = name.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil || " -_.+()'".unicodeScalars.contains($0)
                || $0.properties.generalCategory == .nonspacingMark || $0.properties.generalCategory == .spacingMark
        }
        guard !reference.isEmpty, !name.isEmpty, !name.hasPrefix("."), isPlain, name.utf8.count <= 200 else {
            throw VoiceError.invalidName(reference)
        }
        return url
    }

    private static func isPath(_ reference: String) -> Bool {
        reference.contains("/") || reference.hasPrefix(".") || reference.hasPrefix("~")
    }

    private static func expanded(_ reference: String) -> String { (reference as NSString).expandingTildeInPath }

    static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
