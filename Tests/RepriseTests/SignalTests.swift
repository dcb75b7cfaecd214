import Foundation
import Testing

extension ProgramTests {
    @Suite struct SignalTests {
        @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func aSignalSavesThenEnds(signal: Int32) async throws {
            let voice = try TestVoice(["autosave_steps": "1000"])
            let program = try voice.start("train", voice.path, "--json")
            try await program.whileRunning("step 3", thenSend: signal) { program.lastStep >= 3 }
            let stopped = try await program.finished()
            #expect(stopped.code == 128 + signal)
            let newest = try #require(voice.checkpoints.last)
            #expect(voice.checkpoints.count == 1)
            #expect(Int(newest.suffix(7)) == stopped.outputLines.count, "every step that was shown is kept")
            #expect(try voice.manifest(newest)["reason"] as? String == "signal")
            #expect(stopped.errorLines.contains("Saved \(newest) (signal)"))
            try await voice.expectSound(newest)

            let resumed = try await voice.train(to: stopped.outputLines.count + 1)
            #expect(resumed.outputLines.count == 1)
            #expect(resumed.errorLines.first == "resumed from \(newest)")
        }

        @Test func aSecondInterruptDoesNotWaitForTheStep() async throws {
            // All clips at once at `nano`: a step that lasts for seconds.
            let voice = try TestVoice(["preset": "\"nano\"", "batch_size": "14"])
            let program = try voice.start("train", voice.path, "--json")
            try await program.whileRunning("the first step") { program.errors.contains("Training slt from step 0\n") }
            // Two that come close together may count as one.
            try await waitUntil("an interrupt has ended it") {
                program.send(SIGINT)
                return program.poll() != nil
            }
            let ended = try await program.finished()
            #expect(ended.code == 128 + SIGINT)
            #expect(ended.output == "" && voice.checkpoints.isEmpty)
        }

        @Test func aStepThatOutlastsThePatienceIsGivenUp() async throws {
            let voice = try TestVoice(["preset": "\"nano\"", "batch_size": "14"])
            try voice.editSettings {
                $0.replacing("\nbatch_size = 14\n", with: "\nbatch_size = 14\nstop_seconds = 0.1\n")
            }
            let program = try voice.start("train", voice.path, "--json")
            try await program.whileRunning("the first step", thenSend: SIGTERM) {
                program.errors.contains("Training slt from step 0\n")
            }
            let ended = try await program.finished()
            #expect(ended.code == 128 + SIGTERM)
            #expect(
                ended.errorLines.last
                    == "Left in the middle of step 1: nothing was saved yet, 0 steps will be done again")
        }

        @Test func aSecondInterruptLeavesOnlyWholeCheckpoints() async throws {
            let voice = try TestVoice()
            let program = try voice.start("train", voice.path, "--json")
            try await program.whileRunning("the first save and step 12", thenSend: SIGINT) {
                program.errors.contains("Saved main/g_0000010 ") && program.lastStep >= 12
            }
            let branch = voice.url.appendingPathComponent("checkpoints/main").path
            try await program.whileRunning("the save has begun", thenSend: SIGINT) {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: branch)) ?? []
                return names.contains { $0.hasPrefix(".") } || names.count > 1 || program.poll() != nil
            }
            #expect(try await program.finished().code == 128 + SIGINT)
            // Whether the save was done by then or not: nothing that counts as a checkpoint is half a checkpoint.
            #expect(voice.checkpoints.first == "main/g_0000010")
            try await voice.expectSound()
            let resumed = try await voice.train(to: 30)
            #expect(!resumed.errors.contains("damaged") && !resumed.errors.contains("came out differently"))
            #expect(try await voice.journal().count == 30)
        }
    }
}
