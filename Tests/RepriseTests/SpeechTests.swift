import Foundation
import Testing

extension ProgramTests {
    @Suite struct SpeechTests {
        private func trained() async throws -> TestVoice {
            let voice = try TestVoice(["autosave_steps": "2"])
            try await voice.train(to: 4)
            return voice
        }

        /// Speaks into a new file and returns its bytes.
        private func say(_ voice: TestVoice, _ more: String..., text: String = "Good morning.") async throws -> Data {
            let file = voice.home.appendingPathComponent("\(UUID().uuidString).wav")
            let result = try await Program.run(["say", voice.path, text, "--out", file.path] + more, home: voice.home)
            #expect(result.code == 0 && result.errors == "", "\(result.errors)")
            let sound = try Sound(file)
            #expect(sound.sampleRate == 16000 && sound.samples.count >= 1600)
            #expect(sound.samples.contains { $0 != 0 })
            let seconds = String(format: "%.2f s", Double(sound.samples.count) / 16000)
            #expect(result.output.hasPrefix("\(file.path)  \(seconds)  main/g_"))
            return try Data(contentsOf: file)
        }

        @Test func theSameSeedTheSameSamples() async throws {
            let voice = try await trained()
            let first = try await say(voice)
            let same = try await say(voice, "--seed", "1") == first
            #expect(same)
            let other = try await say(voice, "--seed", "2") == first
            #expect(!other)
            let newest = try await say(voice, "--checkpoint", "main/g_0000004") == first
            #expect(newest)
            let older = try await say(voice, "--checkpoint", "g_0000002") == first
            #expect(!older)
            let clip = voice.url.appendingPathComponent("clips/slt_03.flac").path
            let styled = try await say(voice, "--reference", clip) == first
            #expect(!styled)
            let exact = try await say(voice, "--weights", "float32") == first
            #expect(exact)
            for weights in ["bfloat16", "int8"] { _ = try await say(voice, "--weights", weights) }
            let unknown = try await voice.run("say", voice.path, "Hello.", "--weights", "int4")
            #expect(unknown.code == 2 && unknown.errors.contains("int4"))
        }

        @Test func whatIsPlayedIsWhatIsKept() async throws {
            let voice = try await trained()
            let heard = voice.home.appendingPathComponent("heard.raw"),
                kept = voice.home.appendingPathComponent("a.wav")
            try voice.set("device", "\"file:FILE='\(heard.path)',FORMAT=raw\"")
            let result = try await voice.run(
                "say", voice.path, "Good morning. And good night.", "--out", kept.path, "--play")
            #expect(result.code == 0 && result.errors == "", "\(result.errors)")
            #expect(result.output.hasSuffix("Played \(kept.path)\n"))
            let played = try Data(contentsOf: heard).withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
            let written = try Sound(kept).samples
            #expect(played.count == written.count && played.contains { $0 != 0 })
        }

        @Test func aTakeIsKeptWithWhatMadeIt() async throws {
            let voice = try await trained()
            let result = try await voice.run("say", voice.path, "Good morning.", "--seed", "7")
            #expect(result.code == 0)
            let path = try #require(result.output.components(separatedBy: "  ").first)
            #expect(path.hasPrefix("\(voice.path)/takes/") && path.hasSuffix(".wav"))
            let sound = try Sound(URL(fileURLWithPath: path))
            let made = URL(fileURLWithPath: path).deletingPathExtension().appendingPathExtension("json")
            let take = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: made)) as? [String: Any])
            #expect(take["text"] as? String == "Good morning." && take["checkpoint"] as? String == "main/g_0000004")
            #expect(take["seed"] as? Int == 7 && take["sampleCount"] as? Int == sound.samples.count)
        }

        @Test func whatCannotBeSaid() async throws {
            let voice = try TestVoice()
            let early = try await voice.run("say", voice.path, "Hello.")
            early.expectOneSentence("Voice slt has no checkpoint yet: train it first with `reprise train`.")
            try await voice.train(to: 1)
            let empty = try await voice.run("say", voice.path, "")
            empty.expectOneSentence("The text is empty; give at least one word to say.")
            let missing = try await voice.run("say", voice.path, "Hello.", "--checkpoint", "g_0000099")
            missing.expectOneSentence(
                "there is no checkpoint main/g_0000099: `reprise checkpoints VOICE list` shows those there are")
            let unheard = try await voice.run("say", voice.path, "Hello.", "--reference", "/nothing.wav")
            unheard.expectOneSentence("There is no file /nothing.wav.")
            #expect(!FileManager.default.fileExists(atPath: voice.path + "/takes"))
        }
    }

    @Suite struct NewVoiceTests {
        @Test func aFolderOfRecordingsBecomesAVoice() async throws {
            let source = try TestVoice()
            // LJSpeech as it comes: metadata.csv beside wavs/.
            try FileManager.default.moveItem(
                at: source.url.appendingPathComponent("clips"), to: source.url.appendingPathComponent("wavs"))
            try FileManager.default.removeItem(at: source.url.appendingPathComponent("voice.toml"))
            let made = try await source.run("new", "ada", "--from", source.path, "--preset", "tiny")
            #expect(made.code == 0 && made.errors == "", "\(made.errors)")
            #expect(made.outputLines.first?.hasPrefix("ada: 16 clips, ") == true)
            #expect(made.outputLines.contains { $0.hasPrefix("  held out: slt_") })
            let trained = try await source.run("train", "ada", "--steps", "4", "--json")
            #expect(trained.code == 0 && trained.outputLines.count == 4, "\(trained.errors)")

            let again = try await source.run("new", "ada", "--from", source.path)
            again.expectOneSentence(
                "\(source.home.path)/data/reprise/ada exists already; choose another name or move it away.")
        }

        @Test func aBaseGivesItsWeights() async throws {
            let base = try TestVoice()
            try await base.train(to: 8)
            let recordings = try TestVoice.samples("rms").path
            func firstSteps(_ name: String, _ more: [String]) async throws -> (
                lines: [String], errors: String, codes: Data
            ) {
                let made = try await Program.run(["new", name, "--from", recordings] + more, home: base.home)
                #expect(made.code == 0, "\(made.errors)")
                let run = try await base.run("train", name, "--steps", "4", "--json")
                #expect(run.code == 0, "\(run.errors)")
                let checkpoint = base.home.appendingPathComponent("data/reprise/\(name)/checkpoints/main/g_0000004")
                return (
                    run.outputLines, run.errors,
                    try Data(contentsOf: checkpoint.appendingPathComponent("tokenizer.safetensors"))
                )
            }
            let fresh = try await firstSteps("fresh", ["--preset", "tiny"])
            let heir = try await firstSteps("heir", ["--base", "\(base.path)@main/g_0000008"])
            #expect(heir.errors.contains("Starting from \(base.path)@main/g_0000008"))
            let inherited = try base.state("main/g_0000008")["tokenizer.safetensors"]
            #expect(heir.codes == inherited)
            #expect(fresh.codes != inherited)
            #expect(try mel(of: heir.lines) != mel(of: fresh.lines))
        }

        private func mel(of lines: [String]) throws -> Double {
            let record = try JSONSerialization.jsonObject(with: Data((lines.first ?? "").utf8)) as? [String: Any]
            return try #require((record?["metrics"] as? [String: Any])?["mel"] as? Double)
        }
    }
}
