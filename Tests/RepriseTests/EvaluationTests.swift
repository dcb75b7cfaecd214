import Foundation
import Testing

extension ProgramTests {
    /// Checkpoints that speak and are heard by a recogniser, which here is a script with one answer for all.
    @Suite struct EvaluationTests {
        private struct Evaluated: Decodable {
            struct Evaluation: Decodable {
                var clips: Int
                var figures: [String: Double]
                var recordings: [String: Double]
                var notes: [String: String]
            }
            var id: String
            var evaluation: Evaluation
        }

        private func decoded(_ result: ProgramResult) throws -> [Evaluated] {
            try JSONDecoder().decode([Evaluated].self, from: Data(result.output.utf8))
        }

        @Test func whatIsMeasuredIsKeptListedAndOrdered() async throws {
            let voice = try TestVoice()
            try voice.set("held_out", "[\"slt_02\"]")
            try await voice.train(to: 20)

            // Without a recogniser the rest is measured, and that is said once.
            let nothing = voice.home.appendingPathComponent("nothing")
            try FileManager.default.createDirectory(at: nothing, withIntermediateDirectories: true)
            let deaf = try await voice.run(
                "checkpoints", voice.path, "evaluate", "--all", "--json", path: nothing.path)
            #expect(deaf.code == 0)
            #expect(deaf.errors.components(separatedBy: "no recogniser").count == 2, "\(deaf.errors)")
            let without = try decoded(deaf)
            #expect(without.map(\.id) == ["main/g_0000010", "main/g_0000020"])
            #expect(without.allSatisfy { $0.evaluation.figures["cer"] == nil && $0.evaluation.clips == 1 })
            #expect(without.allSatisfy { $0.evaluation.figures["similarity"] == nil })

            // What training measured at the same step is the very same.
            let line = try #require(try await voice.journal().last)
            let step = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let metrics = try #require(step["metrics"] as? [String: Double])
            for (figure, metric) in [
                ("mel", "validation_mel"), ("ce", "validation_cross_entropy"), ("top3", "validation_top3_accuracy"),
            ] {
                let (evaluated, trained) = (without[1].evaluation.figures[figure] ?? .nan, metrics[metric] ?? .nan)
                #expect(abs(evaluated - trained) < 1e-5, "\(figure): \(evaluated), \(trained)")
            }

            // A recogniser that hears the transcript but for its last word.
            let words = try #require(
                String(contentsOf: voice.url.appendingPathComponent("metadata.csv"), encoding: .utf8)
                    .split(separator: "\n").first { $0.hasPrefix("slt_02|") }?.split(separator: "|").last.map(
                        String.init))
            let heard = words.split(separator: " ").dropLast().joined(separator: " ")
            let program = nothing.appendingPathComponent("pocketsphinx_continuous")
            let quoted = heard.replacing("'", with: "'\\''")
            try "#!/bin/sh\ntest -s \"$2\" || exit 3\necho '\(quoted)'\n".write(
                to: program, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
            let path = nothing.path
            let result = try await voice.run(
                "checkpoints", voice.path, "evaluate", "main/g_0000020", "--json", path: path)
            #expect(result.code == 0, "\(result.errors)")
            let evaluation = try #require(try decoded(result).first?.evaluation)
            func letters(_ text: String) -> Int {
                text.lowercased().map { $0.isLetter || $0 == "'" ? $0 : " " }.split(separator: " ")
                    .map(\.count).reduce(-1) { $0 + $1 + 1 }
            }
            let expected = 1 - Double(letters(heard)) / Double(letters(words))
            #expect(abs((evaluation.figures["cer"] ?? .nan) - expected) < 1e-9)
            #expect(abs((evaluation.recordings["cer"] ?? .nan) - expected) < 1e-9)

            let list = try await voice.run("checkpoints", voice.path, "list", "--sort", "cer")
            #expect(list.outputLines.map { $0.prefix { $0 != " " } } == ["main/g_0000020", "main/g_0000010"])
            #expect(list.outputLines[0].contains("  cer ") && list.outputLines[1].contains("  cer       –"))

            // A recogniser that fails is said, and stops nothing.
            try "#!/bin/sh\nexit 7\n".write(to: program, atomically: false, encoding: .utf8)
            let failing = try await voice.run("checkpoints", voice.path, "evaluate", path: path)
            #expect(failing.code == 0 && failing.errors.contains("it ended with code 7"), "\(failing.errors)")
        }

        @Test func aVoiceWithoutHeldOutClipsSaysSo() async throws {
            let voice = try TestVoice(["held_out": "[]"])
            try await voice.train(to: 1)
            let result = try await voice.run("checkpoints", voice.path, "evaluate")
            #expect(result.code == 1 && result.errorLines.count == 1)
            #expect(result.errors.contains("holds no clips out to measure it with"))
        }
    }
}
