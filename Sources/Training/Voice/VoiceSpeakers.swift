import Checkpoint
import Foundation

/// Who speaks which clip of a voice of several speakers: speakers.csv (id|speaker). Clips that it does not name, and all
/// clips of a voice without it, are of one speaker without a name.
package enum VoiceSpeakers {
    package static let fileName = "speakers.csv"
    /// With fewer speakers none is held out: that would say little, and take too much.
    package static let fewest = 10

    /// Speakers by clip.
    /// - Throws: `VoiceError.unreadable`, `.malformedTranscript`.
    static func read(_ directory: URL) throws -> [String: String] {
        let url = directory.appendingPathComponent(fileName)
        var speakers: [String: String] = [:]
        for (number, line) in try ClipOverrides.lines(url) {
            let fields = line.split(separator: "|", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard fields.count == 2, !fields[1].isEmpty else {
                throw VoiceError.malformedTranscript(file: url.path, line: number, problem: "id|speaker is expected")
            }
            speakers[fields[0]] = fields[1]
        }
        return speakers
    }

    /// The file that names them.
    static func text(_ speakers: [(id: String, speaker: String)]) -> String {
        speakers.filter { !$0.speaker.isEmpty }.map { "\($0.id)|\($0.speaker)\n" }.joined()
    }

    /// The speakers that never train: of ten or more those whose name's hash falls into `share`, and at least two. That of
    /// a speaker does not depend on who else there is, so that others may join without changing sides.
    static func heldOut(of speakers: [String], share: Double) -> Set<String> {
        guard speakers.count >= fewest else { return [] }
        let places = speakers.map { (name: $0, place: place(of: $0)) }.sorted {
            ($0.place, $0.name) < ($1.place, $1.name)
        }
        let count = max(2, places.count { $0.place < share })
        return Set(places.prefix(count).map(\.name))
    }

    /// 0 ..< 1, of a name's XXH3-128.
    private static func place(of name: String) -> Double {
        let digits = Digest(of: name).description.filter(\.isHexDigit).prefix(8)
        return Double(UInt32(digits, radix: 16) ?? 0) / 4_294_967_296
    }
}

extension Voice {
    /// "12 of 120 speakers are held out …", for a voice that holds some out; nil otherwise.
    package var heldOutSpeakersSentence: String? {
        guard !heldOutSpeakers.isEmpty else { return nil }
        let names = heldOutSpeakers.sorted()
        return "\(names.count) of \(speakers.count) speakers are held out and never train: "
            + names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
    }
}
