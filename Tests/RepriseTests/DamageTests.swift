import Foundation
import Testing

extension ProgramTests {
    /// Damaged checkpoints are named and gone round, never trained on and never thrown away.
    @Suite struct DamageTests {
        /// A voice with checkpoints at steps 2 and 4.
        private func trained() async throws -> TestVoice {
            let voice = try TestVoice(["autosave_steps": "2"])
            try await voice.train(to: 4)
            return voice
        }

        @Test func oneFlippedBit() async throws {
            let voice = try await trained()
            let before = try await voice.journal()
            let tensor = try voice.flipLastByte(of: "sovits.safetensors", in: "main/g_0000004")
            let damage = "main/g_0000004 is damaged: sovits.safetensors, tensor \(tensor) does not match its checksum"

            let verified = try await voice.run("checkpoints", voice.path, "verify")
            #expect(verified.code == 1 && verified.errorLines == ["reprise: \(damage)"])
            #expect(verified.outputLines == ["main/g_0000002  sound"])

            let said = try await voice.run("say", voice.path, "Hello there.", "--out", voice.home.path + "/hello.wav")
            #expect(said.code == 0 && said.errorLines == ["resumed from main/g_0000002; \(damage)"])

            let resumed = try await voice.train(to: 6)
            #expect(
                resumed.errorLines.first
                    == "resumed from main/g_0000002; \(damage); what is left of main/g_0000004 was set aside as "
                    + "main/g_0000004.damaged-1; redoing 2 steps of the journal")
            #expect(!resumed.errors.contains("came out differently"))
            #expect(resumed.outputLines.count == 4)
            expectSameLines(before, Array(try await voice.journal().prefix(4)))
            try await voice.expectSound()
        }

        @Test func oneTruncatedFile() async throws {
            let voice = try await trained()
            let file = voice.folder("main/g_0000004").appendingPathComponent("prior.safetensors")
            let size = try Data(contentsOf: file).count
            try voice.truncate("prior.safetensors", in: "main/g_0000004", to: 5000)
            let damage = "main/g_0000004 is damaged: prior.safetensors is truncated: 5000 of \(size) bytes"
            let verified = try await voice.run("checkpoints", voice.path, "verify", "main/g_0000004")
            verified.expectOneSentence(damage)
            let asked = try await voice.run("say", voice.path, "Hello.", "--checkpoint", "main/g_0000004")
            asked.expectOneSentence(damage)
            let restored = try await voice.run("checkpoints", voice.path, "restore", "main/g_0000004")
            restored.expectOneSentence(damage)
            let resumed = try await voice.train(to: 5)
            #expect(resumed.errorLines.first?.hasPrefix("resumed from main/g_0000002; \(damage)") == true)
            try await voice.expectSound("main/g_0000002")
        }

        @Test func allOfThem() async throws {
            let voice = try await trained()
            for id in voice.checkpoints { try voice.truncate("prior.safetensors", in: id, to: 5000) }
            let before = try voice.contents(except: [
                ".lock", "journal.sqlite-shm", "journal.sqlite-wal", "journal.sqlite",
            ])
            let rows = try await voice.journal()
            let refused = try await voice.run("train", voice.path, "--steps", "6", "--json")
            #expect(refused.code == 1 && refused.output == "" && refused.errorLines.count == 1)
            #expect(
                refused.errors.hasPrefix(
                    "reprise: none of the 2 checkpoints in \(voice.path)/checkpoints is sound (main/g_0000004: "
                        + "prior.safetensors is truncated: 5000 of "))
            #expect(refused.errors.hasSuffix("restore the folder from a copy, or move it away to start afresh\n"))
            expectSameBytes(
                before,
                try voice.contents(except: [".lock", "journal.sqlite-shm", "journal.sqlite-wal", "journal.sqlite"]))
            expectSameLines(rows, try await voice.journal())
        }
    }
}
