import Checkpoint
import Foundation
import Testing
import Training

@Suite struct TrainerRunTests {
    @Test func aRunTellsAllInOrderAndSavesWhenDue() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 2 }
        let watched = try Watched(folder.voice(), TrainerOptions(targetStep: 5))
        #expect(await watched.finish() == .reachedTarget)
        #expect(watched.records.map(\.step) == [1, 2, 3, 4, 5])
        let last = try #require(watched.last)
        #expect(last.phase == .stopped && last.step == 5 && last.targetStep == 5)
        #expect(last.checkpoints.map(\.step).sorted() == [2, 4, 5])
        #expect(last.checkpoints.allSatisfy { $0.reason == "autosave" && $0.bytes > 0 })
        // Preparation first, from the very first event on, then training.
        #expect(watched.messages.first?.hasPrefix("Starting from scratch: 4 clips") == true)
        let phases = watched.snapshots.map { if case .preparing = $0.phase { true } else { false } }
        #expect(phases.first == true && phases == phases.sorted { $0 && !$1 })
        #expect(last.batchesInEpoch == 2 && last.secondsPerStep != nil && last.learningRate > 0)
        // What a save takes is said before the first, and is what the largest comes to, all but a little.
        let said = try #require(watched.messages.firstIndex { $0.hasPrefix("A checkpoint takes about ") })
        #expect(said < (watched.messages.firstIndex { $0.hasPrefix("Saved ") } ?? 0))
        let (next, largest) = (try #require(last.safety.nextBytes), last.checkpoints.map(\.bytes).max() ?? 0)
        #expect(next <= largest && Double(next) > 0.95 * Double(largest), "\(next) of \(largest)")
        #expect(last.safety.freeBytes ?? 0 > 0)
        // The journal has what was told.
        let history = try await watched.trainer.history(limit: 100)
        #expect(history.map { $0.metrics } == watched.records.map { $0.metrics })
        #expect(try await watched.trainer.recentEvents(limit: 100).map(\.message) == watched.messages)
    }

    @Test func aReachedTargetIsSaidAtOnce() async throws {
        let folder = try VoiceFolder()
        try await train(folder.voice(), to: 1)
        let again = try await train(folder.voice(), to: 1)
        #expect(again.records.isEmpty && again.messages.last == "Step 1 is reached already")
    }

    @Test func stoppingAndGoingOnIsTrainingStraight() async throws {
        let (straight, broken) = (try VoiceFolder(), try VoiceFolder())
        let whole = try await train(straight.voice(), to: 7)
        var parts = try await train(broken.voice(), to: 3).records
        parts += try await train(broken.voice(), to: 4).records
        parts += try await train(broken.voice(), to: 7).records
        #expect(parts.count == 7)
        for (a, b) in zip(whole.records, parts) { #expect(b.isIdentical(to: a), "step \(a.step)") }
        let ends = try [straight, broken].map { folder in
            try CheckpointStore(directory: folder.voice().checkpointDirectory)
                .load(CheckpointID(branch: "main", step: 7)).image.files
        }
        #expect(ends[0] == ends[1])
    }

    @Test func oneTrainerAVoice() async throws {
        let folder = try VoiceFolder()
        let voice = try folder.voice()
        do {
            let first = try Trainer(voice: voice, options: TrainerOptions())
            #expect(throws: CheckpointError.self) { try Trainer(voice: voice, options: TrainerOptions()) }
            _ = first.voice
        }
        _ = try Trainer(voice: voice, options: TrainerOptions())
    }

    @Test func stoppingBeforeItBeganLeavesTheVoiceAsItWas() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice(), commands: [.stop])
        #expect(await watched.finish() == .stopped)
        #expect(watched.records.isEmpty && watched.last?.checkpoints.isEmpty == true)
        // Not even the first clip was read.
        #expect(!watched.snapshots.contains { $0.phase == .preparing("Reading clips", fraction: 0) })
        try await train(folder.voice(), to: 1)
    }

    @Test func aSignalIsTheReasonOfItsCheckpoint() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice())
        await watched.until(step: 1)
        watched.trainer.send(.interrupt)
        #expect(await watched.finish() == .stopped)
        #expect(watched.last?.checkpoints.map(\.reason) == ["signal"])
    }

    @Test func aDamagedCheckpointIsExplained() async throws {
        let folder = try VoiceFolder()
        let voice = try folder.voice()
        try await train(voice, to: 1)
        try await train(voice, to: 3)
        let file = voice.checkpointDirectory.appendingPathComponent("main/g_0000003/sovits.safetensors")
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        let watched = try Watched(voice, TrainerOptions(targetStep: 3))
        #expect(await watched.finish() == .reachedTarget)
        let origin = try #require(watched.last?.origin)
        #expect(origin.hasPrefix("resumed from main/g_0000001; main/g_0000003 is damaged"))
        #expect(watched.messages.contains { $0.hasPrefix(origin) && $0.contains("redoing 2 steps") })
        #expect(watched.records.map(\.step) == [2, 3])
        // The damaged one was moved aside and saved anew, the same as it had been.
        #expect(!watched.messages.contains { $0.contains("came out differently") })
        #expect(
            try CheckpointStore(directory: voice.checkpointDirectory).verify(CheckpointID(branch: "main", step: 3)).id
                .step == 3)
    }

    @Test func aVoiceThatCannotBePreparedFailsWithASentence() async throws {
        let folder = try VoiceFolder()
        try Data("RIFF".utf8).write(to: folder.url.appendingPathComponent("clips/clip_3.wav"))
        let watched = try Watched(folder.voice())
        guard case .failed(let sentence) = await watched.finish() else {
            Issue.record("training began")
            return
        }
        #expect(sentence.contains("clip_3.wav"))
        #expect(watched.last?.phase == .failed(sentence) && watched.events.last?.kind == .failure)
    }

    @Test func aBranchThatTheJournalMissedIsAddedOnOpening() async throws {
        let folder = try VoiceFolder()
        let voice = try folder.voice()
        try await train(voice, to: 2)
        // A crash between the store's half of going back and the journal's.
        let id = CheckpointID(branch: "main", step: 2)
        _ = try CheckpointStore(directory: voice.checkpointDirectory).newBranch(from: id)
        let watched = try Watched(voice, TrainerOptions(targetStep: 4))
        #expect(await watched.finish() == .reachedTarget)
        #expect(watched.records.map(\.branch) == ["branch-1", "branch-1"])
        #expect(try await watched.trainer.history(limit: 10).map(\.step) == [1, 2, 3, 4])
    }

    @Test func aStepSavedBeforeWithOtherContentsIsSaid() async throws {
        let folder = try VoiceFolder()
        try await train(folder.voice(), to: 1)
        try folder.write(TinyVoice.configuration { $0.sampling.topK = 3 })
        let watched = try Watched(folder.voice(), commands: [.pause])
        await watched.until(phase: .paused)
        #expect(await watched.finish(.stop) == .stopped)
        #expect(
            watched.events.contains { $0.kind == .warning && $0.message.contains("other contents in voice.toml") },
            "\(watched.messages)")
    }

    @Test func aVoiceStartsFromItsBase() async throws {
        let base = try VoiceFolder(), folder = try VoiceFolder(clips: 6)
        func wanting() throws {
            try folder.write(TinyVoice.configuration { $0.base = .init(voice: base.url.path) })
        }
        try wanting()
        let early = try Watched(folder.voice())
        guard case .failed(let sentence) = await early.finish() else {
            Issue.record("training began")
            return
        }
        #expect(sentence.contains("has no checkpoint yet"))
        try await train(base.voice(), to: 2)
        let watched = try Watched(folder.voice(), TrainerOptions(targetStep: 1))
        #expect(await watched.finish() == .reachedTarget)
        #expect(watched.last?.origin == "started from \(base.url.path)@main/g_0000002")
        // The base's codes, not new ones; a voice of six clips would have found more.
        let images = try [base, folder].map { folder in
            let voice = try folder.voice(), step = folder === base ? 2 : 1
            return try CheckpointStore(directory: voice.checkpointDirectory).load(
                CheckpointID(branch: "main", step: step)
            ).image
        }
        #expect(try images[0].file("tokenizer.safetensors") == images[1].file("tokenizer.safetensors"))
    }
}
