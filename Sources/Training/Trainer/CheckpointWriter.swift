import Checkpoint
import Foundation

/// Writes state images while training goes on, on a thread of its own that gives way to the ones that train.
actor CheckpointWriter {
    /// What came of one save.
    struct Written: Sendable {
        var saved: SavedCheckpoint
        /// Processor time the writer took, in seconds.
        var work: Double
        var summaries: [CheckpointSummary]
        var removed: [CheckpointID]
        /// What failed after the checkpoint was safe: one sentence each.
        var remarks: [String]
    }

    /// How many older checkpoints stay.
    struct Retention: Sendable {
        /// nil keeps all.
        var policy: RetentionPolicy?
        /// Checkpoints that stay in any case, such as those that measured best.
        var named: Set<CheckpointID>
    }

    private nonisolated let executor = ThreadExecutor(name: "writer")
    private let store: CheckpointStore
    private let journal: Journal
    private let overview: CheckpointOverview

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(store: CheckpointStore, journal: Journal, overview: CheckpointOverview) {
        self.store = store
        self.journal = journal
        self.overview = overview
    }

    deinit { executor.end() }

    /// On return the checkpoint is durable; then older ones are thinned out and the reserve is made.
    func write(_ image: StateImage, as request: SaveRequest, _ retention: Retention) throws -> Written {
        // On Linux a nice level belongs to a thread, and 0 names the calling one.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        let started = Self.processorTime
        let saved = try store.save(image, as: request) {
            try journal.sync()
            return request.id.step
        }
        var written = Written(saved: saved, work: 0, summaries: [], removed: [], remarks: [])
        do {
            if let policy = retention.policy {
                written.removed = try store.prune(policy, keeping: retention.named).leaving.map(\.id)
            }
        } catch {
            written.remarks.append("Older checkpoints could not be removed: \(error)")
        }
        do {
            if saved.space == .disk, !saved.wasAlreadySaved { try reserve(for: saved) }
            written.summaries = try overview.summaries()
        } catch {
            written.remarks.append("The list of checkpoints could not be read: \(error)")
        }
        written.work = Self.processorTime - started
        return written
    }

    /// Changes what the store says of its checkpoints, between two saves.
    func change<Outcome: Sendable>(_ body: @Sendable (CheckpointStore) throws -> Outcome) throws -> Outcome {
        try body(store)
    }

    /// Room for one save when the disk is full, and only where there is plenty of it: it must never be the reserve that
    /// fills the disk.
    private func reserve(for saved: SavedCheckpoint) throws {
        let wanted = saved.manifest.header.bytes + saved.manifest.header.bytes / 2
        if case .ready(let bytes) = try store.reserveState(), bytes >= saved.manifest.header.bytes { return }
        guard let free = store.freeBytes(), free >= 4 * wanted else { return }
        try store.setReserve(bytes: wanted)
    }

    /// Of the calling thread, in seconds.
    static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
