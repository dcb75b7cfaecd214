import Foundation
import Testing

extension ProgramTests {
    /// The kernel's answers, falsified from outside the program: each call of a save fails once, or kills the process.
    @Suite struct InjectionTests {
        struct Fault: Sendable, CustomStringConvertible {
            var call: String
            /// strace's words for what happens.
            var outcome: String
            /// Which call of each thread.
            var number: Int

            var kills: Bool { outcome == "signal=KILL" }
            var description: String { "\(call) \(outcome) \(number)" }
        }

        private static let failing = ["fsync", "rename", "mkdir", "link", "unlink", "pwrite64"].flatMap { call in
            [
                Fault(call: call, outcome: call == "link" ? "error=EMLINK" : "error=EIO", number: 1),
                Fault(call: call, outcome: "signal=KILL", number: call == "fsync" ? 7 : 2),
            ]
        }

        /// What a checkpoint writes goes by a call that nothing else in the program makes.
        private static let writing = [
            Fault(call: "writev", outcome: "error=EIO", number: 1),
            Fault(call: "writev", outcome: "error=EIO", number: 4),
            Fault(call: "writev", outcome: "error=ENOSPC", number: 2),
            Fault(call: "writev", outcome: "signal=KILL", number: 3),
            // A disk that takes less than it says.
            Fault(call: "writev", outcome: "retval=512", number: 2),
            Fault(call: "writev", outcome: "retval=1", number: 5),
        ]

        private static let others = [
            Fault(call: "fsync", outcome: "error=EIO", number: 9),
            Fault(call: "rename", outcome: "error=ENOSPC", number: 2),
            Fault(call: "write", outcome: "signal=KILL", number: 12),
        ]

        private static let faults = failing + writing + others

        private static let begun = Task {
            let voice = try TestVoice()
            try await voice.train(to: 15)
            return voice
        }

        @Test(arguments: faults) func aFailedCallChangesNothing(fault: Fault) async throws {
            let straight = try await DeterminismTests.SixtySteps.forty
            let voice = try TestVoice()
            // Past the first save, so that there is something to fall back on, and to link to.
            let begun = try await Self.begun.value.url
            try FileManager.default.removeItem(at: voice.url)
            try FileManager.default.copyItem(at: begun, to: voice.url)
            let command = [
                "strace", "-f", "--seccomp-bpf", "-qqq", "-o", "/dev/null", "-e", "trace=\(fault.call)", "-e",
                "inject=\(fault.call):\(fault.outcome):when=\(fault.number)", Program.path, "train", voice.path,
                "--steps", "35", "--json",
            ]
            let ended = try await RunningProgram(command, home: voice.home).finished()
            // A fault may also come where there is nothing to wait for, such as taking the lock: one sentence, and no harm.
            #expect(fault.kills ? [0, -SIGKILL, 128 + SIGKILL].contains(ended.code) : [0, 1].contains(ended.code))
            if ended.code == 1 { #expect(ended.errors.contains("reprise: ")) }
            try await voice.expectSound()
            let last = try await voice.train(to: 40)
            #expect(!last.errors.contains("came out differently"), "\(last.errors)")
            expectSameBytes(straight.state, try voice.state("main/g_0000040"))
            try await expectSameLines(straight.journal, voice.journal())
        }
    }
}
