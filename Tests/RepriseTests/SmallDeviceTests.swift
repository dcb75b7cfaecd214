import Foundation
import Testing

extension ProgramTests {
    /// One core and 1 GiB, as small boards have them.
    @Suite struct SmallDeviceTests {
        /// Runs the program on the first core; what it allocates beyond the limit is refused.
        private func run(_ arguments: [String], mebibytes: Int, home: URL) async throws -> ProgramResult {
            let device = ["/usr/bin/env", "taskset", "-c", "0", "prlimit", "--data=\(mebibytes << 20)"]
            return try await RunningProgram(device + [Program.path] + arguments, home: home).finished()
        }

        @Test(arguments: ["float32", "bfloat16", "int8"])
        func aFileSpeaksWithoutItsVoice(weights: String) async throws {
            let voice = try TestVoice(), home = voice.home
            let trained = try await run(["train", voice.path, "--steps", "2"], mebibytes: 1024, home: home)
            #expect(trained.code == 0, "\(trained.errors)")
            let file = home.appendingPathComponent("ada.safetensors").path
            let export = [
                "checkpoints", voice.path, "export", "HEAD", file, "--for", "synthesis", "--weights", weights,
            ]
            #expect(try await Program.run(export, home: home).code == 0)
            // What is there is not written over, unless it is such a file and that is asked for.
            let again = try await Program.run(export, home: home)
            #expect(again.code == 1 && again.errors.contains(file), "\(again.errors)")
            #expect(try await Program.run(export + ["--replace"], home: home).code == 0)

            try FileManager.default.removeItem(at: voice.url)
            let sound = home.appendingPathComponent("a.wav")
            let said = try await run(["say", file, "Good morning.", "--out", sound.path], mebibytes: 256, home: home)
            #expect(said.code == 0 && said.errors == "", "\(said.errors)")
            #expect(try Sound(sound).samples.contains { $0 != 0 })
        }

        @Test func aDamagedFileIsNotSpoken() async throws {
            let voice = try TestVoice(), home = voice.home
            try await voice.train(to: 1)
            let file = home.appendingPathComponent("ada.safetensors")
            let export = ["checkpoints", voice.path, "export", "HEAD", file.path, "--for", "synthesis"]
            #expect(try await Program.run(export, home: home).code == 0)
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: file)
            let said = try await Program.run(["say", file.path, "Hello."], home: home)
            #expect(said.code == 1 && said.errorLines.count == 1 && said.errors.contains(file.path), "\(said.errors)")
        }

        @Test func aWithdrawnVoiceIsNotExported() async throws {
            let voice = try TestVoice(), home = voice.home
            try await voice.train(to: 1)
            let withdrawn = try await Program.run(["consent", voice.path, "--withdraw"], home: home)
            #expect(withdrawn.code == 0, "\(withdrawn.errors)")
            let file = home.appendingPathComponent("ada.safetensors").path
            let export = ["checkpoints", voice.path, "export", "HEAD", file, "--for", "synthesis"]
            let refused = try await Program.run(export, home: home)
            #expect(refused.code == 1 && refused.errors.contains("withdrawn"), "\(refused.errors)")
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }
}
