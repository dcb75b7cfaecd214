import Foundation

/// Why a voice folder cannot be made, opened or understood; each description is one sentence.
package enum VoiceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// voice.toml: file, then what is wrong and what is expected.
    case configuration(file: String, problem: String)
    /// Nothing at any of the places looked in.
    case noSuchVoice(String, lookedIn: [String])
    case unreadable(file: String, reason: String)
    /// metadata.csv or a .list: `line` from 1.
    case malformedTranscript(file: String, line: Int, problem: String)
    case missingClip(id: String, file: String, line: Int)
    case duplicateClip(id: String, file: String, line: Int)
    case unknownHeldOut(id: String, file: String)
    /// excluded.txt leaves no clip to train on.
    case everythingExcluded(file: String)
    /// A change of one clip that cannot be made; the problem is a whole sentence without its stop.
    case unusableClip(id: String, problem: String)
    /// `reasons`: why the first unused clips were left, when there were any.
    case tooFewClips(usable: Int, folder: String, reasons: [String])
    /// A folder without voice.toml.
    case notAVoice(folder: String)
    /// `--preset` or `--language` against the base's own.
    case differsFromBase(setting: String, wanted: String, base: String)
    case invalidName(String)
    case destinationExists(String)
    case noTranscripts(folder: String)
    case cannotWrite(path: String, reason: String)
    case cancelled

    package var description: String {
        switch self {
        case .configuration(let file, let problem):
            return "\(file): \(problem)\(problem.hasSuffix("?") ? "" : ".")"
        case .noSuchVoice(let name, let places):
            return "There is no voice \"\(name)\" (looked for \(places.joined(separator: " and "))); make one with "
                + "\"reprise new \(Self.plainName(name)) --from DIR\"."
        case .unreadable(let file, let reason):
            return "\(file) cannot be read: \(reason)."
        case .malformedTranscript(let file, let line, let problem):
            return "\(file), line \(line): \(problem)."
        case .missingClip(let id, let file, let line):
            return
                "\(file), line \(line): the recording of \"\(id)\" is not in the clips folder; put it back or delete "
                + "the line."
        case .duplicateClip(let id, let file, let line):
            return "\(file), line \(line): the id \"\(id)\" stands there a second time; every clip needs its own."
        case .unknownHeldOut(let id, let file):
            return "\(file): [data] held_out names \"\(id)\", which is not in metadata.csv; take it out of the list."
        case .everythingExcluded(let file):
            return "\(file) leaves no clip to train on; take at least one out of it."
        case .unusableClip(let id, let problem):
            return "Clip \(id): \(problem)."
        case .tooFewClips(let usable, let folder, let reasons):
            let why = reasons.isEmpty ? "" : " (not used: \(reasons.joined(separator: "; ")))"
            return
                "\(folder) has \(usable == 0 ? "no" : "only \(usable)") usable \(usable == 1 ? "clip" : "clips")\(why), "
                + "and training needs at least 2; add recordings with transcripts."
        case .notAVoice(let folder):
            return "\(folder) has no voice.toml, so it is not a voice; make one of its recordings with "
                + "\"reprise new NAME --from DIR\"."
        case .differsFromBase(let setting, let wanted, let base):
            return
                "The base's \(setting) is \"\(base)\" and cannot become \"\(wanted)\"; leave --\(setting) out or choose "
                + "another base."
        case .invalidName(let name):
            return "\"\(name)\" cannot be a voice's name; use letters, digits, spaces, \"-\" and \"_\", not beginning "
                + "with a point."
        case .destinationExists(let path):
            return "\(path) exists already; choose another name or move it away."
        case .noTranscripts(let folder):
            return "\(folder) has no transcripts; put a metadata.csv (id|text) or a GPT-SoVITS .list "
                + "(path|speaker|language|text) there."
        case .cannotWrite(let path, let reason):
            return "\(path) cannot be written: \(reason)."
        case .cancelled:
            return "The import was stopped and left nothing behind."
        }
    }

    private static func plainName(_ name: String) -> String {
        name.contains("/") ? "NAME" : name
    }
}
