import Foundation
import Testing

extension ProgramTests {
    @Suite final class BenchTests {
        private let home: URL

        init() throws {
            home = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(at: home) }

        @Test func oneObjectForPrograms() async throws {
            let result = try await Program.run(
                [
                    "bench", "step", "--preset", "tiny", "--stage", "sovits", "--frames", "40", "--phonemes", "9",
                    "--segment", "16", "--repeats", "1", "--threads", "1", "--json",
                ], home: home)
            #expect(result.code == 0 && result.errors == "" && result.outputLines.count == 1)
            let report = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
            #expect(report["subject"] as? String == "step" && report["threads"] as? Int == 1)
            #expect(report["frames"] as? Int == 40 && report["tokens"] as? Int == 20 && report["symbols"] as? Int == 9)
            #expect((report["stages"] as? [[String: Any]])?.map { $0["stage"] as? String } == ["sovits"])
        }

        @Test func tablesForPeople() async throws {
            let result = try await Program.run(
                ["bench", "say", "--preset", "tiny", "--tokens", "12", "--repeats", "1"], home: home)
            #expect(result.code == 0 && result.errors == "")
            #expect(result.output.hasPrefix("tiny: one sentence of 60 symbols and 12 tokens, "))
            #expect(result.output.contains("\nmachine  sgemm ") && result.output.contains("\n  float32 "))
        }

        @Test func whatASaveCosts() async throws {
            let result = try await Program.run(
                ["bench", "checkpoint", "--preset", "tiny", "--repeats", "2", "--json"], home: home)
            #expect(result.code == 0 && result.errors == "" && result.outputLines.count == 1)
            let report = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
            #expect(report["subject"] as? String == "checkpoint" && report["repeats"] as? Int == 2)
            for figure in [
                "bytes", "stallMedian", "stallP99", "writeSeconds", "writeWork", "shareAtOneMinute", "readBackWork",
                "forkBytes", "openSeconds", "firstStepSeconds",
            ] { #expect((report[figure] as? Double ?? 0) > 0, "\(figure)") }
            #expect(report["forkBytes"] as? Int ?? .max < 1_000_000)
            let here = try FileManager.default.contentsOfDirectory(atPath: FileManager.default.currentDirectoryPath)
            #expect(!here.contains { $0.hasPrefix(".bench-") }, "nothing is left behind")
        }

        @Test func whatSmallWeightsTakeOfASmallDevice() async throws {
            let file = home.appendingPathComponent("sentences.txt")
            try Data("- Good morning.\n".utf8).write(to: file)
            let arguments = ["bench", "weights", "--preset", "tiny", "--sentences", file.path]
            let result = try await Program.run(arguments + ["--json"], home: home)
            #expect(result.code == 0 && result.errors == "" && result.outputLines.count == 1, "\(result.errors)")
            let report = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
            let formats = try #require(report["formats"] as? [[String: Any]])
            #expect(formats.count == 3 && report["checkpoint"] == nil)
            for format in formats {
                #expect(try #require(format["saySeconds"] as? Double) > 0)
                #expect(10..<256 ~= (try #require(format["sayPeakMegabytes"] as? Double)))
            }
            let both = try await Program.run(arguments + ["ada"], home: home)
            #expect(both.code == 2 && both.errors.contains("one of both"))
        }

        @Test(arguments: [
            (["--frames", "41"], "--frames takes an even number, as a token is two frames, not 41."),
            (["--batch", "0"], "--batch takes a whole number from 1 to 64, not 0."),
            (["--threads", "257"], "--threads takes a whole number from 1 to 256, not 257."),
            (["--stage", "half"], "The value 'half' is invalid for '--stage <stage>'."),
            (["--preset", "huge"], "The value 'huge' is invalid for '--preset <preset>'."),
        ]) func wrongUsage(arguments: [String], sentence: String) async throws {
            let result = try await Program.run(["bench", "ops"] + arguments, home: home)
            #expect(result.code == 2 && result.output == "")
            #expect(result.errorLines.first?.hasPrefix("Error: \(sentence)") == true)
        }
    }
}
