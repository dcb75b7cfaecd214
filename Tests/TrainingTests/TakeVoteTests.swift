import Foundation
import Testing
import Training

/// Votes outlive the studio.
@Suite struct TakeVoteTests {
    private func vote(_ choice: TakeVote.Choice, minute: Double = 0) -> TakeVote {
        TakeVote(
            date: Date(timeIntervalSince1970: 1_750_000_000 + 60 * minute), text: "「日本語」\nand two lines.",
            first: .init(take: "1.wav", checkpoint: "main/g_0000040"),
            second: .init(take: "2.wav", checkpoint: "main/g_0000080"), choice: choice)
    }

    @Test func votesAreKeptInTheirOrderOneALine() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("votes-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = VoteFile(url: folder.appendingPathComponent("takes/votes.jsonl"))
        #expect(try file.votes().isEmpty)
        let votes = [vote(.first), vote(.neither, minute: 1), vote(.second, minute: 2)]
        for vote in votes { try file.append(vote) }
        #expect(try file.votes() == votes)
        #expect(try file.votes().map(\.winner) == ["main/g_0000040", nil, "main/g_0000080"])
        let text = try String(contentsOf: file.url, encoding: .utf8)
        #expect(text.hasSuffix("\n") && text.split(separator: "\n").count == 3)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("takes").path).count == 1)
    }

    @Test func aLineThatIsNoVoteIsPassedOverAndKept() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("votes-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = VoteFile(url: folder.appendingPathComponent("votes.jsonl"))
        // A note by hand, without an end of the line.
        try Data("// mine".utf8).write(to: file.url)
        try file.append(vote(.second))
        #expect(try file.votes() == [vote(.second)])
        #expect(try String(contentsOf: file.url, encoding: .utf8).hasPrefix("// mine\n{"))
    }
}
