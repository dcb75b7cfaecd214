/// Finds the checkpoint to go on from.
package enum Recovery {
    /// A sound checkpoint, read and verified whole, and how it was chosen.
    package struct Outcome: Sendable {
        package var checkpoint: LoadedCheckpoint
        /// The branch to train on: the checkpoint's own, or one that begins at it.
        package var branch: String
        /// One line for the user, e.g. "resumed from main/g_0000120; main/g_0000140 is damaged: …".
        package var explanation: String
        /// Newer checkpoints that may not be used, newest first; they stay where they are.
        package var damaged: [Damage]
    }

    package struct Damage: Sendable, Equatable {
        package var id: CheckpointID
        package var defect: String
    }

    /// The newest sound checkpoint: what `HEAD` names (or a later save of its branch that was not announced any more),
    /// else its nearest sound ancestor, else the newest sound one of all. nil when there is no checkpoint at all; throws
    /// `.noneSound` when there are some and none is sound. Changes nothing on disk.
    package static func newestSound(in store: CheckpointStore) throws -> Outcome? {
        let listings = try store.list()
        guard !listings.isEmpty else { return nil }
        var remarks: [String] = []
        var head: Head?
        do {
            head = try store.readHead()
            if head == nil { remarks.append("HEAD is lost, the newest checkpoint was taken") }
        } catch {
            remarks.append("HEAD is damaged, the newest checkpoint was taken")
        }
        let start = start(head, listings)
        let line = try ancestry(of: start.checkpoint, store, listings)
        let others = listings.reversed().map(\.id).filter { !line.contains($0) }

        var damaged: [Damage] = []
        for id in line + others {
            do {
                let checkpoint = try store.load(id)
                // Another line altogether: go on there, not on a branch these weights never belonged to.
                let branch = line.contains(id) ? start.branch : id.branch
                let losses = damaged.map { "\($0.id) is damaged: \($0.defect)" }
                return Outcome(
                    checkpoint: checkpoint, branch: branch,
                    explanation: (["resumed from \(id)"] + losses + remarks).joined(separator: "; "), damaged: damaged)
            } catch let error as CheckpointError {
                switch error {
                case .damaged, .notFound:
                    damaged.append(Damage(id: id, defect: CheckpointStore.sentence(error, about: id)))
                default: throw error
                }
            }
        }
        throw CheckpointError.noneSound(
            directory: store.path, count: listings.count, newest: damaged[0].id, defect: damaged[0].defect)
    }

    /// Where to begin looking. A save that was renamed into place while `HEAD` could not be written any more is whole,
    /// and newer: its branch, a higher step, a later save.
    private static func start(_ head: Head?, _ listings: [CheckpointListing]) -> Head {
        let newest = listings[listings.count - 1].id
        guard let head else { return Head(branch: newest.branch, checkpoint: newest) }
        let sequence = listings.first { $0.id == head.checkpoint }?.header?.sequence ?? 0
        let later = listings.last { listing in
            listing.id.branch == head.branch && (listing.header?.sequence ?? 0) > sequence
                && listing.id.step > head.checkpoint.step
        }
        return Head(branch: head.branch, checkpoint: later?.id ?? head.checkpoint)
    }

    /// A checkpoint and its ancestors, nearest first. Where a manifest is lost, the checkpoint before it on its branch
    /// stands for its parent, and before a branch's first the one the branch begins at.
    private static func ancestry(
        of start: CheckpointID, _ store: CheckpointStore, _ listings: [CheckpointListing]
    ) throws -> [CheckpointID] {
        let headers = Dictionary(listings.map { ($0.id, $0.header) }, uniquingKeysWith: { first, _ in first })
        var line: [CheckpointID] = []
        var next: CheckpointID? = start
        while let id = next, !line.contains(id) {
            line.append(id)
            let before = listings.map(\.id).filter { $0.branch == id.branch && $0.step < id.step }.max()
            if let header = headers[id] ?? nil, let parent = header.parent, headers[parent] != nil {
                next = parent
            } else {
                next = before ?? (try? store.branch(id.branch).parent)
            }
        }
        return line
    }
}
