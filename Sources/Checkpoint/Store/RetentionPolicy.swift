/// Which checkpoints are kept, beside those that are always kept.
package struct RetentionPolicy: Sendable, Equatable {
    /// The newest saves of the whole store.
    package var keepLast: Int
    /// How many of the older ones are kept on a branch for every doubling of their age in steps; 0 for none.
    package var perDoubling: Int

    package init(keepLast: Int, perDoubling: Int = 2) {
        self.keepLast = max(1, keepLast)
        self.perDoubling = max(0, perDoubling)
    }

    /// The steps of a branch that stay when they are thinned to spaces that grow with age.
    ///
    /// A step of age `a` has a cell of the largest power of two up to `a / perDoubling` steps, at a multiple of its
    /// width, and the oldest step in a cell stays. A wider cell is two narrower ones, so a step that is kept at one age
    /// was kept at every younger age, and thinning again as training goes on never leaves a hole.
    package func spaced(_ steps: [Int]) -> Set<Int> {
        guard perDoubling > 0, let newest = steps.max() else { return [] }
        let sorted = steps.sorted()
        var kept: Set<Int> = []
        for (index, step) in sorted.enumerated() {
            let limit = (newest - step) / perDoubling
            let width = limit < 1 ? 1 : 1 << (Int.bitWidth - 1 - limit.leadingZeroBitCount)
            let isFirst = index == 0 || sorted[index - 1] / width != step / width
            if isFirst { kept.insert(step) }
        }
        return kept
    }
}

/// Why a checkpoint is kept.
package enum KeepReason: String, Sendable, Codable {
    case head, pinned, tagged
    case branchHead = "end of its branch"
    case branchStart = "a branch begins at it"
    /// Named by the caller, e.g. because it measured best.
    case named = "named"
    case recent
    case spaced = "spaced by age"
}

/// What a retention policy comes to, before or after it is carried out.
package struct RetentionPlan: Sendable, Equatable {
    package struct Kept: Sendable, Equatable {
        package var id: CheckpointID
        package var reasons: [KeepReason]
    }

    package struct Leaving: Sendable, Equatable {
        package var id: CheckpointID
        /// Bytes of the disk that come back when it and those before it in this list are gone: not those that a hard
        /// link in another checkpoint, or outside the store, still holds.
        package var bytesFreed: Int
    }

    /// The oldest save first.
    package var kept: [Kept]
    package var leaving: [Leaving]
    /// New copies made of files that would otherwise stand in one physical copy only.
    package var bytesCopied: Int
    package var bytesFreed: Int { leaving.reduce(-bytesCopied) { $0 + $1.bytesFreed } }
}
