import Checkpoint
import Foundation
import Training

// What changes the store takes the voice's lock: never under a training process.
extension CheckpointsCommand {
    func change(_ voice: Voice) throws {
        let lock = try StoreLock(url: voice.lockURL)
        defer { withExtendedLifetime(lock) {} }
        let store = try CheckpointStore(directory: voice.checkpointDirectory)
        switch action {
        case .restore: try restore(store, voice)
        case .undo: say(try store.undo(), "Undone")
        case .redo: say(try store.redo(), "Done again")
        case .pin, .unpin:
            let id = try resolved(store)
            try store.setPinned(id, action == .pin)
            print("\(id) is \(action == .pin ? "pinned" : "not pinned any more").")
        case .tag:
            let id = try resolved(store)
            try store.setTag(second ?? "", on: id)
            print("\(id) has the tag \(second ?? "").")
        case .untag:
            try store.removeTag(id ?? "")
            print("No checkpoint has the tag \(id ?? "") any more.")
        case .note:
            let id = try resolved(store)
            try store.setNote(second.flatMap { $0.isEmpty ? nil : $0 }, on: id)
            print("\(id) has \(second?.isEmpty == false ? "the note “\(second ?? "")”" : "no note any more").")
        case .prune:
            let gone = try store.prune(
                RetentionPolicy(keepLast: voice.configuration.training.keepCheckpoints),
                keeping: Set(overview(store, voice).best(by: voice.configuration.training.keepBest).keys)
            ).leaving
            print(
                gone.isEmpty
                    ? "Nothing to remove." : "Removed \(gone.map(\.id.description).joined(separator: ", ")).")
        case .import:
            let source = URL(fileURLWithPath: id ?? "")
            let saved = try store.add(store.readExport(source), step: step, source: source.lastPathComponent)
            let added = saved.manifest.header.id
            print("Imported as \(added); `restore \(added)` goes on from it.")
        case .list, .show, .verify, .compare, .evaluate, .export: break
        }
    }

    private func restore(_ store: CheckpointStore, _ voice: Voice) throws {
        let journal = try Journal(url: voice.journalURL)
        let place = try Lineage.destination(of: id ?? "", store: store, journal: journal)
        _ = try store.verify(place.checkpoint)
        let branch = try Lineage.goBack(to: place, store: store, journal: journal).branch
        if let target = place.step {
            print(
                "Training goes back to step \(target) as \(branch): it was not saved, so \(place.stepsToRedo) steps are "
                    + "done again from \(place.checkpoint) first; nothing was deleted.")
        } else {
            print("Training goes on from \(place.checkpoint) as \(branch); nothing was deleted.")
        }
    }

    private func say(_ move: HeadMove, _ what: String) {
        print("\(what): training goes on from \(move.to.checkpoint) as \(move.to.branch); nothing was deleted.")
    }
}
