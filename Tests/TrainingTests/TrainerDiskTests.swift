import Checkpoint
import Foundation
import Testing
import Training

@Suite struct TrainerDiskTests {
    private func options(to step: Int? = nil) -> TrainerOptions {
        var options = TrainerOptions(targetStep: step)
        options.diskPatience = .milliseconds(5)
        return options
    }

    /// A session that stands still, so that the disk changes between two saves and not within one.
    private func standing(
        _ voice: Voice, _ options: TrainerOptions, _ disk: TestDisk, hasReserve: Bool = false
    ) async throws -> Watched {
        let watched = try Watched(voice, options, commands: [.pause], disk: disk.fileSystem)
        await watched.until(phase: .paused)
        if !hasReserve {
            try FileManager.default.removeItem(at: voice.checkpointDirectory.appendingPathComponent(".reserve"))
        }
        return watched
    }

    /// That nothing was lost: every step once, every step of the journal, the last one on the disk.
    private func expectWhole(_ watched: Watched, _ voice: Voice, after earlier: Int = 0, to step: Int) throws {
        #expect(watched.records.map(\.step) == Array(earlier + 1...step))
        #expect(watched.last?.safety.savedStep == step)
        let store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        #expect(try store.verify(CheckpointID(branch: "main", step: step)).id.step == step)
        let journal = try Journal(readOnly: voice.journalURL)
        #expect(try journal.rows(branch: "main").map(\.step) == Array(1...step))
    }

    @Test func trainingGoesOnWhileASaveIsUnderWay() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 2 }
        let disk = TestDisk()
        let watched = try Watched(folder.voice(), options(to: 5), disk: disk.fileSystem)
        disk.hold()
        await watched.until(step: 4)
        #expect(watched.last?.safety.isSaving == true && watched.last?.safety.savedStep == nil)
        #expect(watched.last.map { $0.stepsAtRisk } == watched.last?.step)
        #expect(!watched.events.contains { $0.kind == .checkpoint })
        // A sentence can be heard meanwhile.
        let take = try await watched.trainer.audition(
            AuditionRequest(text: "Now.", checkpoint: nil, seed: 1, fromHeldOutClip: false)
        ) { _ in }
        #expect(take.sampleCount > 0)
        disk.release()
        #expect(await watched.finish() == .reachedTarget)
        #expect(watched.last?.checkpoints.map(\.step).sorted() == [2, 4, 5])
        #expect(watched.last?.safety.cost != nil)
        try expectWhole(watched, folder.voice(), to: 5)
    }

    @Test(arguments: [TestDisk.State.full, .failing(EIO), .failing(EROFS), .failing(EDQUOT)])
    func aDiskThatFailsIsWaitedFor(state: TestDisk.State) async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 2 }
        let disk = TestDisk()
        var options = options(to: 6)
        options.endsWhenHalted = true
        let watched = try await standing(folder.voice(), options, disk)
        disk.state = state
        watched.trainer.send(.resume)
        let sentence = try #require(await watched.untilHalted())
        #expect(sentence.contains("goes on by itself"))
        if state == .full { #expect(sentence.contains("no room to save") && sentence.contains("needed")) }
        let step = try #require(watched.last?.step)
        #expect(step >= 2)
        disk.state = .roomy
        #expect(await watched.finish() == .reachedTarget)
        #expect(watched.events.filter { $0.kind == .failure }.count == 1, "\(watched.messages)")
        #expect(watched.messages.contains { $0.hasSuffix("going on from step \(step)") })
        try expectWhole(watched, folder.voice(), to: 6)
    }

    @Test func theReserveTakesOneSaveThenTrainingWaits() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 2 }
        let disk = TestDisk()
        // All moments are there, and so is the reserve for them.
        try await train(folder.voice(), to: 4)
        let watched = try await standing(folder.voice(), options(to: 9), disk, hasReserve: true)
        disk.state = .full
        watched.trainer.send(.resume)
        let sentence = try #require(await watched.untilHalted())
        #expect(sentence.contains("saved in the room that was kept for it; make "), "\(sentence)")
        #expect(disk.state == .reserveReleased && watched.last?.safety.savedStep == 6)
        disk.state = .roomy
        #expect(await watched.finish() == .reachedTarget)
        let reserve = try folder.voice().checkpointDirectory.appendingPathComponent(".reserve").path
        #expect(FileManager.default.fileExists(atPath: reserve), "there is a reserve again")
        try expectWhole(watched, folder.voice(), after: 4, to: 9)
    }

    @Test func whoPausesMeanwhileStaysPaused() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 2 }
        let disk = TestDisk()
        let watched = try await standing(folder.voice(), options(), disk)
        disk.state = .full
        watched.trainer.send(.resume)
        _ = await watched.untilHalted()
        watched.trainer.send(.pause)
        await watched.until { if case .event(let event) = $0 { event.message.contains("Stays paused") } else { false } }
        disk.state = .roomy
        await watched.until(phase: .paused)
        #expect(watched.last?.stepsAtRisk == 0)
        #expect(await watched.finish(.stop) == .stopped)
    }

    @Test func aPauseThatCannotBeSavedIsAPauseAllTheSame() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 1000 }
        let disk = TestDisk()
        let watched = try Watched(folder.voice(), options(), disk: disk.fileSystem)
        await watched.until(step: 1)
        disk.state = .full
        watched.trainer.send(.pause)
        _ = await watched.untilHalted()
        let done = watched.records.count
        disk.state = .roomy
        await watched.until(phase: .paused)
        #expect(watched.last?.step == done && watched.last?.safety.savedStep == done)
        // A snapshot that fails while nothing else happens is told at once.
        disk.state = .failing(EIO)
        watched.trainer.send(.resume)
        await watched.until(step: done + 1)
        watched.trainer.send(.snapshot)
        #expect(await watched.untilHalted() != nil)
        disk.state = .roomy
        await watched.until(step: done + 3)
        #expect(await watched.finish(.stop) == .stopped)
    }

    @Test func stoppingWhileItWaitsSaysWhatIsLost() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 2 }
        let disk = TestDisk()
        let watched = try await standing(folder.voice(), options(), disk)
        disk.state = .full
        watched.trainer.send(.resume)
        _ = await watched.untilHalted()
        guard case .failed(let sentence) = await watched.finish(.interrupt) else {
            Issue.record("it ended as if it had been saved")
            return
        }
        let steps = watched.records.count
        #expect(sentence.contains("no room to save"))
        let last = try #require(watched.events.last { $0.kind == .failure }?.message)
        #expect(last.hasSuffix("stopped at step \(steps), \(steps) steps will be done again"))
        // They are, and come out the same.
        let again = try await train(folder.voice(), to: steps)
        for (a, b) in zip(watched.records, again.records) { #expect(b.isIdentical(to: a)) }
    }

    @Test func aTargetReachedOnAFullDiskIsSavedBeforeItEnds() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 1000 }
        let disk = TestDisk()
        let watched = try Watched(folder.voice(), options(to: 3), disk: disk.fileSystem)
        disk.state = .full
        _ = await watched.untilHalted()
        disk.state = .roomy
        #expect(await watched.finish() == .reachedTarget)
        try expectWhole(watched, folder.voice(), to: 3)
    }
}
