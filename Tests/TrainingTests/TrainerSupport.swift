import Checkpoint
import Foundation
import Testing
import Training

typealias Watched = WatchedSession<Trainer>

extension WatchedSession<Trainer> {
    var trainer: Trainer { session }

    /// `commands` are given before the first step.
    convenience init(
        _ voice: Voice, _ options: TrainerOptions = TrainerOptions(), commands: [TrainingCommand] = [],
        disk: FileSystem = FileSystem()
    ) throws {
        let trainer = try Trainer(voice: voice, options: options, fileSystem: disk)
        for command in commands { trainer.send(command) }
        self.init(trainer)
    }
}

/// Runs a session and reads what it tells, in order; nothing here waits for a time to pass.
final class WatchedSession<Session: VoiceSession> {
    let session: Session
    private let running: Task<Trainer.Outcome, Never>
    private var iterator: AsyncStream<TrainingUpdate>.Iterator
    private(set) var records: [StepRecord] = []
    private(set) var events: [JournalEvent] = []
    private(set) var snapshots: [TrainingSnapshot] = []
    private(set) var obeyed: [TrainingCommand] = []
    private(set) var progress: [(command: TrainingCommand, share: Double)] = []

    init(_ session: Session) {
        self.session = session
        iterator = session.updates.makeAsyncIterator()
        running = Task { await session.run() }
    }

    var last: TrainingSnapshot? { snapshots.last }
    var messages: [String] { events.map(\.message) }

    /// Reads on until an update is what is waited for; false when the run ends first.
    @discardableResult
    func until(_ isWanted: (TrainingUpdate) -> Bool) async -> Bool {
        while let update = await iterator.next() {
            switch update {
            case .step(let record): records.append(record)
            case .event(let event): events.append(event)
            case .snapshot(let snapshot): snapshots.append(snapshot)
            case .obeyed(let command): obeyed.append(command)
            case .progress(let command, let share): progress.append((command, share))
            }
            if isWanted(update) { return true }
        }
        return false
    }

    @discardableResult
    func until(step: Int, of branch: String = "main") async -> Bool {
        await until { if case .step(let record) = $0 { record.branch == branch && record.step >= step } else { false } }
    }

    @discardableResult
    func until(_ kind: JournalEvent.Kind) async -> Bool {
        await until { if case .event(let event) = $0 { event.kind == kind } else { false } }
    }

    @discardableResult
    func until(phase: TrainingSnapshot.Phase) async -> Bool {
        await until { if case .snapshot(let snapshot) = $0 { snapshot.phase == phase } else { false } }
    }

    @discardableResult
    func untilHalted() async -> String? {
        await until { if case .snapshot(let snapshot) = $0, case .halted = snapshot.phase { true } else { false } }
        if case .halted(let sentence) = last?.phase { return sentence }
        return nil
    }

    /// Reads the rest and returns how the run ended.
    @discardableResult
    func finish(_ command: TrainingCommand? = nil) async -> Trainer.Outcome {
        if let command { session.send(command) }
        await until { _ in false }
        return await running.value
    }
}

extension Trainer {
    /// What a bad step, or a cosmic ray, may do.
    func poison() {
        engine?.model.sovits.parameters.first { $0.name.hasPrefix("dec.") }?.tensor.pointer[0] = .nan
    }
}

/// Trains a voice up to a step and lets go of it.
@discardableResult
func train(_ voice: Voice, to step: Int, commands: [TrainingCommand] = []) async throws -> (
    records: [StepRecord], messages: [String]
) {
    let watched = try Watched(voice, TrainerOptions(targetStep: step), commands: commands)
    let outcome = await watched.finish()
    #expect(outcome == .reachedTarget)
    return (watched.records, watched.messages)
}
