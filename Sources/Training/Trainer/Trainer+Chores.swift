import Checkpoint
import Foundation
import Synchronization

// What changes no training: marks on checkpoints, looking at them whole, thinning them out. It is done beside training,
// in the order it was asked for, between two saves; a stop waits for it.
extension Trainer {
    /// True for what `begin` does.
    static func isChore(_ command: TrainingCommand) -> Bool {
        switch command {
        case .pin, .tag, .untag, .note, .verify, .evaluate, .prune: true
        default: false
        }
    }

    func begin(_ chore: TrainingCommand) {
        choreCount += 1
        let (number, writer) = (choreCount, writer)
        chores[number] = Task {
            do {
                if case .verify(let text) = chore {
                    let (id, soundness) = try await writer.change { [self] in try verify(text, for: chore, in: $0) }
                    await settle(soundness, of: id)
                    if soundness == .sound { log(.checkpoint, "\(id) is sound: every byte matches") }
                } else if case .evaluate(let text) = chore {
                    try await evaluate(text, for: chore)
                } else {
                    let sentence = try await writer.change { try Self.perform(chore, in: $0) }
                    try refreshSummaries()
                    publish()
                    log(.checkpoint, sentence)
                }
            } catch is CancellationError {
                if case .evaluate(let text) = chore {
                    log(.warning, "The evaluation of \(text) was ended; nothing of it is kept")
                } else {
                    log(.warning, "A checkpoint was not read to its end: the voice is being left")
                }
            } catch {
                log(.failure, "\(error)")
            }
            chores[number] = nil
            publish()
            continuation.yield(.obeyed(chore))
        }
    }

    /// Reads every byte of a checkpoint, and tells how far it is.
    private nonisolated func verify(
        _ text: String, for chore: TrainingCommand, in store: CheckpointStore
    ) throws -> (CheckpointID, Soundness) {
        let id = try store.resolve(text)
        let whole = max(1, try store.header(id).bytes), read = Mutex(0)
        let soundness = try store.check(id) { bytes in
            let percents = read.withLock { sum in
                defer { sum += bytes }
                return (sum * 100 / whole, (sum + bytes) * 100 / whole)
            }
            if percents.1 > percents.0 { continuation.yield(.progress(chore, min(1, Double(percents.1) / 100))) }
            return !isLeaving.load(ordering: .relaxed)
        }
        if case .damaged = soundness {} else { try store.noteVerified(id) }
        return (id, soundness)
    }

    /// Does it, and says what was done.
    private static func perform(_ chore: TrainingCommand, in store: CheckpointStore) throws -> String {
        switch chore {
        case .pin(let text, let isPinned):
            let id = try store.resolve(text)
            try store.setPinned(id, isPinned)
            return "\(id) is \(isPinned ? "pinned" : "not pinned any more")"
        case .tag(let text, let tag):
            let id = try store.resolve(text)
            try store.setTag(tag, on: id)
            return "\(id) has the tag \(tag)"
        case .untag(let text, let tag):
            let id = try store.resolve(text)
            guard try store.tags()[tag] == id else { throw CheckpointError.unknownTag(name: tag) }
            try store.removeTag(tag)
            return "\(id) has no tag \(tag) any more"
        case .note(let text, let note):
            let id = try store.resolve(text)
            let line = note.flatMap { $0.isEmpty ? nil : $0 }
            try store.setNote(line, on: id)
            return "\(id) has \(line.map { "the note “\($0)”" } ?? "no note any more")"
        case .prune(let texts):
            let ids = try texts.map { try store.resolve($0) }
            let bytes = try store.delete(ids)
            return
                "Removed \(ids.map(\.description).joined(separator: ", ")), which freed \(CheckpointError.size(bytes))"
        default: return ""
        }
    }
}
