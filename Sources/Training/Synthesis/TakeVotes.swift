import Checkpoint
import Foundation

/// What someone preferred of two takes of the same sentence without knowing which was which.
package struct TakeVote: Sendable, Codable, Equatable {
    package enum Choice: String, Sendable, Codable {
        case first, second, neither
    }

    /// One of the two, by the name of its file in takes/ and its checkpoint.
    package struct Side: Sendable, Codable, Hashable {
        package var take: String
        package var checkpoint: String

        package init(take: String, checkpoint: String) {
            self.take = take
            self.checkpoint = checkpoint
        }
    }

    package var date: Date
    package var text: String
    /// In the order they were offered: A, B.
    package var first: Side
    package var second: Side
    package var choice: Choice

    package init(date: Date, text: String, first: Side, second: Side, choice: Choice) {
        self.date = date
        self.text = text
        self.first = first
        self.second = second
        self.choice = choice
    }

    /// The checkpoint that was preferred; nil when neither was.
    package var winner: String? {
        switch choice {
        case .first: first.checkpoint
        case .second: second.checkpoint
        case .neither: nil
        }
    }
}

/// How a checkpoint did in blind comparisons with others.
package struct VoteStanding: Sendable, Equatable {
    package var checkpoint: String
    package var wins = 0
    package var losses = 0
    package var draws = 0

    package var votes: Int { wins + losses + draws }

    /// The best first: by the share of wins, a draw being half of one, with a win and a loss added to each, so that one
    /// lucky vote does not lead.
    package static func table(_ votes: [TakeVote]) -> [VoteStanding] {
        var found: [String: VoteStanding] = [:]
        for vote in votes where vote.first.checkpoint != vote.second.checkpoint {
            for side in [vote.first, vote.second] {
                var standing = found[side.checkpoint] ?? VoteStanding(checkpoint: side.checkpoint)
                switch vote.winner {
                case nil: standing.draws += 1
                case side.checkpoint: standing.wins += 1
                default: standing.losses += 1
                }
                found[side.checkpoint] = standing
            }
        }
        return found.values.sorted { ($0.score, $1.checkpoint) > ($1.score, $0.checkpoint) }
    }

    private var score: Double { (Double(wins) + Double(draws) / 2 + 1) / Double(votes + 2) }
}

/// The votes of a voice, one JSON object a line in takes/votes.jsonl.
package struct VoteFile: Sendable {
    package let url: URL
    private let fileSystem: FileSystem

    package init(url: URL, fileSystem: FileSystem = FileSystem()) {
        self.url = url
        self.fileSystem = fileSystem
    }

    /// The oldest first; lines that are no vote are passed over, and kept in the file.
    package func votes() throws -> [TakeVote] {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try bytes().split(separator: UInt8(ascii: "\n")).compactMap {
            try? decoder.decode(TakeVote.self, from: Data($0))
        }
    }

    /// Adds a vote; it is on the disk when this returns, and after a power cut there are all votes or all but this one.
    ///
    /// - Throws: `FileSystemError`.
    package func append(_ vote: TakeVote) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        var all = try bytes()
        if let last = all.last, last != UInt8(ascii: "\n") { all.append(UInt8(ascii: "\n")) }
        all += try encoder.encode(vote) + [UInt8(ascii: "\n")]
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try fileSystem.replaceFile(url.path, with: all)
    }

    private func bytes() throws -> [UInt8] {
        guard FileManager.default.fileExists(atPath: url.path) else { return [] }
        return [UInt8](try Data(contentsOf: url))
    }
}
