import Checkpoint
import Foundation
import Testing
import Training

@Suite struct TrainerCommandTests {
    @Test func pauseSaveGoBackAndTheSameLossesComeAgain() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice())
        await watched.until(step: 2)
        watched.trainer.send(.pause)
        await watched.until(phase: .paused)
        let pause = try #require(watched.last)
        let id = "main/\(CheckpointID(branch: "main", step: pause.step).folder)"
        #expect(pause.checkpoints.map(\.id) == [id] && pause.checkpoints.first?.reason == "pause")

        // Nothing is trained while it is paused, and a step is saved once.
        let done = watched.records.count
        watched.trainer.send(.snapshot)
        await watched.until {
            if case .event(let event) = $0 { event.message.contains("is saved already") } else { false }
        }
        watched.trainer.send(.setLearningRateFactor(1))
        await watched.until(.setting)
        #expect(watched.records.count == done && watched.last?.step == pause.step)

        watched.trainer.send(.resume)
        await watched.until(step: pause.step + 5)
        watched.trainer.send(.rollBack(to: id))
        await watched.until(.rolledBack)
        await watched.until(step: pause.step + 5, of: "branch-1")
        #expect(await watched.finish(.stop) == .stopped)

        let first = watched.records.filter { $0.branch == "main" && $0.step > pause.step }
        let second = watched.records.filter { $0.branch == "branch-1" }
        #expect(second.map(\.step).prefix(5) == Array(pause.step + 1...pause.step + 5)[...])
        for (a, b) in zip(first, second) { #expect(b.differences(from: a).isEmpty, "step \(a.step)") }

        // What was left behind is a checkpoint too, and the curve runs along the branch.
        let kept = try #require(watched.last?.checkpoints)
        #expect(kept.contains { $0.branch == "main" && $0.reason == "rollback" && $0.step == first.last?.step })
        #expect(kept.contains { $0.branch == "branch-1" && $0.reason == "user" })
        let history = try await watched.trainer.history(limit: 1000)
        #expect(history.map(\.step) == Array(1...(second.last?.step ?? 0)))
        #expect(history.first?.branch == "main" && history.last?.branch == "branch-1")
    }

    @Test func goingBackToWhatIsNotThereChangesNothing() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice())
        await watched.until(step: 1)
        watched.trainer.send(.rollBack(to: "g_0000999"))
        await watched.until(.failure)
        #expect(watched.messages.last?.contains("g_0000999") == true)
        watched.trainer.send(.branch(from: "yesterday", learningRateFactor: 0.5))
        await watched.until(.failure)
        await watched.until(step: (watched.records.last?.step ?? 0) + 1)
        #expect(watched.last?.phase == .training && watched.last?.branch == "main")
        #expect(watched.last?.learningRateFactor == 1)
        #expect(await watched.finish(.stop) == .stopped)
        #expect(
            watched.obeyed == [
                .rollBack(to: "g_0000999"), .branch(from: "yesterday", learningRateFactor: 0.5),
            ])
    }

    @Test func aBranchBeginsWithItsOwnLearningRateAndTheOtherLineIsReadAllTheSame() async throws {
        let folder = try VoiceFolder()
        let voice = try folder.voice()
        try await train(voice, to: 3)
        try await train(voice, to: 5)
        let watched = try Watched(voice, commands: [.pause, .branch(from: "g_0000003", learningRateFactor: 0.25)])
        await watched.until { if case .obeyed(.branch) = $0 { true } else { false } }
        #expect(watched.last?.branch == "branch-1" && watched.last?.step == 3)
        #expect(watched.last?.learningRateFactor == 0.25)
        #expect(try await watched.trainer.history(of: "main", limit: 100).map(\.step) == [1, 2, 3, 4, 5])
        #expect(try await watched.trainer.history(of: "branch-1", limit: 100).map(\.step) == [1, 2, 3])
        #expect(await watched.finish(.stop) == .stopped)
    }

    @Test func aWishOutlivesACrashAfterItsCheckpoint() async throws {
        let folder = try VoiceFolder()
        let voice = try folder.voice()
        try await train(voice, to: 3)
        try await train(voice, to: 5)
        let first = try await train(voice, to: 8, commands: [.setLearningRateFactor(0.5), .setStage(.prior)])
        #expect(first.records.map(\.stage) == [.prior, .prior, .prior])
        // As if the power had failed before anything after step 3 was saved.
        let store = try CheckpointStore(directory: voice.checkpointDirectory)
        func tensors() throws -> [String: Digest] {
            let files = try store.manifest(CheckpointID(branch: "main", step: 8)).files
            return Dictionary(
                uniqueKeysWithValues: files.filter { $0.name.hasSuffix(".safetensors") }.map { ($0.name, $0.digest) })
        }
        let before = try tensors()
        let branch = voice.checkpointDirectory.appendingPathComponent("main")
        for name in ["g_0000005", "g_0000008"] {
            try FileManager.default.removeItem(at: branch.appendingPathComponent(name))
        }
        try store.setHead(Head(branch: "main", checkpoint: CheckpointID(branch: "main", step: 3)))

        let watched = try Watched(voice, TrainerOptions(targetStep: 8))
        #expect(await watched.finish() == .reachedTarget)
        #expect(
            watched.messages.contains { $0.contains("resumed from main/g_0000003; redoing 5 steps of the journal") })
        #expect(!watched.events.contains { $0.kind == .warning }, "\(watched.messages)")
        #expect(watched.records.map(\.step) == [4, 5, 6, 7, 8])
        for (a, b) in zip(first.records, watched.records.suffix(3)) { #expect(b.isIdentical(to: a)) }
        #expect(try tensors() == before)
        // The screen learns what holds, also where it was wished for in another session.
        #expect(watched.last?.learningRateFactor == 0.5 && watched.last?.stageOverride == .prior)
    }

    @Test func aWishBeforeTheFirstCheckpointIsReplayedToo() async throws {
        let folder = try VoiceFolder()
        let voice = try folder.voice()
        let first = try await train(voice, to: 2, commands: [.setLearningRateFactor(0.25)])
        try FileManager.default.removeItem(at: voice.checkpointDirectory)
        let again = try await train(voice, to: 2)
        #expect(again.messages.contains { $0.contains("redoing 2 steps") })
        for (a, b) in zip(first.records, again.records) { #expect(b.isIdentical(to: a)) }
    }

    @Test func notANumberHaltsIsNeverSavedAndIsUndoneByGoingBack() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice(), TrainerOptions(stage: .sovits))
        await watched.until(step: 1)
        watched.trainer.send(.pause)
        await watched.until(phase: .paused)
        let good = try #require(watched.last?.checkpoints.first)
        await watched.trainer.poison()
        watched.trainer.send(.resume)
        let sentence = await watched.untilHalted()
        #expect(sentence?.contains("The discriminator loss is not a finite number at step \(good.step + 1)") == true)
        #expect(sentence?.contains("roll back") == true)

        watched.trainer.send(.snapshot)
        await watched.until(.warning)
        #expect(watched.messages.last?.contains("is not saved") == true)
        watched.trainer.send(.resume)
        await watched.until(.warning)
        #expect(watched.last?.checkpoints.count == 1)

        watched.trainer.send(.rollBack(to: good.id))
        await watched.until(phase: .paused)
        watched.trainer.send(.resume)
        await watched.until(step: good.step + 2, of: "branch-1")
        #expect(watched.records.last?.metrics.values.allSatisfy(\.isFinite) == true)
        #expect(await watched.finish(.stop) == .stopped)
    }

    @Test func stoppingWhileHaltedSavesNothing() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice(), TrainerOptions(stage: .sovits), commands: [.pause])
        await watched.until(phase: .paused)
        await watched.trainer.poison()
        watched.trainer.send(.resume)
        #expect(await watched.untilHalted() != nil)
        #expect(await watched.finish(.stop) == .stopped)
        #expect(watched.last?.checkpoints.map(\.step) == [0])
        #expect(watched.messages.last?.contains("Stopped without saving") == true)
    }

    @Test func aSentenceIsSpokenWhileTrainingGoesOn() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice())
        let unprepared = try VoiceFolder()
        await #expect(throws: SessionError.self) {
            try await Trainer(voice: unprepared.voice(), options: TrainerOptions()).audition(
                AuditionRequest(text: "Early.", checkpoint: nil, seed: 1, fromHeldOutClip: false)
            ) { _ in }
        }
        await watched.until(step: 1)
        watched.trainer.send(.snapshot)
        await watched.until(.checkpoint)
        let saved = try #require(
            watched.last?.checkpoints.first?.id ?? watched.messages.last?.split(separator: " ")[1].description)
        let now = try await watched.trainer.audition(
            AuditionRequest(text: "Hello there.", checkpoint: nil, seed: 3, fromHeldOutClip: false)
        ) { _ in }
        let then = try await watched.trainer.audition(
            AuditionRequest(text: "Hello there.", checkpoint: saved, seed: 3, fromHeldOutClip: false)
        ) { _ in }
        let copy = try await watched.trainer.audition(
            AuditionRequest(text: "", checkpoint: saved, seed: 3, fromHeldOutClip: true)
        ) { _ in }
        await watched.until(step: now.step + 1)
        #expect(now.source == "prior" && now.checkpoint.hasPrefix("main@") && then.checkpoint == saved)
        #expect(copy.source == "clip_0" && copy.sampleCount == 15000 / 640 * 640)
        for take in [now, then, copy] {
            #expect(FileManager.default.fileExists(atPath: take.path))
            #expect(take.sampleCount > 0 && take.sampleRate == 16000)
        }
        #expect(await watched.finish(.stop) == .stopped)
        #expect(watched.events.filter { $0.kind == .take }.count == 3)
    }

    @Test func aTakeRemembersHowItWasSpokenAndACancelledOneIsNotKept() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice(), commands: [.snapshot])
        await watched.until(.checkpoint)
        let saved = try #require(watched.messages.last?.split(separator: " ")[1].description)
        var request = AuditionRequest(text: "Hello there.", checkpoint: saved, seed: 3, fromHeldOutClip: false)
        let plain = try await watched.trainer.audition(request) { _ in }
        request.reference = "clip_2"
        request.sampling = AuditionSampling(topK: 3, temperature: 0.5)
        let own = try await watched.trainer.audition(request) { _ in }
        #expect(own.reference == "clip_2" && own.sampling == request.sampling)
        let material = try await watched.trainer.auditionMaterial()
        let first = AuditionRequest(text: "Hello there.", checkpoint: saved, seed: 3, fromHeldOutClip: false)
        #expect(plain.answers(first, defaults: material.sampling))
        #expect(own.answers(request, defaults: material.sampling))
        #expect(!plain.answers(request, defaults: material.sampling))
        #expect(material.takes == [plain, own] && material.references.count == 5)

        let (trainer, again) = (watched.trainer, request)
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await trainer.audition(again) { _ in }
        }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        let kept = try await trainer.takes()
        #expect(kept.count == 2)
        let stranger = AuditionRequest(text: "Hi.", checkpoint: saved, seed: 1, fromHeldOutClip: false, reference: "x")
        await #expect(throws: SessionError.self) { try await trainer.audition(stranger) { _ in } }
        #expect(await watched.finish(.stop) == .stopped)
    }
}
