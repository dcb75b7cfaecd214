import Checkpoint
import Foundation
import Testing
import Training

/// A second studio looks on and leaves everything as it is.
@Suite struct VoiceWatcherTests {
    /// Every file of a voice but its takes and the index that SQLite keeps for readers, with what is in it.
    private func files(_ voice: Voice) throws -> [String: Data] {
        let names = FileManager.default.enumerator(atPath: voice.directory.path)?.compactMap { $0 as? String } ?? []
        var found: [String: Data] = [:]
        for name in names where !name.hasPrefix("takes") && !name.hasSuffix("-shm") {
            found[name] = try? Data(contentsOf: voice.directory.appendingPathComponent(name))
        }
        return found
    }

    @Test func seesWhatAnotherTrainsAndChangesNothing() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 4 }
        let voice = try folder.voice()
        try await train(voice, to: 4)
        let trained = try Watched(voice)
        await trained.until(step: 5)
        let watched = WatchedSession(try VoiceWatcher(voice: voice, period: .milliseconds(20)))
        let owner = "process \(getpid()) on \(ProcessInfo.processInfo.hostName)"
        await watched.until(phase: .watching(owner: owner))
        #expect((watched.last?.step ?? 0) >= 5 && watched.last?.branch == "main")
        #expect(watched.last?.checkpoints.map(\.id).contains("main/g_0000004") == true)

        // Steps and events come as they are done, each once, in order.
        await watched.until(step: 9)
        await watched.until(.checkpoint)
        let first = try #require(watched.records.first?.step)
        #expect(watched.records.map(\.step) == Array(first..<first + watched.records.count))
        trained.trainer.send(.rollBack(to: "main/g_0000004"))
        await watched.until(step: 5, of: "branch-1")
        #expect(watched.last?.branch == "branch-1")

        // When the other one ends, nobody trains.
        await trained.finish(.stop)
        await watched.until(phase: .watching(owner: nil))
        #expect(await watched.finish(.stop) == .stopped)
        let before = try files(voice)
        let alone = WatchedSession(try VoiceWatcher(voice: voice, period: .milliseconds(20)))
        await alone.until(phase: .watching(owner: nil))
        #expect(await alone.finish(.stop) == .stopped)
        #expect(try files(voice) == before)
        // And whoever trains next is in nobody's way.
        try await train(voice, to: trained.records.last.map { $0.step + 1 } ?? 0)
    }

    @Test func speaksWithCheckpointsAndTellsWhatIsInForce() async throws {
        let folder = try VoiceFolder { _ in }
        let voice = try folder.voice()
        try await train(voice, to: 2)
        let trained = try Watched(voice, commands: [.pause])
        await trained.until(phase: .paused)
        _ = try await trained.trainer.change("loss.mel", to: "40")
        let watcher = try VoiceWatcher(voice: voice, period: .milliseconds(20))
        let watched = WatchedSession(watcher)
        await watched.until { if case .snapshot = $0 { true } else { false } }

        let request = AuditionRequest(text: "Good.", checkpoint: nil, seed: 1, fromHeldOutClip: false)
        let take = try await watcher.audition(request) { _ in }
        #expect(take.checkpoint == trained.last?.checkpoints.last?.id)
        #expect(FileManager.default.fileExists(atPath: take.path))
        #expect(try await watcher.takes().map(\.path) == [take.path])
        #expect(try await watcher.settings().map(\.value) == trained.trainer.settings().map(\.value))

        // What would change the voice is refused with who trains it.
        await #expect { try await watcher.change("loss.mel", to: "1") } throws: {
            "\($0)".contains("process \(getpid())")
        }
        await #expect(throws: SessionError.self) {
            try await watcher.audition(
                AuditionRequest(text: "", checkpoint: nil, seed: 1, fromHeldOutClip: true)
            ) { _ in }
        }
        await watched.finish(.stop)
        await trained.finish(.stop)
    }

    @Test func aVoiceThatWasNeverTrainedHasNothingToShow() throws {
        let folder = try VoiceFolder { _ in }
        let voice = try folder.voice()
        #expect(throws: JournalError.self) { try VoiceWatcher(voice: voice) }
        #expect(!FileManager.default.fileExists(atPath: voice.journalURL.path))
    }
}
