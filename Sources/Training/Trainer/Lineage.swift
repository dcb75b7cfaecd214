import Checkpoint
import Foundation

/// The one way to go back: a new line that begins at a checkpoint, known to store and journal. A step that was not
/// saved is reached by doing it again from the nearest checkpoint before it.
package enum Lineage {
    /// Where a wish to go back leads.
    package struct Destination: Sendable, Equatable {
        package var checkpoint: CheckpointID
        /// A later step, which was not saved; nil for the checkpoint itself.
        package var step: Int?
        /// The branch that trained it.
        var owner: String

        /// Steps that must be done again.
        package var stepsToRedo: Int { (step ?? checkpoint.step) - checkpoint.step }
    }

    /// The checkpoint or step that a person means: an ID, saved or not, a tag, or a branch's name for its newest.
    ///
    /// - Throws: `CheckpointError.notFound` when the step was never trained.
    package static func destination(
        of text: String, store: CheckpointStore, journal: Journal
    ) throws -> Destination {
        let id = try store.resolve(text)
        do {
            _ = try store.header(id)
            return Destination(checkpoint: id, step: nil, owner: id.branch)
        } catch CheckpointError.notFound {
            guard let owner = try journal.owner(of: id.step, onLineOf: id.branch),
                let before = try nearest(before: id.step, onLineOf: owner, store: store)
            else { throw CheckpointError.notFound(id: id) }
            return Destination(checkpoint: before, step: id.step, owner: owner)
        }
    }

    /// Starts a branch at a destination, durably; whoever trains next is on it, and redoes steps where they are needed.
    package static func goBack(
        to place: Destination, store: CheckpointStore, journal: Journal
    ) throws -> (branch: String, replay: Replay?) {
        let branch = try store.newBranch(from: place.checkpoint).name
        try journal.addBranch(branch, parent: place.checkpoint.branch, forkStep: place.checkpoint.step)
        guard let target = place.step else { return (branch, nil) }
        let replay = Replay(branch: place.owner, target: target)
        // The wishes of those steps belong to the new line as well.
        let start = place.checkpoint.step
        let wishes = Trainer.inForce(try journal.settings(onLineOf: place.owner, from: start, before: target))
            .filter { $0.name != Replay.settingName }
        let mark = JournalSetting(
            branch: branch, step: start, name: Replay.settingName, value: replay.settingValue, date: Date())
        for wish in wishes + [mark] {
            var own = wish
            own.branch = branch
            try journal.append(own)
        }
        return (branch, replay)
    }

    /// The newest readable checkpoint of a line at or before a step.
    private static func nearest(
        before step: Int, onLineOf name: String, store: CheckpointStore
    ) throws -> CheckpointID? {
        var next: String? = name
        var last = step
        var seen: Set<String> = []
        while let name = next, seen.insert(name).inserted {
            let ids = try store.ids(branch: name)
            if let id = ids.last(where: { $0.step <= last && (try? store.header($0)) != nil }) { return id }
            let parent = try store.branch(name).parent
            if let parent, parent.step <= last, (try? store.header(parent)) != nil { return parent }
            (next, last) = (parent?.branch, min(last, parent?.step ?? last))
        }
        return nil
    }
}

/// Steps of another line that are done again, because the step gone back to was not saved.
package struct Replay: Sendable, Equatable {
    /// The line they were done on first.
    package var branch: String
    /// The step to stop at.
    package var target: Int
    /// Whether training goes on from there, or pauses.
    var resumes = true
    /// Steps that came out differently so far.
    var differences = 0

    /// As the journal keeps it among the settings: a replay outlives a crash.
    static let settingName = "replay"
    var settingValue: String { "\(branch) \(target)" }

    init(branch: String, target: Int) { (self.branch, self.target) = (branch, target) }

    init?(settingValue: String) {
        let words = settingValue.split(separator: " ")
        guard words.count == 2, let target = Int(words[1]) else { return nil }
        self.init(branch: String(words[0]), target: target)
    }
}
