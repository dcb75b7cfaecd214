import Audio
import Checkpoint
import Foundation
import VoiceModel

/// A voice that is open in this process, to train it (`Trainer`) or to look on (`VoiceWatcher`): what both answer from the
/// disk, while training goes on.
package protocol VoiceSession: TrainingSession {
    nonisolated var voice: Voice { get }
    nonisolated var store: CheckpointStore { get }
    nonisolated var journal: Journal { get }
    nonisolated var overview: CheckpointOverview { get }
    /// voice.toml as it was read, with all that was changed since.
    nonisolated var settingsInForce: VoiceConfiguration { get }
    /// What was changed on the line of training, by dotted name as typed.
    nonisolated var lineSettings: [String: String] { get }
    /// What to say when the process leaves in the middle of something; nil when nothing is cut off.
    nonisolated var partingSentence: String? { get }
    /// Does what the session is for until it is told to stop. Call it once.
    func run() async -> Trainer.Outcome
}

extension VoiceSession {
    /// The branch in training.
    nonisolated func presentBranch() throws -> String { try store.readHead()?.branch ?? CheckpointID.firstBranch }

    package nonisolated func history(limit: Int) async throws -> [StepRecord] {
        try await reading { try $0.journal.history(branch: $0.presentBranch(), limit: limit) }
    }

    package nonisolated func curves(onLineOf branch: String?, steps: ClosedRange<Int>) async throws -> CurveSlice {
        try await reading { try $0.journal.curves(onLineOf: branch ?? $0.presentBranch(), steps: steps) }
    }

    package nonisolated func history(of branch: String, limit: Int) async throws -> [StepRecord] {
        try await reading { try $0.journal.history(branch: branch, limit: limit) }
    }

    package nonisolated func recentEvents(limit: Int) async throws -> [JournalEvent] {
        try await reading { try $0.journal.recentEvents(limit: limit) }
    }

    package nonisolated func log(_ request: LogRequest) async throws -> LogPage {
        try await reading { try $0.journal.log(request, onLineOf: $0.presentBranch()) }
    }

    package nonisolated func takes() async throws -> [Take] {
        try await reading { try TakeLibrary($0.voice).takes() }
    }

    package nonisolated func auditionMaterial() async throws -> AuditionMaterial {
        try await reading { session in
            let library = TakeLibrary(session.voice)
            return AuditionMaterial(
                takes: try library.takes(), votes: try library.votes.votes(),
                references: session.voice.clips.map {
                    AuditionMaterial.Reference(
                        id: $0.id, text: $0.text, seconds: (try? AudioFile.peek($0.url))?.duration)
                }, sampling: AuditionSampling(session.voice.configuration.sampling))
        }
    }

    package nonisolated func vote(_ vote: TakeVote) async throws {
        try await reading { try TakeLibrary($0.voice).votes.append(vote) }
    }

    package nonisolated func compare(_ first: String, _ second: String) async throws -> CheckpointComparison {
        try await reading { try $0.overview.compare(first, second) }
    }

    package nonisolated func prunePreview() async throws -> PrunePreview {
        try await reading { try $0.overview.prunePreview($0.settingsInForce.training) }
    }

    package nonisolated func settings(of checkpoint: String) async throws -> CheckpointSettings {
        try await reading { try $0.overview.settings(of: checkpoint) }
    }

    /// Reads the disk on a thread that nobody waits for.
    nonisolated func reading<Value: Sendable>(
        _ body: @escaping @Sendable (Self) throws -> Value
    ) async throws -> Value {
        try await Task.detached(priority: .userInitiated) { try body(self) }.value
    }
}
