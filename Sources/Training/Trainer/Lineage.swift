import Checkpoint

/// The one way to go back: a new line that begins at a checkpoint, known to store and journal.
package enum Lineage {
    /// Returns the new branch's name; it is the current one from now on.
    package static func startBranch(at id: CheckpointID, store: CheckpointStore, journal: Journal) throws -> String {
        let branch = try store.newBranch(from: id)
        try journal.addBranch(branch.name, parent: id.branch, forkStep: id.step)
        return branch.name
    }
}
