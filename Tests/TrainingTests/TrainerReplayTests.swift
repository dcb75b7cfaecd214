import Checkpoint
import Foundation
import Testing
import Training

@Suite struct TrainerReplayTests {
    /// Ten steps of which the sixth and the last are saved; two wishes were obeyed in between.
    private func trained() async throws -> (folder: VoiceFolder, voice: Voice, records: [StepRecord]) {
        let folder = try VoiceFolder()
        let voice = try folder.voice()
        var records = try await train(voice, to: 6).records
        records += try await train(voice, to: 8, commands: [.setLearningRateFactor(0.5)]).records
        records += try await train(voice, to: 10, commands: [.setStage(.prior)]).records
        try FileManager.default.removeItem(at: voice.checkpointDirectory.appendingPathComponent("main/g_0000008"))
        return (folder, voice, records)
    }

    @Test func aStepThatWasNotSavedIsReachedToTheBit() async throws {
        let (folder, voice, first) = try await trained()
        let watched = try Watched(voice, commands: [.pause, .rollBack(to: "g_0000009")])
        await watched.until {
            if case .event(let event) = $0 { event.message.hasPrefix("Back at step") } else { false }
        }
        #expect(watched.messages.last == "Back at step 9, the same bits as on main; going on as branch-1")
        await watched.until(phase: .paused)
        #expect(watched.records.map(\.step) == [7, 8, 9] && watched.records.allSatisfy { $0.branch == "branch-1" })
        for (a, b) in zip(first[6...], watched.records) { #expect(b.differences(from: a).isEmpty, "step \(a.step)") }
        let told = watched.snapshots.compactMap(\.redoing)
        #expect(!told.isEmpty && told.allSatisfy { $0 == TrainingSnapshot.Redoing(from: 6, to: 9) })
        #expect(watched.last?.redoing == nil)
        #expect(watched.last?.learningRateFactor == 0.5 && watched.last?.stageOverride == .prior)
        #expect(watched.last?.checkpoints.last?.id == "branch-1/g_0000009")
        #expect(watched.last?.checkpoints.last?.reason == "rollback" && watched.last?.stepsAtRisk == 0)
        #expect(await watched.finish(.stop) == .stopped)

        // Taking it back leads to where training stood before.
        let store = try CheckpointStore(directory: voice.checkpointDirectory)
        #expect(try store.undo().to == Head(branch: "main", checkpoint: CheckpointID(branch: "main", step: 10)))
        let again = try Watched(voice, TrainerOptions(targetStep: 11))
        #expect(await again.finish() == .reachedTarget)
        #expect(again.records.map(\.branch) == ["main"] && again.records.map(\.step) == [11])
        withExtendedLifetime(folder) {}
    }

    @Test func aReplayOutlivesItsProcess() async throws {
        let (folder, voice, first) = try await trained()
        do {
            let store = try CheckpointStore(directory: voice.checkpointDirectory)
            let journal = try Journal(url: voice.journalURL)
            let place = try Lineage.destination(of: "g_0000009", store: store, journal: journal)
            #expect(place.checkpoint == CheckpointID(branch: "main", step: 6) && place.stepsToRedo == 3)
            #expect(try Lineage.goBack(to: place, store: store, journal: journal).branch == "branch-1")
        }
        // Stopped in the middle of it, then gone on; the target of the run comes first.
        let early = try Watched(voice, TrainerOptions(), commands: [])
        await early.until(step: 7, of: "branch-1")
        #expect(await early.finish(.interrupt) == .stopped)
        let rest = try Watched(voice, TrainerOptions(targetStep: 10))
        #expect(await rest.finish() == .reachedTarget)
        let records = early.records + rest.records
        #expect(records.map(\.step) == [7, 8, 9, 10])
        for (a, b) in zip(first[6...], records.prefix(3)) { #expect(b.differences(from: a).isEmpty, "step \(a.step)") }
        #expect((early.messages + rest.messages).contains { $0.hasPrefix("Back at step 9, the same bits") })
        withExtendedLifetime(folder) {}
    }

    @Test func aStepThatDiffersIsTheUsersDecision() async throws {
        let (folder, voice, _) = try await trained()
        do {
            let journal = try Journal(url: voice.journalURL)
            var row = try #require(try journal.rows(branch: "main", after: 7, through: 8).first)
            let metric = try #require(row.metrics.keys.first)
            row.metrics[metric]? += 1
            try journal.replace(row)
        }
        let watched = try Watched(voice, commands: [.pause, .rollBack(to: "g_0000009")])
        let sentence = try #require(await watched.untilHalted())
        #expect(sentence.hasPrefix("Step 8, done again, came out differently than on main ("))
        #expect(sentence.contains("Go on if that is good enough, or roll back"))
        #expect(watched.last?.step == 8)
        watched.trainer.send(.resume)
        await watched.until {
            if case .event(let event) = $0 { event.message.hasPrefix("Back at step") } else { false }
        }
        #expect(watched.messages.last?.contains("1 of its steps came out differently") == true)
        #expect(await watched.finish(.stop) == .stopped)
        withExtendedLifetime(folder) {}
    }

    @Test func aStepThatWasNeverTrainedIsNotInvented() async throws {
        let (folder, voice, _) = try await trained()
        let store = try CheckpointStore(directory: voice.checkpointDirectory)
        let journal = try Journal(url: voice.journalURL)
        #expect(throws: CheckpointError.self) {
            try Lineage.destination(of: "g_0000011", store: store, journal: journal)
        }
        #expect(try Lineage.destination(of: "g_0000010", store: store, journal: journal).stepsToRedo == 0)
        withExtendedLifetime(folder) {}
    }

    @Test func otherClipsBeginAnEpochAndAreRecorded() async throws {
        let folder = try VoiceFolder()
        try await train(folder.voice(), to: 1)
        let metadata = folder.url.appendingPathComponent("metadata.csv")
        let text = try String(contentsOf: metadata, encoding: .utf8)
        try text.replacing("Two tones follow.", with: "Two tones follow one.").write(
            to: metadata, atomically: true, encoding: .utf8)
        let changed = try await train(folder.voice(), to: 3)
        #expect(changed.messages.contains { $0.contains("held-out list changed since main/g_0000001") })
        #expect(changed.records.first?.epoch == 1 && changed.records.first?.batch == 0)
        let journal = try Journal(readOnly: folder.voice().journalURL)
        let wishes = try journal.settings(branch: "main").filter { $0.name == "dataset" }
        #expect(wishes.count == 1 && wishes.first?.step == 1)
        // The same again is nothing new.
        let same = try await train(folder.voice(), to: 4)
        #expect(!same.messages.contains { $0.contains("changed since") })
    }
}
