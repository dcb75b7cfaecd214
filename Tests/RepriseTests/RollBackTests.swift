import Foundation
import Testing

extension ProgramTests {
    @Suite struct RollBackTests {
        @Test func goingBackGivesTheSameStepsOnANewBranch() async throws {
            let voice = try TestVoice()
            let first = try await voice.train(to: 40)
            let before = try voice.contents(except: [
                "checkpoints/HEAD", "checkpoints/.reserve", "checkpoints/verified.json", "journal.sqlite",
                "journal.sqlite-wal",
                "journal.sqlite-shm",
            ])

            let restored = try await voice.run("checkpoints", voice.path, "restore", "main/g_0000020")
            #expect(restored.code == 0 && restored.errors == "")
            #expect(restored.output == "Training goes on from main/g_0000020 as branch-1; nothing was deleted.\n")
            let second = try await voice.train(to: 40)
            #expect(second.errors.contains("resumed from main/g_0000020"))

            // Step for step the same, under another name.
            let repeated = first.outputLines.suffix(20).map {
                $0.replacing("{\"branch\":\"main\",", with: "{\"branch\":\"branch-1\",")
            }
            expectSameLines(second.outputLines.map(TestVoice.withoutSeconds), repeated.map(TestVoice.withoutSeconds))
            expectSameLines(try await voice.journal(branch: "branch-1"), repeated.map(TestVoice.withoutSeconds))
            expectSameBytes(try voice.state("branch-1/g_0000040"), try voice.state("main/g_0000040"))

            // What was there stays there.
            let after = try voice.contents()
            let changed = before.keys.filter { before[$0] != after[$0] }
            #expect(changed.sorted() == [])
            expectSameLines(try await voice.journal(), first.outputLines.map(TestVoice.withoutSeconds))
            #expect(try voice.manifest("branch-1/g_0000030")["parent"] as? String == "main/g_0000020")
            try await voice.expectSound()
        }
    }
}
