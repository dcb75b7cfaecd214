import Checkpoint
import Foundation
import Synchronization

/// Reads checkpoints back from the disk while training goes on, one at a time, on a thread that comes after all others.
actor CheckpointInspector {
    /// What came of looking at one.
    struct Finding: Sendable {
        var soundness: Soundness
        /// Processor time it took, in seconds.
        var work: Double
    }

    private nonisolated let executor = ThreadExecutor(name: "inspector")
    private nonisolated let isStopped = Atomic(false)
    private let store: CheckpointStore

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(store: CheckpointStore) { self.store = store }

    deinit { executor.end() }

    /// Ends what is being read, from any thread.
    nonisolated func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Reads every byte of a checkpoint, puts right what can be put right, and records that it is sound.
    ///
    /// - Throws: `CancellationError` after `stop`, `CheckpointError`.
    func look(at id: CheckpointID) throws -> Finding {
        // On Linux a nice level belongs to a thread, and 0 names the calling one.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
        let started = CheckpointWriter.processorTime
        let soundness = try store.check(id) { _ in !isStopped.load(ordering: .relaxed) }
        if case .damaged = soundness {} else { try store.noteVerified(id) }
        return Finding(soundness: soundness, work: CheckpointWriter.processorTime - started)
    }
}
