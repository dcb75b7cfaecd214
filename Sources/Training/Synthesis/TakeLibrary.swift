import Audio
import Checkpoint
import Foundation
import Tensor

/// A voice's takes: each a WAV and, beside it, a JSON with all that made it.
package struct TakeLibrary: Sendable {
    private let directory: URL
    private let voiceName: String

    package init(_ voice: Voice) {
        directory = voice.takesDirectory
        voiceName = voice.name
    }

    /// What was preferred of two takes.
    package var votes: VoteFile { VoteFile(url: directory.appendingPathComponent("votes.jsonl")) }

    /// Writes a take and returns it with its path, whose name is made unique by a number.
    package func save(
        _ waveform: Waveform, text: String, weights: WeightsImage, seed: UInt64, source: String,
        reference: String? = nil, sampling: AuditionSampling? = nil, priorWeights: WeightFormat = .float32,
        to requested: URL? = nil
    ) throws -> Take {
        let url: URL
        if let requested {
            url = requested
        } else {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            url = try Self.freeURL(in: directory, stem: weights.label.replacingOccurrences(of: "/", with: "_"))
        }
        let take = Take(
            path: url.path, text: text, checkpoint: weights.label, step: weights.step, seed: seed, source: source,
            date: Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down)),
            sampleRate: waveform.sampleRate,
            sampleCount: waveform.samples.count, reference: reference, sampling: sampling)
        let origin = AudioFile.Origin(
            text: text, voice: voiceName,
            comment: AudioFile.Origin.comment(
                voice: voiceName, checkpoint: weights.label, weights: priorWeights, seed: seed, source: source))
        try AudioFile.write(waveform, to: url, origin: origin)
        if requested == nil {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            encoder.dateEncodingStrategy = .iso8601
            try encoder.encode(take).write(
                to: url.deletingPathExtension().appendingPathExtension("json"), options: .atomic)
        }
        return take
    }

    /// All that were kept, the newest last; one whose sound or description is gone is passed over.
    package func takes() throws -> [Take] {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard FileManager.default.fileExists(atPath: directory.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
            .compactMap { url in
                guard let data = try? Data(contentsOf: url), var take = try? decoder.decode(Take.self, from: data)
                else { return nil }
                // Where it stands now: a voice's folder may have been moved.
                take.path = url.deletingPathExtension().appendingPathExtension("wav").path
                return FileManager.default.fileExists(atPath: take.path) ? take : nil
            }
            .sorted { ($0.date, $0.step, Self.number(of: $0)) < ($1.date, $1.step, Self.number(of: $1)) }
    }

    /// That which makes a name unique: takes of one second and step are in its order.
    private static func number(of take: Take) -> Int {
        take.path.dropLast(4).split(separator: "_").last.flatMap { Int($0) } ?? 0
    }

    /// A name that is nobody else's from now on, also where two studios make takes at once.
    package static func freeURL(in directory: URL, stem: String) throws -> URL {
        var number = 1
        while true {
            let url = directory.appendingPathComponent("\(stem)_\(number).wav")
            let descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if descriptor >= 0 {
                close(descriptor)
                return url
            }
            guard errno == EEXIST else { throw FileSystemError(operation: "create", path: url.path, code: errno) }
            number += 1
        }
    }
}

extension AudioFile.Origin {
    /// What a synthesized file says of itself; smaller weights than the trained ones are named.
    package static func comment(
        voice: String, checkpoint: String, weights: WeightFormat, seed: UInt64, source: String
    ) -> String {
        let small = weights == .float32 ? "" : "\(weights.rawValue) weights, "
        return "Synthesized by Reprise: voice \(voice), checkpoint \(checkpoint), \(small)seed \(seed), \(source)"
    }
}
