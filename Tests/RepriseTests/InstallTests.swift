import Foundation
import Testing

extension ProgramTests {
    /// What `make install` and `make deb` put where.
    @Suite struct InstallTests {
        private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()

        /// Runs a program to its end; its standard output.
        private func run(_ arguments: [String], home: URL) async throws -> String {
            let result = try await RunningProgram(arguments, home: home).finished()
            #expect(result.code == 0, "\(arguments.joined(separator: " ")): \(result.errors)")
            return result.output
        }

        @Test func thePackageHoldsAllThatIsNeededAndRuns() async throws {
            let voice = try TestVoice()
            let stage = voice.home.appendingPathComponent("stage"), package = voice.home.appendingPathComponent("r.deb")
            _ = try await run(
                [
                    "make", "--no-print-directory", "-C", Self.root.path, "package", "REPRISE=\(Program.path)",
                    "STAGE=\(stage.path)", "PACKAGE=\(package.path)",
                ], home: voice.home)
            let facts = try await run(["dpkg-deb", "--info", package.path], home: voice.home)
            #expect(facts.contains("Package: reprise") && facts.contains("libncursesw6"))
            // Unpacked somewhere else it runs by what it brought along.
            let place = voice.home.appendingPathComponent("unpacked/usr")
            _ = try await run(["dpkg-deb", "-x", package.path, voice.home.path + "/unpacked"], home: voice.home)
            let program = place.appendingPathComponent("bin/reprise").path
            let help = try await run([program, "--help"], home: voice.home)
            #expect(help.contains("checkpoints") && help.contains("consent"))
            let trained = try await run([program, "train", voice.path, "--steps", "1", "--json"], home: voice.home)
            #expect(trained.contains("\"step\":1"))
            #expect(voice.checkpoints.count == 1)
            let parts = try FileManager.default.contentsOfDirectory(atPath: place.path + "/lib/reprise")
            #expect(parts.contains("libswiftCore.so") && parts.contains("reprise"))
            #expect(FileManager.default.fileExists(atPath: place.path + "/lib/reprise/samples/slt/voice.toml"))
            for file in ["bash-completion/completions/reprise", "zsh/site-functions/_reprise"] {
                let text = try String(contentsOfFile: "\(place.path)/share/\(file)", encoding: .utf8)
                #expect(text.contains("checkpoints"), "\(file)")
            }
            let manual = try await run(
                ["gzip", "-dc", place.path + "/share/man/man1/reprise.1.gz"], home: voice.home)
            #expect(manual.hasPrefix(".TH REPRISE 1") && manual.contains(".SH TRAIN"))
        }
    }
}
