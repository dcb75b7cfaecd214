import Foundation
import Testing

extension ProgramTests {
    /// Sixty steps are the same sixty steps, however often and however rudely they are interrupted.
    ///
    /// Each round interrupts one voice five times, at moments drawn from the round's number. REPRISE_INTERRUPTIONS sets
    /// how many there are in all, REPRISE_INTERRUPTION_PRESET the voice's preset; a larger one does fewer steps.
    @Suite struct InterruptionTests {
        private static let perRound = 5
        static let rounds: Range<Int> = {
            let wanted = ProcessInfo.processInfo.environment["REPRISE_INTERRUPTIONS"].flatMap { Int($0) } ?? 30
            return 0..<(max(1, wanted) + perRound - 1) / perRound
        }()

        /// The preset, the steps of a round, and how often it saves.
        private static let plan: (preset: String, steps: Int, saves: Int) = {
            let preset = ProcessInfo.processInfo.environment["REPRISE_INTERRUPTION_PRESET"] ?? "tiny"
            return preset == "tiny" ? (preset, 60, 10) : (preset, 15, 3)
        }()

        /// The same steps without an interruption.
        private static let straight = Task {
            if plan.preset == "tiny" { return try await DeterminismTests.SixtySteps.straight }
            let voice = try makeVoice()
            try await voice.train(to: plan.steps)
            return try await DeterminismTests.SixtySteps(voice, last: last("main"))
        }

        private static func makeVoice() throws -> TestVoice {
            try TestVoice(["preset": "\"\(plan.preset)\"", "autosave_steps": "\(plan.saves)"])
        }

        private static func last(_ branch: String) -> String {
            "\(branch)/g_" + String(repeating: "0", count: 7 - "\(plan.steps)".count) + "\(plan.steps)"
        }

        enum Moment: CaseIterable {
            /// Soon after the start: while clips are read, or in the first steps.
            case opening
            /// Somewhere in a step.
            case step
            /// While a checkpoint is being written.
            case save
            /// While steps are done again to reach one that was not saved.
            case replay
        }

        @Test(arguments: rounds) func interruptedAgainAndAgain(round: Int) async throws {
            let straight = try await Self.straight.value
            let voice = try Self.makeVoice()
            let plan = Self.plan
            var random = SeededNumbers(seed: UInt64(round))
            var branch = "main"
            for index in 0..<Self.perRound {
                let moment = Moment.allCases.randomElement(using: &random) ?? .step
                let signal = [SIGKILL, SIGKILL, SIGTERM, SIGINT].randomElement(using: &random) ?? SIGKILL
                let threads = Int.random(in: 1...2, using: &random)
                let stretch = (plan.steps - plan.steps / 12) / Self.perRound
                let step = stretch * index + Int.random(in: 1...stretch, using: &random)
                let further = Int.random(in: 0..<6, using: &random)
                if moment == .replay, let goal = try await unsavedStep(voice, branch, &random) {
                    let restored = try await voice.run("checkpoints", voice.path, "restore", goal)
                    #expect(restored.code == 0, "\(restored.errors)")
                    branch = try #require(restored.output.firstMatch(of: #/ as (branch-\d+)/#).map { String($0.1) })
                }
                let program = try voice.start(
                    "train", voice.path, "--steps", "\(plan.steps)", "--json", "--threads", "\(threads)")
                let folder = voice.url.appendingPathComponent("checkpoints/\(branch)").path
                try await waitUntil("\(moment) at step \(step)") {
                    if program.poll() != nil { return true }
                    switch moment {
                    case .opening: return true
                    case .step: return program.lastStep >= step
                    case .replay: return program.lastStep > 0
                    case .save:
                        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
                        return names.contains { $0.hasPrefix(".saving-g_") } || program.lastStep >= step + plan.saves
                    }
                }
                // From there so much further, by the program's own work: the clock would tell nothing on a busy machine.
                let goal = program.processorTicks + (moment == .opening ? 10 * further : further)
                try await waitUntil("\(moment) at step \(step), and on") {
                    moment == .save || program.processorTicks >= goal || program.poll() != nil
                }
                program.send(signal)
                let ended = try await program.finished()
                // One that comes before the program listens ends it as the system does; there is nothing to save yet.
                let codes = [0, -signal] + (signal == SIGKILL ? [] : [128 + signal])
                #expect(codes.contains(ended.code), "\(moment), signal \(signal): \(ended.code) \(ended.errors)")
                #expect(!ended.errors.contains("came out differently"), "\(ended.errors)")
            }
            let last = try await voice.train(to: plan.steps)
            #expect(!last.errors.contains("came out differently"), "\(last.errors)")
            try await expectStraight(voice, branch, straight)
        }

        /// A step of the branch that the journal has and no checkpoint.
        private func unsavedStep(
            _ voice: TestVoice, _ branch: String, _ random: inout SeededNumbers
        ) async throws -> String? {
            let saved = Set(voice.checkpoints)
            guard saved.contains(where: { $0.hasPrefix("\(branch)/") }) else { return nil }
            let names = try await voice.journal(branch: branch).compactMap { line in
                line.firstMatch(of: #/"step":(\d+)/#).flatMap { Int($0.1) }
            }.map { "\(branch)/g_" + String(repeating: "0", count: 7 - "\($0)".count) + "\($0)" }
            let first = saved.filter { $0.hasPrefix("\(branch)/") }.min() ?? ""
            return names.filter { $0 > first && !saved.contains($0) }.randomElement(using: &random)
        }

        /// That the line ends in the same bytes, and that every step of every branch is recorded as it was the first time.
        private func expectStraight(
            _ voice: TestVoice, _ branch: String, _ straight: DeterminismTests.SixtySteps
        ) async throws {
            expectSameBytes(straight.state, try voice.state(Self.last(branch)))
            var seen: Set<String> = []
            for line in try await voice.run("export", voice.path, "--json").outputLines {
                let plain = TestVoice.withoutSeconds(line).replacing(
                    #/"branch":"[^"]+"/#, with: "\"branch\":\"main\"")
                #expect(straight.journal.contains(plain), "\(line)")
                seen.insert(plain)
            }
            #expect(seen.count == Self.plan.steps)
            try await voice.expectSound()
        }
    }
}
