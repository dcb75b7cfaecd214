import Checkpoint
import Foundation
import Synchronization

/// Evaluates checkpoints while training goes on, one at a time, on a thread that comes after all others.
actor EvaluationWorker {
    private nonisolated let executor = ThreadExecutor(name: "evaluation")
    /// Goes up with every wish to end what is under way or waits.
    private nonisolated let stops = Atomic(0)
    private let voice: Voice
    private let store: CheckpointStore
    /// Made when it is needed first; keeps what it read of the clips.
    private var evaluator: CheckpointEvaluator?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(voice: Voice, store: CheckpointStore) {
        self.voice = voice
        self.store = store
    }

    deinit { executor.end() }

    /// Ends all that was asked for so far, from any thread.
    nonisolated func stop() { stops.add(1, ordering: .relaxed) }

    /// What `evaluate` takes to know whether it was ended since.
    nonisolated var ticket: Int { stops.load(ordering: .relaxed) }

    /// - Throws: `CancellationError` after `stop`, else as `CheckpointEvaluator.evaluate` does.
    func evaluate(
        _ id: CheckpointID, ticket: Int, progress: @escaping @Sendable (Double) -> Void
    ) throws -> CheckpointEvaluation {
        guard ticket == self.ticket else { throw CancellationError() }
        // On Linux a nice level belongs to a thread, and 0 names the calling one.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
        let evaluator = try evaluator ?? CheckpointEvaluator(voice: voice, store: store)
        self.evaluator = evaluator
        return try evaluator.evaluate(id) { share in
            progress(share)
            return ticket == self.ticket
        }
    }
}

extension Trainer {
    /// Evaluates a checkpoint beside training, and keeps and tells what was measured.
    func evaluate(_ text: String, for chore: TrainingCommand) async throws {
        let id = try store.resolve(text), told = Mutex(-1)
        let evaluation = try await evaluator.evaluate(id, ticket: evaluator.ticket) { [continuation] share in
            let percent = Int(100 * share)
            let isNews = told.withLock { last in
                defer { last = percent }
                return percent != last
            }
            if isNews { continuation.yield(.progress(chore, share)) }
        }
        try journal.add(evaluation, of: id)
        writeToBoard { $0.add(evaluation, of: id) }
        try refreshSummaries()
        publish()
        log(.validation, "Evaluated \(id): \(evaluation.line)")
        for sentence in evaluation.remarks where toldRemarks.insert(sentence).inserted { log(.warning, sentence) }
    }

    /// Has a checkpoint that was just saved evaluated, once `evaluate_steps` lie behind the last one on its branch that
    /// was: one at a time, and none when training pauses or ends with it.
    func evaluateWhenDue(_ id: CheckpointID) {
        let distance = settingsInForce.training.evaluateSteps
        guard distance > 0, !voice.heldOut.isEmpty, phase == .training,
            automaticEvaluation.map({ chores[$0.chore] == nil }) ?? true
        else { return }
        let evaluated = summaries.filter { $0.branch == id.branch && $0.evaluation != nil }.map(\.step)
        // One that failed is not tried again at once.
        let tried = automaticEvaluation.flatMap { $0.id.branch == id.branch ? $0.id.step : nil } ?? 0
        guard id.step - max(evaluated.max() ?? 0, tried) >= distance else { return }
        log(.validation, "Evaluating \(id) beside training")
        begin(.evaluate(id.description))
        automaticEvaluation = (choreCount, id)
    }

    /// Says that `evaluate_steps` asks for what this voice cannot give: once, not at every checkpoint.
    func sayIfNothingCanBeEvaluated() {
        guard settingsInForce.training.evaluateSteps > 0, voice.heldOut.isEmpty else { return }
        log(
            .warning,
            "No checkpoint is evaluated by itself, as evaluate_steps asks: voice \(voice.name) holds no clips out to "
                + "measure it with; name some under [data] held_out in its voice.toml")
    }

    func stopEvaluating() { evaluator.stop() }
}
