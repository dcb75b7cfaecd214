import Foundation
import Testing

extension ProgramTests {
    /// One voice trained by several processes, as Open MPI's mpirun starts them.
    @Suite struct ProcessTests {
        private func start(_ count: Int, _ voice: TestVoice, _ arguments: [String]) throws -> RunningProgram {
            let launch = [
                "/usr/bin/env", "mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none",
                "--mca", "btl", "self,vader", "-n", "\(count)",
            ]
            return try RunningProgram(
                launch + [Program.path, "train", voice.path, "--json", "--threads", "1"] + arguments, home: voice.home)
        }

        private func train(_ count: Int, _ voice: TestVoice, to step: Int) async throws -> [[String: Double]] {
            let ended = try await start(count, voice, ["--steps", "\(step)"]).finished()
            #expect(ended.code == 0, "\(ended.errors)")
            return try ended.outputLines.map(figures)
        }

        /// The figures of a step, without its seconds.
        private func figures(_ line: String) throws -> [String: Double] {
            let all = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            return (all["metrics"] as? [String: Double] ?? all.compactMapValues { $0 as? Double }).filter {
                $0.key != "seconds"
            }
        }

        @Test func processesShareABatchAndAgreeToRounding() async throws {
            let settings = ["batch_size": "4", "validation_steps": "4"]
            let alone = try TestVoice(settings), two = try TestVoice(settings), again = try TestVoice(settings)
            let expected = try await alone.train(to: 6).outputLines.map(figures)
            let found = try await train(2, two, to: 6)
            #expect(found.count == 6)
            for (step, (one, other)) in zip(expected, found).enumerated() {
                #expect(one.keys == other.keys && one.count > 3)
                for (name, value) in one {
                    let difference = abs(value - (other[name] ?? .nan)), bound = step == 0 ? 2e-4 : 2e-2
                    #expect(difference <= bound * max(1, abs(value)), "\(name) of step \(step + 1)")
                }
            }
            // As many processes, the same bytes.
            _ = try await train(2, again, to: 6)
            expectSameBytes(try two.state("main/g_0000006"), try again.state("main/g_0000006"))

            // Other numbers of processes go on with it: the same clips in the same order, on one line.
            #expect(try await train(4, two, to: 8).count == 2)
            _ = try await two.train(to: 9)
            _ = try await alone.train(to: 9)
            func places(_ lines: [String]) throws -> [[String]] {
                try lines.map { line in
                    let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
                    return try ["branch", "step", "stage", "epoch", "batch"].map { "\(try #require(row[$0]))" }
                }
            }
            let (first, second) = (try places(try await alone.journal()), try places(try await two.journal()))
            #expect(first.count == 9 && first == second)
            try await two.expectSound()
        }

        @Test func aSignalSavesOnceAndEndsAll() async throws {
            let voice = try TestVoice(["autosave_steps": "1000"])
            let program = try start(2, voice, [])
            try await program.whileRunning("step 2") { program.lastStep >= 2 }
            // To one of them: mpirun itself would give them only a second.
            kill(try #require(ranks(of: program).last), SIGTERM)
            let ended = try await program.finished()
            #expect(ended.code == 128 + SIGTERM, "\(ended.errors)")
            let newest = try #require(voice.checkpoints.last)
            #expect(voice.checkpoints.count == 1)
            #expect(try voice.manifest(newest)["reason"] as? String == "signal")
            try await voice.expectSound(newest)
        }

        @Test func aProcessThatDiesEndsAllWithTheLastCheckpointWhole() async throws {
            let voice = try TestVoice(["autosave_steps": "3"])
            let program = try start(2, voice, [])
            try await program.whileRunning("a checkpoint") { program.lastStep >= 5 && !voice.checkpoints.isEmpty }
            let last = try #require(ranks(of: program).last)
            kill(last, SIGKILL)
            let ended = try await program.finished()
            #expect(ended.code != 0)
            // mpirun may be gone before the processes that it ends; the kernel drops the lock with them.
            try await waitUntil("the other processes to end") { voice.isFree }
            try await voice.expectSound()
            let step = program.lastStep
            _ = try await voice.train(to: step + 2)
        }

        @Test func whatProcessesCannotDoIsSaid() async throws {
            let voice = try TestVoice()
            let ended = try await start(3, voice, ["--steps", "2"]).finished()
            #expect(ended.code == 1)
            #expect(ended.errors.contains("3 processes cannot share a batch of 2: start at most 2"))
            #expect(voice.checkpoints.isEmpty)
        }

        /// The processes of a run, by their ranks.
        private func ranks(of program: RunningProgram) -> [pid_t] {
            let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            let children = processes.compactMap(pid_t.init).filter { process in
                let line = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
                let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
                return fields.count > 1 && fields[1] == "\(program.process)"
            }
            return children.sorted()
        }
    }
}
