/// What the studio asks of the trainer; each is obeyed between two steps. A checkpoint is an ID, a tag, or a branch's
/// name for its newest.
package enum TrainingCommand: Sendable, Equatable {
    case pause, resume, snapshot
    /// Goes back to a checkpoint and starts a new branch there, paused or training as before.
    case rollBack(to: String)
    /// The same, and the new branch begins with this factor of the learning rate. Nothing changes when going back fails.
    case branch(from: String, learningRateFactor: Double)
    /// Takes back the last roll-back, or the last undo of one. Nothing is deleted by either.
    case undoRollBack, redoRollBack
    /// Keeps a checkpoint from being thinned out, or lets it go again.
    case pin(String, Bool)
    /// Gives a checkpoint a name, and takes that name away again.
    case tag(String, add: String)
    case untag(String, String)
    /// Writes a line on a checkpoint; nil or an empty one takes it off.
    case note(String, String?)
    /// Reads every byte of a checkpoint and repairs what can be repaired.
    case verify(String)
    /// Has a checkpoint speak the held-out clips' transcripts, measures what comes out, and keeps that in the journal.
    case evaluate(String)
    /// Ends the evaluation that is under way and those that wait for it.
    case stopEvaluating
    /// Deletes checkpoints, e.g. those that `prunePreview` says would go; one that is in use is refused.
    case prune([String])
    /// nil follows the schedule of voice.toml; a stage trains that one only.
    case setStage(Stage?)
    /// Multiplies the schedule's learning rate.
    case setLearningRateFactor(Double)
    /// Saves, then ends.
    case stop
    /// The same because of a signal or a lost terminal, which the checkpoint then gives as its reason.
    case interrupt
}

/// The trainer as the studio sees it; tests put a scripted one in its place.
package protocol TrainingSession: AnyObject, Sendable {
    /// All updates from now on; one consumer.
    var updates: AsyncStream<TrainingUpdate> { get }
    /// The last `limit` of the journal's rows of the current branch and its ancestors, oldest first.
    func history(limit: Int) async throws -> [StepRecord]
    /// The same of a branch by its name, past the place where others left it.
    func history(of branch: String, limit: Int) async throws -> [StepRecord]
    /// The curves of some steps of a branch and its ancestors, in bounded memory however long they are; nil is the branch
    /// in training.
    func curves(onLineOf branch: String?, steps: ClosedRange<Int>) async throws -> CurveSlice
    /// The last `limit` events, oldest first.
    func recentEvents(limit: Int) async throws -> [JournalEvent]
    func send(_ command: TrainingCommand)
    /// Synthesizes on a thread of its own with the current weights (nil) or a checkpoint's, saves the take, returns it.
    /// Training goes on meanwhile. Cancelling the task ends it with `CancellationError`; no take is kept then.
    func audition(
        _ request: AuditionRequest, progress: @escaping @Sendable (AuditionProgress) -> Void
    ) async throws -> Take
    /// What can be auditioned, and what was.
    func auditionMaterial() async throws -> AuditionMaterial
    /// Keeps a vote; it is on the disk when this returns.
    func vote(_ vote: TakeVote) async throws
    /// All takes of the voice, the newest last.
    func takes() async throws -> [Take]
    /// What sets two checkpoints apart; reads those of their files that differ, while training goes on.
    func compare(_ first: String, _ second: String) async throws -> CheckpointComparison
    /// What thinning out would remove now, and why the others stay.
    func prunePreview() async throws -> PrunePreview
    /// Lines of the log along the present line of training.
    func log(_ request: LogRequest) async throws -> LogPage
    /// Every setting of the voice, in the order of voice.toml.
    func settings() async throws -> [SettingState]
    /// Changes a setting, given as a person types it; nil takes a change back. Returns one sentence that says since when
    /// it holds, or throws one that says why it cannot be.
    func change(_ setting: String, to text: String?) async throws -> String
    /// Keeps lines that libraries wrote to standard output and error, as events; from any thread, kept on return.
    func record(output lines: [String])
    /// The settings that the steps after a checkpoint begin with.
    func settings(of checkpoint: String) async throws -> CheckpointSettings
}
