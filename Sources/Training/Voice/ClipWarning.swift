import Foundation

/// What is odd about a clip, and what it does to training.
package enum ClipWarning: Sendable, Equatable {
    /// The file cannot be read: one sentence.
    case unreadable(String)
    /// Its text gives no symbols: one sentence.
    case unsayable(String)
    /// Hz.
    case sampleRate(found: Int, wanted: Int)
    /// Seconds.
    case tooShort(Double)
    case tooLong(Double)
    case silent
    /// Share of samples at full scale.
    case clipped(Double)
    case unknownCharacters([Character])
    /// Sounds a second.
    case speechRate(Double)
    /// dB below full scale.
    case level(Double)
    /// Seconds of silence before or after the speech.
    case silence(Double)

    /// True when training cannot begin with such a clip.
    package var stopsTraining: Bool {
        switch self {
        case .unreadable, .unsayable, .sampleRate, .tooShort: true
        case .tooLong, .silent, .clipped, .unknownCharacters, .speechRate, .level, .silence: false
        }
    }

    /// A word or two for a list.
    package var short: String {
        switch self {
        case .unreadable: "unreadable"
        case .unsayable: "no symbols"
        case .sampleRate: "wrong rate"
        case .tooShort: "too short"
        case .tooLong: "too long"
        case .silent: "silent"
        case .clipped: "clipped"
        case .unknownCharacters: "unknown letters"
        case .speechRate(let rate): rate < 8 ? "slow" : "fast"
        case .level(let level): level < Self.commonLevel ? "quiet" : "loud"
        case .silence: "silence"
        }
    }

    /// One sentence.
    package var sentence: String {
        switch self {
        case .unreadable(let sentence), .unsayable(let sentence): return sentence
        case .sampleRate(let found, let wanted):
            return "Its sample rate is \(found) Hz where the voice has \(wanted) Hz; import it again."
        case .tooShort(let seconds):
            return String(
                format: "It lasts %.2f s, less than the %.1f s that training needs; exclude it.", seconds, 0.8)
        case .tooLong(let seconds):
            return String(format: "It lasts %.1f s, more than 20 s: a step with it takes long; cut it in two.", seconds)
        case .silent: return "It is silent; exclude it or record it again."
        case .clipped(let share):
            return String(format: "%.1f %% of it is clipped, which the voice will learn; record it again.", share * 100)
        case .unknownCharacters(let characters):
            let names = characters.map { "\"\($0)\"" }.joined(separator: ", ")
            return "Its text has \(names), which has no symbol and is left out; write it in words."
        case .speechRate(let rate):
            return String(format: "%.1f sounds a second: its text does not fit its length; listen to it.", rate)
        case .level(let level):
            return String(
                format: "It is at %.0f dB where an import brings clips to %.0f dB.", level, Self.commonLevel)
        case .silence(let seconds):
            return String(format: "%.1f s of silence stand before or after the speech.", seconds)
        }
    }

    /// The loudness that an import gives every clip, in dB below full scale.
    package static let commonLevel = -23.0
}
