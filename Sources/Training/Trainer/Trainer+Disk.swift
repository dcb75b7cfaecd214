import Checkpoint
import Foundation

/// The disk was full, and a checkpoint took the room that was kept for that.
struct ReserveUsed: Error, CustomStringConvertible {
    var id: CheckpointID
    var needed: Int

    var description: String {
        let size = ByteCountFormatter.string(fromByteCount: Int64(needed), countStyle: .memory)
        return "the disk is full: \(id) is saved in the room that was kept for it; make \(size) free"
    }
}

// A disk that is full, or fails, is waited for: the state in memory is good, and nothing is lost while it stands there.
extension Trainer {
    /// Pauses for what can be waited for, and halts for the rest.
    func trouble(_ error: any Error) async {
        guard Self.canBeWaitedFor(error) else { return halt("\(error)") }
        if waiting == nil {
            waiting = DiskWait(reason: "\(error)", resumes: phase == .training || phase == .saving)
            halt("\(error); training is paused and goes on by itself when that is done")
        }
        waiting?.needed = Self.needed(error)
        waiting?.retryAt = .now + options.diskPatience
    }

    /// Deals with a save that failed, or used the reserve, since the last step.
    func faceTroubleOfSave() async {
        guard let error = troubleOfSave else { return }
        troubleOfSave = nil
        await trouble(error)
    }

    /// Tries again; true when training may go on.
    func retryAfterTrouble() async {
        guard waiting != nil else { return }
        waiting?.retryAt = .now + options.diskPatience
        if let needed = waiting?.needed, let free = store.freeBytes(), free < needed { return }
        do {
            if let record = unrecorded { try note(record) }
            _ = try store.restoreReserve()
        } catch {
            return
        }
        if currentStep != savedStep, engine != nil, !isSpoiled {
            guard await save(.autosave), troubleOfSave == nil else {
                // Still the same wait; only what is needed may be another amount.
                await faceTroubleOfSave()
                return
            }
        }
        // Asked for meanwhile: to stay paused, or to go on.
        guard let wait = waiting else { return }
        waiting = nil
        phase = wait.resumes ? .training : .paused
        log(
            .started,
            "The disk takes what is written again; "
                + (wait.resumes ? "going on from step \(currentStep)" : "still paused at step \(currentStep)"))
        publish()
    }

    /// True when room is all that is missing.
    static func isOutOfRoom(_ error: any Error) -> Bool {
        switch error {
        case CheckpointError.diskFull, CheckpointError.quotaFull, JournalError.diskFull: true
        case let error as FileSystemError: error.isOutOfSpace
        default: false
        }
    }

    private static func canBeWaitedFor(_ error: any Error) -> Bool {
        switch error {
        case let error as CheckpointError: error.isDiskTrouble
        case let error as JournalError: error.isDiskTrouble
        case is ReserveUsed: true
        default: false
        }
    }

    private static func needed(_ error: any Error) -> Int? {
        switch error {
        case CheckpointError.diskFull(_, let needed, _), JournalError.diskFull(_, let needed, _): needed
        case let error as ReserveUsed: error.needed
        default: nil
        }
    }
}

/// What training waits for, and when to look again.
struct DiskWait: Sendable {
    /// What failed, as a sentence.
    var reason: String
    /// Whether training goes on afterwards, or stays paused.
    var resumes: Bool
    /// Bytes that must be free; nil when only a try tells.
    var needed: Int?
    var retryAt = ContinuousClock.now
}
