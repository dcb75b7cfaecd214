import Checkpoint
import Foundation
import VoiceModel

// What others ask while training goes on.
extension Trainer {
    package nonisolated func history(limit: Int) async throws -> [StepRecord] {
        try await reading { [store, journal] in
            let branch = try store.readHead()?.branch ?? CheckpointID.firstBranch
            return try journal.history(branch: branch, limit: limit)
        }
    }

    package nonisolated func curves(onLineOf branch: String?, steps: ClosedRange<Int>) async throws -> CurveSlice {
        try await reading { [store, journal] in
            let branch = try branch ?? store.readHead()?.branch ?? CheckpointID.firstBranch
            return try journal.curves(onLineOf: branch, steps: steps)
        }
    }

    package nonisolated func history(of branch: String, limit: Int) async throws -> [StepRecord] {
        try await reading { [journal] in try journal.history(branch: branch, limit: limit) }
    }

    package nonisolated func recentEvents(limit: Int) async throws -> [JournalEvent] {
        try journal.recentEvents(limit: limit)
    }

    package nonisolated func takes() async throws -> [Take] {
        try await reading { [voice] in try TakeLibrary(voice).takes() }
    }

    package nonisolated func compare(_ first: String, _ second: String) async throws -> CheckpointComparison {
        try await reading { [overview] in try overview.compare(first, second) }
    }

    package nonisolated func prunePreview() async throws -> PrunePreview {
        let count = settingsInForce.training.keepCheckpoints
        return try await reading { [overview] in try overview.prunePreview(keepLast: count) }
    }

    package nonisolated func settings(of checkpoint: String) async throws -> CheckpointSettings {
        try await reading { [overview] in try overview.settings(of: checkpoint) }
    }

    /// Reads the disk on a thread that nobody waits for.
    nonisolated func reading<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await Task.detached(priority: .userInitiated) { try body() }.value
    }
}
