import Foundation

/// What an import used and what it left, and why.
package struct ImportReport: Sendable, Equatable {
    package enum Reason: Sendable, Equatable, CustomStringConvertible {
        case malformedLine(String)
        case missing
        /// Preset v2 hears content as recorded features; there is no such file beside the recording.
        case noFeatures(String)
        case unreadable(String)
        case emptyTranscript
        case unsayable(String)
        case duplicate
        case silent
        /// Share of samples at full scale.
        case clipped(Double)
        /// Seconds after trimming.
        case tooShort(Double)
        case tooLong(Double)
        /// Symbols a second.
        case speechRate(Double)

        package var description: String {
            switch self {
            case .malformedLine(let problem): return problem
            case .missing: return "there is no such recording"
            case .noFeatures(let name): return "its recorded features \(name) are not there"
            case .unreadable(let problem): return "unreadable: \(problem)"
            case .emptyTranscript: return "its transcript is empty"
            case .unsayable(let problem): return "its transcript cannot be read: \(problem)"
            case .duplicate: return "its line stands there a second time"
            case .silent: return "silent"
            case .clipped(let share): return String(format: "clipped: %.1f %% of it is at full scale", share * 100)
            case .tooShort(let seconds):
                return String(format: "%.2f s after trimming, under %.1f s", seconds, ClipLimits.shortest)
            case .tooLong(let seconds):
                return String(format: "%.1f s after trimming, over %.0f s", seconds, ClipLimits.longest)
            case .speechRate(let rate):
                return String(format: "its text does not fit its length: %.1f sounds a second", rate)
            }
        }
    }

    package struct Unused: Sendable, Equatable, CustomStringConvertible {
        /// The clip's id, or "line 7".
        package var id: String
        package var reason: Reason
        package var description: String { "\(id): \(reason)" }
    }

    package struct Used: Sendable, Equatable {
        package var id: String
        /// After trimming.
        package var seconds: Double
    }

    package var name: String
    package var directory: URL
    package var used: [Used] = []
    package var unused: [Unused] = []
    package var heldOut: [String] = []
    /// Sentences on what the user should know besides.
    package var notes: [String] = []

    package var seconds: Double { used.reduce(0) { $0 + $1.seconds } }
    /// Seconds that train the voice.
    package var trainingSeconds: Double {
        used.reduce(0) { heldOut.contains($1.id) ? $0 : $0 + $1.seconds }
    }

    /// Several lines, ready to print.
    package var text: String {
        var lines = [
            "\(name): \(used.count) clips, \(Self.format(seconds)) of speech, in \(directory.path)",
            "  to train on: \(used.count - heldOut.count) clips, \(Self.format(trainingSeconds))",
            "  held out: \(heldOut.isEmpty ? "none" : heldOut.joined(separator: ", "))",
        ]
        if !unused.isEmpty {
            lines.append("  not used: \(unused.count)")
            lines += unused.map { "    \($0)" }
        }
        return (lines + notes.map { "  \($0)" }).joined(separator: "\n")
    }

    private static func format(_ seconds: Double) -> String {
        seconds < 120
            ? String(format: "%.1f s", seconds)
            : String(format: "%d min %02d s", Int(seconds) / 60, Int(seconds) % 60)
    }
}

/// What a clip must be to be trained on.
package enum ClipLimits {
    /// Seconds after trimming.
    package static let shortest = 0.8
    package static let longest = 20.0
    /// Share of samples at full scale in runs.
    package static let clippedShare = 0.001
    /// Sounds a second, silence inside the clip included: slower is not this text, faster cannot be spoken.
    package static let speechRate = 1.5...28.0
}
