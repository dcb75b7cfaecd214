import Foundation
import Testing

extension ProgramTests {
    /// Sixty steps are the same sixty steps, however often and however rudely they are interrupted.
    @Suite struct DeterminismTests {
        /// The state and the journal of sixty steps without interruption.
        struct SixtySteps: Sendable {
            let state: [String: Data]
            let journal: [String]

            init(_ voice: TestVoice) async throws {
                state = try voice.state("main/g_0000060")
                journal = try await voice.journal()
            }

            /// Trained once for all tests.
            static let straight = Task {
                let voice = try TestVoice()
                try await voice.train(to: 60, "--threads", "2")
                return try await SixtySteps(voice)
            }
        }

        private func expectStraight(_ voice: TestVoice, sourceLocation: SourceLocation = #_sourceLocation) async throws
        {
            let straight = try await SixtySteps.straight.value
            let found = try await SixtySteps(voice)
            #expect(straight.journal.count == 60, sourceLocation: sourceLocation)
            #expect(
                straight.state.keys.filter { $0.hasSuffix(".safetensors") }.count >= 7, sourceLocation: sourceLocation)
            expectSameBytes(straight.state, found.state, sourceLocation: sourceLocation)
            expectSameLines(straight.journal, found.journal, sourceLocation: sourceLocation)
        }

        enum Stage: String, CaseIterable {
            case sovits, prior

            /// The default schedule trains the prior in every fourth step.
            init(ofStep step: Int) { self = step % 4 == 0 ? .prior : .sovits }
        }

        /// The batch that comes next in the stage's epoch.
        private func place(_ checkpoint: String, _ stage: Stage, in voice: TestVoice) throws -> Int {
            let data = try Data(contentsOf: voice.folder(checkpoint).appendingPathComponent("position.json"))
            let position = try JSONSerialization.jsonObject(with: data) as? [String: Any]
            return (position?[stage.rawValue] as? [String: Int])?["batch"] ?? 0
        }

        @Test(arguments: Stage.allCases) func killedInTheMiddleOfAStep(stage: Stage) async throws {
            let voice = try TestVoice()
            let program = try voice.start("train", voice.path, "--steps", "60", "--json")
            var random = SeededNumbers(seed: stage == .prior ? 1 : 2)
            let moment = Int.random(in: 23..<27, using: &random)
            try await program.whileRunning("a \(stage) step after step \(moment)", thenSend: SIGKILL) {
                let last = program.lastStep
                return last >= moment && Stage(ofStep: last + 1) == stage || last >= 45
            }
            let killed = try await program.finished()
            #expect(killed.code == -SIGKILL)
            let newest = try #require(voice.checkpoints.last)
            #expect(newest < "main/g_0000060" && newest >= "main/g_0000020")
            #expect(try place(newest, .sovits, in: voice) > 0, "the kill is meant to fall inside an epoch")

            let resumed = try await voice.train(to: 60)
            #expect(resumed.errors.contains("resumed from \(newest)"))
            #expect(!resumed.errors.contains("came out differently"))
            try await expectStraight(voice)
        }

        @Test func killedWhileSaving() async throws {
            let voice = try TestVoice()
            let program = try voice.start("train", voice.path, "--steps", "60", "--json")
            let branch = voice.url.appendingPathComponent("checkpoints/main").path
            try await program.whileRunning("the save of step 30", thenSend: SIGKILL) {
                guard program.lastStep >= 29 else { return false }
                let names = (try? FileManager.default.contentsOfDirectory(atPath: branch)) ?? []
                return names.contains { $0.hasPrefix(".") } || program.lastStep > 30
            }
            #expect(try await program.finished().code == -SIGKILL)
            try await voice.expectSound()
            try await voice.train(to: 60)
            try await expectStraight(voice)
        }

        @Test func stoppedAndGoneOn() async throws {
            let voice = try TestVoice()
            let first = try await voice.train(to: 23)
            #expect(first.outputLines.count == 23)
            #expect(voice.checkpoints.last == "main/g_0000023")
            let second = try await voice.train(to: 60)
            #expect(second.outputLines.count == 37)
            #expect(second.errors.contains("resumed from main/g_0000023"))
            try await expectStraight(voice)
        }

        @Test func terminatedAndGoneOn() async throws {
            let voice = try TestVoice()
            let program = try voice.start("train", voice.path, "--steps", "60", "--json")
            try await program.whileRunning("step 33", thenSend: SIGTERM) { program.lastStep >= 33 }
            let stopped = try await program.finished()
            #expect(stopped.code == 128 + SIGTERM)
            let newest = try #require(voice.checkpoints.last)
            // Nothing that was done is done again, unless the signal met a step that was saved anyway.
            #expect(stopped.outputLines.count == Int(newest.suffix(7)))
            if newest != "main/g_0000040" { #expect(try voice.manifest(newest)["reason"] as? String == "signal") }
            try await voice.train(to: 60)
            try await expectStraight(voice)
        }

        @Test func oneThread() async throws {
            let voice = try TestVoice()
            try await voice.train(to: 60, "--threads", "1")
            try await expectStraight(voice)
        }
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
