import Checkpoint
import Foundation
import Testing
import Training

@Suite struct TrainerInspectionTests {
    private func options(to step: Int? = nil) -> TrainerOptions {
        var options = TrainerOptions(targetStep: step)
        options.inspectionShare = 1
        return options
    }

    /// A voice with checkpoints at 2, 4, 6; the last two trained the prior alone, so that the rest is shared.
    private func trained() async throws -> VoiceFolder {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 2 }
        let voice = try folder.voice()
        try await train(voice, to: 2)
        try await train(voice, to: 6, commands: [.setStage(.prior)])
        // As if it had all been verified, and long ago.
        let store = try CheckpointStore(directory: voice.checkpointDirectory)
        for step in [2, 4, 6] {
            try store.noteVerified(CheckpointID(branch: "main", step: step), date: .now - 8 * 24 * 3600)
        }
        return folder
    }

    /// Turns one bit of a file's last byte, in place, as a failing disk does; returns the tensor it belongs to.
    private func damage(_ name: String, of step: Int, _ voice: Voice) throws -> String {
        let id = CheckpointID(branch: "main", step: step)
        let url = voice.checkpointDirectory.appendingPathComponent("\(id)/\(name)")
        let last = try Safetensors.read(url).tensors.last?.name
        let file = try FileHandle(forUpdating: url)
        let end = try file.seekToEnd()
        try file.seek(toOffset: end - 1)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: end - 1)
        try file.write(contentsOf: [byte ^ 1])
        try file.close()
        return try #require(last)
    }

    private func state(_ step: Int, _ watched: Watched) -> Verification? {
        watched.last?.checkpoints.first { $0.step == step }?.verification
    }

    /// That it was read back lately.
    private func isSound(_ verification: Verification?) -> Bool {
        if case .sound(let date) = verification { date.timeIntervalSinceNow > -24 * 3600 } else { false }
    }

    @Test func everyCheckpointIsReadBackTheNewestFirst() async throws {
        let folder = try await trained()
        let voice = try folder.voice()
        defer { withExtendedLifetime(folder) {} }
        let watched = try Watched(voice, options(), commands: [.pause])
        await watched.until {
            guard case .snapshot(let snapshot) = $0 else { return false }
            return snapshot.checkpoints.count >= 3 && snapshot.checkpoints.allSatisfy { isSound($0.verification) }
        }
        let order = watched.snapshots.compactMap { snapshot in
            snapshot.checkpoints.first { !isSound($0.verification) }?.step
        }
        // As long as something was left, the oldest was.
        #expect(!order.isEmpty && order.allSatisfy { $0 == 2 })
        #expect(await watched.finish(.stop) == .stopped)
        #expect(!watched.events.contains { $0.kind == .warning }, "\(watched.messages)")

        // What was found outlives the session, and is told of this very save only.
        let store = try CheckpointStore(directory: voice.checkpointDirectory)
        let id = CheckpointID(branch: "main", step: 4)
        let overview = CheckpointOverview(store: store, journal: nil)
        #expect(try isSound(overview.summaries().first { $0.step == 4 }?.verification))
        let image = try store.load(id).image
        try store.delete(id)
        try store.save(
            image,
            as: SaveRequest(
                id: id, reason: .user, parent: nil, datasetFingerprint: "", configurationDigest: ""), movesHead: false)
        #expect(try overview.summaries().first { $0.step == 4 }?.verification == .notYet)
    }

    @Test func aDamagedOneIsNamedAndSetAside() async throws {
        let folder = try await trained()
        let voice = try folder.voice()
        defer { withExtendedLifetime(folder) {} }
        let tensor = try damage("prior.safetensors", of: 4, voice)
        let watched = try Watched(voice, options(to: 12))
        #expect(await watched.finish() == .reachedTarget)
        let warnings = watched.events.filter { $0.kind == .warning }.map(\.message)
        // The run may end before it was looked at; the next one goes on with it.
        if warnings.isEmpty {
            let next = try Watched(voice, options(), commands: [.pause])
            await next.until(.warning)
            await next.finish(.stop)
            expectSetAside(next.events.filter { $0.kind == .warning }.map(\.message), tensor, next)
        } else {
            expectSetAside(warnings, tensor, watched)
        }
        let store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        #expect(try store.listSetAside() == ["main/g_0000004.damaged-1"])
        #expect(
            try Journal(readOnly: voice.journalURL).recentEvents(limit: 100).contains { $0.message.contains(tensor) })
    }

    private func expectSetAside(_ warnings: [String], _ tensor: String, _ watched: Watched) {
        #expect(
            warnings == [
                "main/g_0000004 is damaged: prior.safetensors, tensor \(tensor) does not match its checksum; what is left "
                    + "of it was set aside as main/g_0000004.damaged-1, and training goes on as it was"
            ])
        #expect(watched.last?.checkpoints.contains { $0.step == 4 } == false)
    }

    @Test func aDamagedCopyIsPutRightFromAnother() async throws {
        let folder = try await trained()
        let voice = try folder.voice()
        defer { withExtendedLifetime(folder) {} }
        // Written at 2, and once more at 4 as its second copy, which 6 shares.
        let tensor = try damage("sovits.safetensors", of: 2, voice)
        let watched = try Watched(voice, options(), commands: [.pause])
        await watched.until(.warning)
        #expect(
            watched.messages.last
                == "main/g_0000002 was damaged (sovits.safetensors, tensor \(tensor) does not match its checksum); "
                + "sovits.safetensors is put right from another copy")
        await watched.until { _ in isSound(state(2, watched)) }
        #expect(await watched.finish(.stop) == .stopped)
        let store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        for step in [2, 4, 6] { try store.verify(CheckpointID(branch: "main", step: step)) }
    }

    @Test func theOneTrainingStandsOnIsSavedAnew() async throws {
        let folder = try VoiceFolder { $0.training.autosaveSteps = 1000 }
        let voice = try folder.voice()
        defer { withExtendedLifetime(folder) {} }
        let watched = try Watched(voice, options())
        await watched.until(step: 2)
        watched.trainer.send(.pause)
        await watched.until(phase: .paused)
        let step = try #require(watched.last?.step)
        let tensor = try damage("prior.safetensors", of: step, voice)
        watched.trainer.send(.verify("HEAD"))
        await watched.until {
            if case .event(let event) = $0 { event.message.contains("saved anew") } else { false }
        }
        #expect(watched.messages.last?.contains("prior.safetensors, tensor \(tensor) does not match") == true)
        await watched.until(.checkpoint)
        #expect(await watched.finish(.stop) == .stopped)
        let store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        let id = CheckpointID(branch: "main", step: step)
        try store.verify(id)
        #expect(try store.listSetAside() == ["\(id).damaged-1"])
    }
}
