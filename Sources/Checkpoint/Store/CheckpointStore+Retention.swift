import Foundation

extension CheckpointStore {
    /// What `prune` would do now, and why the others stay. Changes nothing.
    package func retentionPlan(
        _ policy: RetentionPolicy, keeping named: Set<CheckpointID> = []
    ) throws -> RetentionPlan {
        let reasons = try keepReasons(policy, named)
        // A checkpoint whose manifest cannot be read is neither counted nor deleted.
        let listings = try list().filter { $0.header != nil }
        let leaving = listings.map(\.id).filter { reasons[$0] == nil }
        let relinks = try relinks(leaving: Set(leaving))
        var plan = RetentionPlan(
            kept: listings.compactMap { listing in
                reasons[listing.id].map { RetentionPlan.Kept(id: listing.id, reasons: $0) }
            }, leaving: [], bytesCopied: 0)
        var links: [FileStatus.Identity: Int] = [:]
        for relink in relinks where relink.needsSecondCopy {
            if let source = relink.sources.first,
                let status = try fileSystem.status(of: place(source, relink.contents.name))
            {
                links[status.identity] = -1  // one more name, so the last of those that go does not free it
            } else {
                plan.bytesCopied += relink.bytes
            }
        }
        for id in leaving {
            var freed = 0
            for name in try fileSystem.names(in: folder(id)) {
                guard let status = try fileSystem.status(of: place(id, name)) else { continue }
                links[status.identity, default: 0] += 1
                if links[status.identity] == status.links { freed += status.allocated }
            }
            freed += try fileSystem.status(of: folder(id))?.allocated ?? 0
            plan.leaving.append(RetentionPlan.Leaving(id: id, bytesFreed: freed))
        }
        return plan
    }

    /// Deletes what a policy does not keep; returns what went and why the others stayed.
    ///
    /// Kept in any case: what `HEAD` names, the end of each branch, those a branch begins at, and those that are pinned,
    /// tagged or `named`. Before anything goes, the checkpoint that `HEAD` names is made durable, and contents that
    /// others still share are kept in two physical copies. Throws `.cannotPrune` when `HEAD`'s checkpoint is not whole.
    @discardableResult
    package func prune(_ policy: RetentionPolicy, keeping named: Set<CheckpointID> = []) throws -> RetentionPlan {
        try change {
            let plan = try retentionPlan(policy, keeping: named)
            guard !plan.leaving.isEmpty else { return plan }
            try secureHead()
            for relink in try relinks(leaving: Set(plan.leaving.map(\.id))) { try perform(relink) }
            for leaving in plan.leaving { try remove(leaving.id) }
            return plan
        }
    }

    /// Deletes all but the newest `count` checkpoints and those that are always kept, without spacing older ones.
    /// Returns what went, or with `dryRun` what would go, oldest first.
    @discardableResult
    package func prune(keepingLast count: Int, dryRun: Bool = false) throws -> [CheckpointID] {
        guard access == .write else { throw CheckpointError.readOnlyStore(directory: path) }
        let policy = RetentionPolicy(keepLast: count, perDoubling: 0)
        return try (dryRun ? retentionPlan(policy) : prune(policy)).leaving.map(\.id)
    }

    /// Deletes a checkpoint; throws for one that is pinned or tagged, that `HEAD` names, or that a branch begins at.
    package func delete(_ id: CheckpointID) throws { try delete([id]) }

    /// The same for several, all or none of which may go; returns the bytes of the disk that came back.
    @discardableResult
    package func delete(_ ids: [CheckpointID]) throws -> Int {
        try change {
            let listings = Dictionary(try list().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
            let starts = Dictionary(
                try branches().compactMap { branch in branch.parent.map { ($0, branch.name) } },
                uniquingKeysWith: { first, _ in first })
            for id in ids {
                guard let listing = listings[id] else { throw CheckpointError.notFound(id: id) }
                if listing.isPinned { throw CheckpointError.inUse(id: id, reason: "it is pinned, unpin it first") }
                if let tag = listing.tags.first {
                    throw CheckpointError.inUse(id: id, reason: "it has the tag \(tag), remove that first")
                }
                if listing.isHead { throw CheckpointError.inUse(id: id, reason: "training stands on it") }
                if let branch = starts[id] {
                    throw CheckpointError.inUse(id: id, reason: "branch \(branch) begins at it")
                }
            }
            let free = fileSystem.freeBytes(at: path)
            for relink in try relinks(leaving: Set(ids)) { try perform(relink) }
            for id in Set(ids).sorted() { try remove(id) }
            return max(0, (fileSystem.freeBytes(at: path) ?? 0) - (free ?? 0))
        }
    }

    private func keepReasons(
        _ policy: RetentionPolicy, _ named: Set<CheckpointID>
    ) throws -> [CheckpointID: [KeepReason]] {
        let listings = try list().filter { $0.header != nil }
        var reasons: [CheckpointID: [KeepReason]] = [:]
        func keep(_ ids: some Sequence<CheckpointID>, _ reason: KeepReason) {
            for id in ids { reasons[id, default: []].append(reason) }
        }
        keep(listings.filter(\.isHead).map(\.id), .head)
        keep(listings.filter(\.isPinned).map(\.id), .pinned)
        keep(listings.filter { !$0.tags.isEmpty || $0.hasLostLabel }.map(\.id), .tagged)
        let branches = Dictionary(grouping: listings.map(\.id), by: \.branch)
        keep(branches.values.compactMap { $0.max() }, .branchHead)
        keep(Set(try self.branches().compactMap(\.parent)), .branchStart)
        keep(named, .named)
        keep(listings.suffix(policy.keepLast).map(\.id), .recent)
        for (_, ids) in branches {
            let steps = policy.spaced(ids.map(\.step))
            keep(ids.filter { steps.contains($0.step) }, .spaced)
        }
        return reasons
    }

    /// Makes sure that what training stands on will outlive those that go.
    private func secureHead() throws {
        guard let head = try readHead()?.checkpoint else {
            throw CheckpointError.cannotPrune(reason: "HEAD is lost; save once more first")
        }
        do {
            let outline = try outline(head)
            for file in outline.files {
                guard try fileSystem.status(of: place(head, file.name))?.bytes == file.bytes else {
                    throw CheckpointError.damaged(id: head, defects: ["\(file.name) is not whole"])
                }
            }
        } catch let error as CheckpointError {
            throw CheckpointError.cannotPrune(reason: "the newest checkpoint may not be used (\(error))")
        }
        try syncPath(to: head)
    }

    /// Takes the name away first, so that a crash never leaves a checkpoint with some of its files.
    private func remove(_ id: CheckpointID) throws {
        let doomed = "\(folder(id.branch))/\(Self.deletingPrefix)\(id.folder)-\(getpid())"
        try fileSystem.discard(doomed)
        try fileSystem.rename(folder(id), to: doomed)
        try fileSystem.discard(doomed)
    }
}
