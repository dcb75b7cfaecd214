import Checkpoint
import Foundation
import Testing
import Training

/// What the studio asks of a session besides training.
@Suite struct TrainerMarksTests {
    private func said(_ words: String, _ watched: Watched) async {
        await watched.until { if case .event(let event) = $0 { event.message.contains(words) } else { false } }
    }

    @Test func marksAreMadeBesideTrainingAndOutliveIt() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 2 }
        let watched = try Watched(folder.voice())
        await watched.until(step: 3)
        await watched.until(.checkpoint)
        let id = try #require(watched.last?.checkpoints.first?.id)
        watched.trainer.send(.pin(id, true))
        watched.trainer.send(.tag(id, add: "best"))
        watched.trainer.send(.tag(id, add: "other"))
        watched.trainer.send(.untag("best", "other"))
        watched.trainer.send(.note("best", "sounds like her"))
        watched.trainer.send(.untag(id, "nothing"))
        await said("no checkpoint has the tag nothing", watched)
        let marked = try #require(watched.last?.checkpoints.first { $0.id == id })
        #expect(marked.isPinned && marked.tags == ["best"] && marked.note == "sounds like her")
        watched.trainer.send(.verify("best"))
        await watched.until { if case .obeyed(.verify) = $0 { true } else { false } }
        #expect(watched.progress.last.map { $0.command == .verify("best") && $0.share > 0.9 } == true)
        #expect(watched.progress.map(\.share) == watched.progress.map(\.share).sorted())
        // A stop waits for what was asked before it.
        watched.trainer.send(.pin(id, false))
        #expect(await watched.finish(.stop) == .stopped)
        let store = try CheckpointStore(directory: folder.voice().checkpointDirectory, access: .readOnly)
        #expect(try store.list().first?.isPinned == false)
        #expect(try store.list().first?.note == "sounds like her")
        #expect(watched.messages.filter { $0.hasPrefix(id) }.count == 7, "\(watched.messages)")
    }

    @Test func aRollBackIsUndoneAndDoneAgain() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 2 }
        let watched = try Watched(folder.voice(), commands: [.undoRollBack])
        await watched.until(.failure)
        #expect(watched.messages.last == "there is no roll-back to undo")
        await watched.until(step: 4)
        await watched.until(.checkpoint)
        let id = try #require(watched.last?.checkpoints.first?.id)
        watched.trainer.send(.rollBack(to: id))
        await watched.until(.rolledBack)
        let left = try #require(watched.records.last?.step)
        await watched.until(step: 4, of: "branch-1")
        watched.trainer.send(.undoRollBack)
        await watched.until(.rolledBack)
        // At the end of the line that was left, and on from there.
        await watched.until(step: left + 1)
        let further = try #require(watched.records.last { $0.branch == "branch-1" }?.step)
        watched.trainer.send(.redoRollBack)
        await watched.until(.rolledBack)
        await watched.until(step: further + 1, of: "branch-1")
        #expect(await watched.finish(.stop) == .stopped)
        #expect(!watched.events.contains { $0.kind == .warning }, "\(watched.messages)")
        // No step was done twice on its line, and none was lost.
        let journal = try Journal(readOnly: folder.voice().journalURL)
        for branch in ["main", "branch-1"] {
            let steps = watched.records.filter { $0.branch == branch }.map(\.step)
            #expect(steps == Array((steps.first ?? 0)..<((steps.first ?? 0) + steps.count)))
            #expect(try journal.rows(branch: branch).map(\.step) == steps)
        }
        let branches = try #require(watched.last?.branches)
        #expect(branches.map(\.name) == ["branch-1", "main"])
        #expect(branches.first?.parent == id && branches.first?.reason == "roll-back")
    }

    @Test func checkpointsAreComparedWithTheirLosses() async throws {
        let folder = try VoiceFolder {
            $0.training.autosaveSteps = 4
            $0.training.validationSteps = 4
        }
        let voice = try folder.voice()
        let records = try await train(voice, to: 8, commands: [.setLearningRateFactor(0.5)]).records
        let watched = try Watched(voice, commands: [.pause])
        await watched.until(phase: .paused)
        let (first, second) = ("main/g_0000004", "main/g_0000008")
        let comparison = try await watched.trainer.compare(first, second)
        #expect(comparison.steps == 4 && comparison.tensors.count > 10)
        func mean(_ metric: Metric, to step: Int) -> Float {
            let values = records.filter { $0.step <= step }.compactMap { $0.metrics[metric] }.map { Double($0) }
            return Float(values.reduce(0, +) / Double(values.count))
        }
        for metric in [Metric.mel, .crossEntropy] {
            let loss = try #require(comparison.losses.first { $0.metric == metric })
            #expect(loss.first == mean(metric, to: 4) && loss.second == mean(metric, to: 8))
        }
        let validation = try #require(comparison.losses.first { $0.metric == .validationMel })
        #expect(validation.first == records[3].metrics[.validationMel])
        #expect(validation.second == records[7].metrics[.validationMel])
        #expect(comparison.lines.contains { $0.hasPrefix("validation_mel  ") && $0.contains(" → ") })
        #expect(watched.last?.checkpoints.first { $0.id == second }?.losses[.mel] == mean(.mel, to: 8))

        let settings = try await watched.trainer.settings(of: second)
        #expect(settings.learningRateFactor == 0.5 && settings.stage == nil)
        #expect(settings.configuration.contains("preset = \"tiny\""))
        await #expect(throws: CheckpointError.self) { try await watched.trainer.compare(first, "g_0000005") }
        #expect(await watched.finish(.stop) == .stopped)
    }

    @Test func whatWouldGoIsShownAndGoesWhenAskedFor() async throws {
        let folder = try VoiceFolder {
            $0.training.autosaveSteps = 1
            $0.training.keepCheckpoints = 0
        }
        var voice = try folder.voice()
        try await train(voice, to: 12)
        try folder.write(
            TinyVoice.configuration {
                $0.training.autosaveSteps = 1000
                $0.training.keepCheckpoints = 2
            })
        voice = try folder.voice()
        let watched = try Watched(voice)
        await watched.until(step: 13)
        let preview = try await watched.trainer.prunePreview()
        let leaving = preview.leaving.map(\.checkpoint.id)
        #expect(!leaving.isEmpty && preview.bytesFreed > 0)
        #expect(preview.kept.contains { $0.reasons.contains("recent") })
        let head = try #require(preview.kept.first { $0.reasons.contains("head") }?.checkpoint.id)
        // One that is in use keeps the others from going, too.
        watched.trainer.send(.prune(leaving + [head]))
        await said("cannot be deleted", watched)
        watched.trainer.send(.prune(leaving))
        await said("Removed ", watched)
        let left = try #require(watched.last?.checkpoints.map(\.id))
        #expect(Set(left).isDisjoint(with: leaving))
        #expect(await watched.finish(.stop) == .stopped)
    }

    @Test func takesAreListedTheNewestLast() async throws {
        let folder = try VoiceFolder()
        let watched = try Watched(folder.voice())
        await watched.until(step: 1)
        #expect(try await watched.trainer.takes() == [])
        var spoken: [Take] = []
        for text in ["One.", "Two.", "Three."] {
            spoken.append(
                try await watched.trainer.audition(
                    AuditionRequest(text: text, checkpoint: nil, seed: 1, fromHeldOutClip: false)
                ) { _ in })
        }
        #expect(try await watched.trainer.takes().map(\.text) == ["One.", "Two.", "Three."])
        try FileManager.default.removeItem(atPath: spoken[1].path)
        #expect(try await watched.trainer.takes().map(\.text) == ["One.", "Three."])
        #expect(await watched.finish(.stop) == .stopped)
    }
}
