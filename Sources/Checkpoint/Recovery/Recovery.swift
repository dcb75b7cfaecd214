/// Finds the checkpoint to go on from.
package enum Recovery {
    /// A sound checkpoint, read and verified whole, and how it was chosen.
    package struct Outcome: Sendable {
        package var checkpoint: LoadedCheckpoint
        /// The branch to train on: the checkpoint's own, or one that begins at it.
        package var branch: String
        /// One line for the user, e.g. "resumed from main/g_0000120; main/g_0000140 is damaged: …".
        package var explanation: String
        /// Newer checkpoints that may not be used, newest first.
        package var damaged: [Damage]
        /// Checkpoints whose hurt files were put right from another copy.
        package var repaired: [Repair] = []

        /// True when the newest state was not used: to be shown, not only logged.
        package var isFallback: Bool { !damaged.isEmpty }
    }

    package struct Damage: Sendable, Equatable {
        package var id: CheckpointID
        package var defect: String
        /// The name under which all that is left of it stands now, e.g. `main/g_0000140.damaged-1`; nil when it was
        /// left in its place.
        package var setAside: String?
        /// False when nothing of it is there.
        var isThere = true
    }

    package struct Repair: Sendable, Equatable {
        package var id: CheckpointID
        package var files: [String]
    }

    /// The newest sound checkpoint: what `HEAD` names (or a later save of its branch that was not announced any more),
    /// else its nearest sound ancestor, else the newest sound one of all. nil when there is no checkpoint at all; throws
    /// `.noneSound` when there are some and none is sound. Changes nothing on disk.
    package static func newestSound(in store: CheckpointStore) throws -> Outcome? {
        try search(store, repairs: false)?.outcome
    }

    /// The same for the one who trains: a hurt checkpoint is first repaired from another copy; one that cannot be is
    /// set aside, never deleted; and `HEAD` durably names the one that is used. The explanation tells all of it.
    package static func recover(in store: CheckpointStore) throws -> Outcome? {
        guard let (found, start) = try search(store, repairs: true) else { return nil }
        var outcome = found
        for repair in outcome.repaired {
            outcome.explanation +=
                "; \(repair.files.joined(separator: ", ")) of \(repair.id) "
                + (repair.files.count == 1 ? "was" : "were") + " damaged and put right from another copy"
        }
        do {
            // HEAD first: after a crash in between, the next recovery finds the same damage and does the rest.
            try store.confirm(
                Head(branch: outcome.branch, checkpoint: outcome.checkpoint.id),
                insteadOf: outcome.damaged.map(\.id))
            for index in outcome.damaged.indices where outcome.damaged[index].isThere {
                let place = try store.setAside(outcome.damaged[index].id)
                outcome.damaged[index].setAside = place
                outcome.explanation += "; what is left of \(outcome.damaged[index].id) was set aside as \(place)"
            }
        } catch let error as CheckpointError where error.isDiskTrouble {
            // What was found is as good on a full disk; the next save says so again if it is still full.
            outcome.explanation += "; this could not be recorded: \(error)"
        }
        if start.branch != outcome.branch {
            outcome.explanation +=
                "; branch \(start.branch) has no sound checkpoint left, training goes on as \(outcome.branch)"
        }
        return outcome
    }

    private static func search(_ store: CheckpointStore, repairs: Bool) throws -> (outcome: Outcome, start: Head)? {
        let listings = try store.list()
        let (start, remarks) = try start(store, listings)
        guard let start else { return nil }
        let line = try ancestry(of: start.checkpoint, store, listings)
        let others = listings.reversed().map(\.id).filter { !line.contains($0) }

        var damaged: [Damage] = []
        var repaired: [Repair] = []
        for id in line + others {
            do {
                let checkpoint: LoadedCheckpoint
                do {
                    checkpoint = try store.load(id)
                } catch CheckpointError.damaged where repairs {
                    repaired.append(Repair(id: id, files: try store.repair(id)))
                    checkpoint = try store.load(id)
                }
                // Another line altogether: go on there, not on a branch these weights never belonged to.
                let branch = line.contains(id) ? start.branch : id.branch
                let losses = damaged.map { "\($0.id) is \($0.isThere ? "damaged" : "lost"): \($0.defect)" }
                let explanation = (["resumed from \(id)"] + losses + remarks).joined(separator: "; ")
                let outcome = Outcome(
                    checkpoint: checkpoint, branch: branch, explanation: explanation, damaged: damaged,
                    repaired: repaired)
                return (outcome, start)
            } catch let error as CheckpointError {
                switch error {
                case .damaged:
                    damaged.append(Damage(id: id, defect: CheckpointStore.sentence(error, about: id)))
                case .notFound:
                    damaged.append(Damage(id: id, defect: "its folder is not there", isThere: false))
                default: throw error
                }
            }
        }
        guard let newest = damaged.first else { return nil }
        throw CheckpointError.noneSound(
            directory: store.path, count: listings.count, newest: newest.id, defect: newest.defect)
    }

    /// Where to begin looking, and what to say of how it was found; nil when there is nothing at all.
    ///
    /// A save that was renamed into place while `HEAD` could not be written any more is whole, and newer: its branch, a
    /// higher step, a later save. A lost `HEAD` is what the last move or save made it, whichever came later.
    private static func start(
        _ store: CheckpointStore, _ listings: [CheckpointListing]
    ) throws -> (head: Head?, remarks: [String]) {
        var head: Head?
        var remarks: [String] = []
        var loss: String?
        do {
            head = try store.readHead()
            if head == nil { loss = "lost" }
        } catch let error as CheckpointError {
            guard case .unreadableFile = error else { throw error }
            loss = "damaged"
        }
        if let loss, let newest = listings.last(where: { $0.header?.reason != .imported }) ?? listings.last {
            let move = try? store.lastMove()
            if let move, move.afterSave >= newest.header?.sequence ?? 0 {
                head = move.to
                remarks.append("HEAD is \(loss), the last roll-back or switch was followed")
            } else {
                head = Head(branch: newest.id.branch, checkpoint: newest.id)
            }
            // A voice's very first save may be cut off before there ever was a HEAD.
            let isFirst = loss == "lost" && listings.count == 1 && newest.header?.sequence == 1
            if !isFirst, remarks.isEmpty {
                remarks.append("HEAD is \(loss), the newest checkpoint was taken")
            }
        }
        guard let head else { return (nil, []) }
        let sequence = listings.first { $0.id == head.checkpoint }?.header?.sequence ?? 0
        let later = listings.last { listing in
            listing.id.branch == head.branch && (listing.header?.sequence ?? 0) > sequence
                && listing.id.step > head.checkpoint.step
        }
        return (Head(branch: head.branch, checkpoint: later?.id ?? head.checkpoint), remarks)
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
