import Foundation
import Testing

extension ProgramTests {
    /// Sixty steps are the same sixty steps, on any number of threads, in one run or several.
    @Suite struct DeterminismTests {
        /// The state and the journal of sixty steps without interruption.
        struct SixtySteps: Sendable {
            let state: [String: Data]
            let journal: [String]

            init(_ voice: TestVoice, last: String = "main/g_0000060", steps: Int = 60) async throws {
                state = try voice.state(last)
                journal = try await Array(voice.journal().prefix(steps))
            }

            /// Trained once for all tests; the first forty of them are a checkpoint of their own.
            private static let both = Task {
                let voice = try TestVoice()
                try await voice.train(to: 60, "--threads", "2")
                return try await (sixty: SixtySteps(voice), forty: SixtySteps(voice, last: "main/g_0000040", steps: 40))
            }
            static var straight: SixtySteps { get async throws { try await both.value.sixty } }
            static var forty: SixtySteps { get async throws { try await both.value.forty } }
        }

        private func expectStraight(_ voice: TestVoice, sourceLocation: SourceLocation = #_sourceLocation) async throws
        {
            let straight = try await SixtySteps.straight
            let found = try await SixtySteps(voice)
            #expect(straight.journal.count == 60, sourceLocation: sourceLocation)
            #expect(
                straight.state.keys.filter { $0.hasSuffix(".safetensors") }.count >= 7, sourceLocation: sourceLocation)
            expectSameBytes(straight.state, found.state, sourceLocation: sourceLocation)
            expectSameLines(straight.journal, found.journal, sourceLocation: sourceLocation)
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
