import Checkpoint
import Foundation
import Testing
import Training

/// Settings that are changed while the voice is open.
@Suite struct TrainerSettingsTests {
    @Test func aChangeOfTheLineHoldsFromTheNextStepAndOutlivesACrash() async throws {
        let folder = try VoiceFolder()
        let voice = try folder.voice()
        try await train(voice, to: 3)

        let watched = try Watched(voice, TrainerOptions(targetStep: 8), commands: [.pause])
        await watched.until(phase: .paused)
        let sentence = try await watched.trainer.change("loss.mel", to: "0")
        #expect(sentence == "[loss] mel = 0 from step 4 on, on this line; voice.toml stays as it is.")
        await watched.until(.setting)
        #expect(watched.messages.last == "From step 4: loss.mel = 0")
        let mel = try #require(try await watched.trainer.settings().first { $0.id == "loss.mel" })
        #expect(mel.value == "0" && mel.fileValue == "45" && mel.defaultValue == "45" && mel.isOnLine)
        #expect(await watched.finish(.resume) == .reachedTarget)
        // Without the mel term the total is what is left of it.
        let first = watched.records.filter { $0.stage == .sovits }
        for record in first {
            let rest = try [Metric.kl, .adversarial, .featureMatching].reduce(Float(0)) {
                $0 + (try #require(record.metrics[$1]))
            }
            #expect(abs(rest - (record.metrics[.total] ?? 0)) < 1e-2 * rest, "step \(record.step)")
        }
        #expect(try folder.voice().configuration.loss.mel == 45)

        // As if the power had failed before anything after step 3 was saved: the same bits come again.
        try FileManager.default.removeItem(
            at: voice.checkpointDirectory.appendingPathComponent("main/g_0000008"))
        let store = try CheckpointStore(directory: voice.checkpointDirectory)
        try store.setHead(Head(branch: "main", checkpoint: CheckpointID(branch: "main", step: 3)))
        let again = try Watched(voice, TrainerOptions(targetStep: 8))
        #expect(await again.finish() == .reachedTarget)
        #expect(again.records.map(\.step) == [4, 5, 6, 7, 8])
        for (a, b) in zip(watched.records, again.records) { #expect(b.isIdentical(to: a), "step \(a.step)") }

        // A checkpoint has it, and going back before it undoes it.
        let changed = try await again.trainer.settings(of: "main/g_0000008")
        #expect(changed.changes == ["loss.mel": "0"])
        let third = try Watched(voice, commands: [.pause])
        await third.until(phase: .paused)
        #expect(try await third.trainer.settings().first { $0.id == "loss.mel" }?.value == "0")
        third.trainer.send(.rollBack(to: "main/g_0000003"))
        await third.until(.rolledBack)
        #expect(try await third.trainer.settings().first { $0.id == "loss.mel" }?.value == "45")
        #expect(await third.finish(.stop) == .stopped)
    }

    @Test func aChangeIsTakenBack() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice(), commands: [.pause])
        await watched.until(phase: .paused)
        let step = try #require(watched.last).step
        _ = try await watched.trainer.change("optimizer.prior_clip_norm", to: "0,5")
        #expect(try await watched.trainer.settings().first { $0.id == "optimizer.prior_clip_norm" }?.value == "0.5")
        let sentence = try await watched.trainer.change("optimizer.prior_clip_norm", to: nil)
        #expect(sentence == "[optimizer] prior_clip_norm = 1 from step \(step + 1) on, on this line, as in voice.toml.")
        #expect(try await watched.trainer.settings().allSatisfy { !$0.isOnLine })
        #expect(await watched.finish(.stop) == .stopped)
    }

    @Test func whatOnlyLooksAfterTrainingIsObeyedAtOnceAndWritten() async throws {
        let folder = try VoiceFolder()
        let file = folder.url.appendingPathComponent("voice.toml")
        try Data(("# mine\n" + String(contentsOf: file, encoding: .utf8)).utf8).write(to: file)
        let watched = try Watched(folder.voice(), commands: [.pause])
        await watched.until(phase: .paused)
        let sentence = try await watched.trainer.change("training.autosave_steps", to: "2")
        #expect(sentence == "[training] autosave_steps = 2 from now on; voice.toml has it too.")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.hasPrefix("# mine\n") && text.contains("\nautosave_steps = 2\n"))
        #expect(try folder.voice().configuration.training.autosaveSteps == 2)
        watched.trainer.send(.resume)
        await watched.until { if case .event(let event) = $0 { event.message.contains("(autosave)") } else { false } }
        #expect(await watched.finish(.stop) == .stopped)
    }

    @Test func whatNeedsANewStartIsWrittenAndWhatIsPartOfTheWeightsIsNot() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice())
        await watched.until(step: 1)
        let sentence = try await watched.trainer.change("training.batch_size", to: "4")
        #expect(sentence == "[training] batch_size = 4 stands in voice.toml and holds from the next start on.")
        let batch = try #require(try await watched.trainer.settings().first { $0.id == "training.batch_size" })
        #expect(batch.value == "2" && batch.waiting == "4")
        #expect(try folder.voice().configuration.training.batchSize == 4)
        await #expect(throws: SettingError.fixed(setting: "[voice] seed")) {
            try await watched.trainer.change("voice.seed", to: "7")
        }
        #expect(try await watched.trainer.settings().first { $0.id == "voice.seed" }?.effect == .fixed)
        #expect(await watched.finish(.stop) == .stopped)
    }

    @Test func aWrongValueIsOneSentenceAndChangesNothing() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice(), commands: [.pause])
        await watched.until(phase: .paused)
        for (name, text, sentence) in [
            ("loss.mel", "much", "[loss] mel must be a number from 0 to 1000, not “much”."),
            ("loss.mel", "-1", "[loss] mel must be a number from 0 to 1000, not “-1”."),
            (
                "training.schedule", "",
                "[training] schedule must be a list of sovits, prior and speaker, not empty, not nothing."
            ),
            (
                "optimizer.prior_warmup_steps", "20000",
                "[optimizer] prior_warmup_steps must be less than prior_total_steps."
            ),
            ("data.held_out", "clip_9", "There is no clip “clip_9”; [data] held_out stays as it is."),
            ("loss.pitch", "1", "There is no setting loss.pitch."),
        ] {
            let error = await #expect(throws: (any Error).self) { try await watched.trainer.change(name, to: text) }
            #expect(error.map { "\($0)" } == sentence)
        }
        #expect(try await watched.trainer.settings().allSatisfy { !$0.isOnLine && $0.waiting == nil })
        #expect(await watched.finish(.stop) == .stopped)
    }
}

/// One setting of a voice.toml that a person wrote.
@Suite struct VoiceFileTests {
    private static let text = """
        # My voice.
        [voice]
        name = "ada" # the first
        preset = "tiny"

        [loss]
        # louder
          mel  =  30.5   # was 45

        """

    private func changed(_ name: String, _ typed: String, in text: String = Self.text) throws -> String {
        let setting = try #require(VoiceSetting.find(dotted: name))
        return try VoiceFile.changing(setting, to: setting.value(typed: typed), in: text, file: "voice.toml")
    }

    @Test func everyOtherLineStaysAsItIs() throws {
        #expect(try changed("loss.mel", "45") == Self.text.replacing("  mel  =  30.5   # was 45", with: "mel = 45"))
        #expect(try changed("loss.kl", "2").contains("# was 45\n# Divergence of the posterior"))
        let added = try changed("training.schedule", "prior sovits")
        #expect(
            added.hasPrefix("# My voice.\n") && added.hasSuffix("\n[training]\nschedule = [\"prior\", \"sovits\"]\n"))
    }

    @Test func aFormThatLinesDoNotShowIsWrittenAnew() throws {
        let inline = "voice = { name = \"ada\", preset = \"tiny\" }\nloss = { mel = 30 }\n"
        let result = try changed("loss.mel", "45", in: inline)
        #expect(try VoiceConfiguration(toml: result, file: "voice.toml").loss.mel == 45)
        #expect(try VoiceConfiguration(toml: result, file: "voice.toml").voice.name == "ada")
    }
}

/// Reading the log of a line page by page.
@Suite struct JournalLogTests {
    @Test func aLineIsReadBackAndForthAcrossItsBranches() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString).sqlite")
        defer {
            for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: url.path + end) }
        }
        let journal = try Journal(url: url)
        func step(_ step: Int, _ branch: String) -> StepRecord {
            StepRecord(
                branch: branch, step: step, stage: step % 4 == 0 ? .prior : .sovits, epoch: 0, batch: 0,
                learningRate: 1, metrics: [:], seconds: 1)
        }
        func event(_ step: Int, _ branch: String, _ kind: JournalEvent.Kind, _ message: String) -> JournalEvent {
            JournalEvent(date: Date(timeIntervalSince1970: 0), branch: branch, step: step, kind: kind, message: message)
        }
        try journal.addBranch("main", parent: nil, forkStep: 0)
        try journal.append(event(0, "main", .started, "begins"))
        for number in 1...30 { _ = try journal.append(step(number, "main")) }
        try journal.append([event(20, "main", .checkpoint, "saved"), event(30, "main", .warning, "left behind")])
        try journal.addBranch("second", parent: "main", forkStep: 20)
        try journal.append(event(20, "second", .rolledBack, "went back"))
        for number in 21...40 { _ = try journal.append(step(number, "second")) }
        try journal.append(event(40, "second", .warning, "the last"))

        func label(_ line: LogPage.Line) -> String {
            switch line.entry {
            case .step(let record): "\(record.branch) \(record.step)"
            case .event(let event): event.message
            }
        }
        let every = Set(LogFilterKinds.all)
        let wanted =
            ["begins"] + (1...20).map { "main \($0)" } + ["saved", "went back"] + (21...40).map { "second \($0)" }
            + ["the last"]
        for limit in [1, 3, 7, 100] {
            var place = LogPlace.end
            var read: [String] = []
            while true {
                let page = try journal.log(
                    LogRequest(before: place, stages: Set(Stage.allCases), kinds: every, limit: limit),
                    onLineOf: "second")
                read = page.lines.map(label) + read
                guard page.goesOn, let first = page.lines.first else { break }
                place = first.place
            }
            #expect(read == wanted, "\(limit) backwards")
            place = .start
            read = []
            while true {
                let page = try journal.log(
                    LogRequest(after: place, stages: Set(Stage.allCases), kinds: every, limit: limit),
                    onLineOf: "second")
                read += page.lines.map(label)
                guard page.goesOn, let last = page.lines.last else { break }
                place = last.place
            }
            #expect(read == wanted, "\(limit) forwards")
        }
        let warnings = try journal.log(
            LogRequest(before: .end, stages: [], kinds: [.warning]), onLineOf: "second")
        #expect(warnings.lines.map(label) == ["the last"] && !warnings.goesOn)
        let prior = try journal.log(LogRequest(after: .start, stages: [.prior], kinds: [], limit: 2), onLineOf: "main")
        #expect(prior.lines.map(label) == ["main 4", "main 8"] && prior.goesOn)
    }

    private enum LogFilterKinds {
        static let all: [JournalEvent.Kind] = [.started, .checkpoint, .rolledBack, .warning]
    }
}
