import Checkpoint
import Foundation
import Tensor
import VoiceModel

/// Owns all that trains, on its own thread. Commands are obeyed between steps; what leaves is copied and immutable.
///
/// Opening is quick and takes the voice's lock; `run` then prepares, goes on from the newest sound checkpoint, and trains
/// until the target, a stop, or a failure.
package actor Trainer: TrainingSession {
    /// How `run` ended.
    package enum Outcome: Sendable, Equatable {
        case reachedTarget
        case stopped
        /// One sentence; what was saved stays.
        case failed(String)
    }

    package nonisolated let updates: AsyncStream<TrainingUpdate>
    package nonisolated let voice: Voice
    nonisolated let journal: Journal
    nonisolated let store: CheckpointStore
    /// Set when the last owner of the voice's lock died with it: one sentence.
    package nonisolated let lockRemark: String?

    private nonisolated let executor = ThreadExecutor(name: "trainer")
    nonisolated let continuation: AsyncStream<TrainingUpdate>.Continuation
    nonisolated let mailbox = CommandMailbox()
    private let lock: StoreLock
    let options: TrainerOptions

    package var engine: TrainingEngine?
    var phase: TrainingSnapshot.Phase = .preparing("Opening", fraction: nil)
    var branch = CheckpointID.firstBranch
    var parent: CheckpointID?
    var origin = ""
    /// Set when the state in memory may not be saved: a step failed half-way.
    var isSpoiled = false
    var savedStep: Int?
    var savedAt = ContinuousClock.now
    var recentSeconds: [Double] = []
    /// A step that was done while the journal could not be written.
    var unrecorded: StepRecord?
    var lastEvent = ContinuousClock.now
    /// Settings commands that the journal has after the checkpoint gone on from: obeyed again at their steps.
    var settingsToReplay: [JournalSetting] = []
    var summaries: [CheckpointSummary] = []
    var fingerprint = ""

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Takes the voice's lock and opens its store and journal.
    ///
    /// - Throws: `CheckpointError.locked` when another process trains this voice, `FileSystemError`, `JournalError`.
    package init(voice: Voice, options: TrainerOptions) throws {
        self.voice = voice
        self.options = options
        lock = try StoreLock(url: voice.lockURL)
        lockRemark = lock.takenOver
        store = try CheckpointStore(directory: voice.checkpointDirectory)
        journal = try Journal(url: voice.journalURL)
        (updates, continuation) = AsyncStream.makeStream(of: TrainingUpdate.self)
    }

    deinit { executor.end() }

    // MARK: What others ask

    package nonisolated func send(_ command: TrainingCommand) { mailbox.post(command) }

    package nonisolated func history(limit: Int) async throws -> [StepRecord] {
        let branch = try store.readHead()?.branch ?? CheckpointID.firstBranch
        return try journal.history(branch: branch, limit: limit)
    }

    package nonisolated func recentEvents(limit: Int) async throws -> [JournalEvent] {
        try journal.recentEvents(limit: limit)
    }

    package func audition(_ request: AuditionRequest) async throws -> Take {
        guard let engine else { throw SessionError.notReady }
        let weights: WeightsImage
        if let id = request.checkpoint {
            weights = try WeightsImage(store.load(CheckpointID(parsing: id)))
        } else {
            weights = WeightsImage(
                files: engine.model.weights(), position: engine.position, label: "\(branch)@\(engine.position.step)")
        }
        let (voice, dataset, bins) = (voice, engine.dataset, engine.referenceBins)
        let (take, remarks) = try await Task.detached(priority: .userInitiated) {
            let synthesizer = try Synthesizer(weights, voice: voice)
            let clip = request.fromHeldOutClip ? dataset.heldOut.first ?? dataset.training.first : nil
            let waveform =
                if let clip {
                    synthesizer.resynthesize(clip, reference: dataset.defaultReference(bins: bins), seed: request.seed)
                } else {
                    try synthesizer.speak(
                        request.text, reference: dataset.defaultReference(bins: bins), seed: request.seed)
                }
            let take = try TakeLibrary(voice).save(
                waveform, text: request.text, weights: weights, seed: request.seed, source: clip?.id ?? "prior")
            return (take, synthesizer.remarks)
        }.value
        for remark in remarks { log(.warning, remark) }
        log(.take, "Spoke \(take.text.isEmpty ? take.source : "“\(take.text)”") with \(take.checkpoint): \(take.path)")
        return take
    }

    // MARK: The run

    /// Prepares and trains; returns when it is over. Call it once.
    package func run() async -> Outcome {
        defer {
            lock.release()
            continuation.finish()
        }
        Threads.use(options.threads > 0 ? options.threads : ProcessInfo.processInfo.activeProcessorCount)
        do {
            try open()
        } catch is CancellationError {
            return finish(.stopped, .stopped)
        } catch {
            log(.failure, "\(error)")
            return finish(.failed("\(error)"), .failed("\(error)"))
        }
        if let target = options.targetStep, currentStep >= target {
            log(.stopped, "Step \(target) is reached already")
            return finish(.stopped, .reachedTarget)
        }
        phase = .training
        log(.started, "Training \(voice.name) from step \(currentStep)")
        publish()
        return await trainUntilEnd()
    }

    var currentStep: Int { engine?.position.step ?? 0 }

    private func trainUntilEnd() async -> Outcome {
        while true {
            // Lets auditions and readers in; then what the user wants.
            await Task.yield()
            for command in mailbox.take() {
                if command == .stop { return stop(.user) }
                if command == .interrupt { return stop(.signal) }
                obey(command)
            }
            guard phase == .training else {
                await mailbox.wait()
                continue
            }
            step()
            if options.endsWhenHalted, let haltedReason { return finish(phase, .failed(haltedReason)) }
            if phase == .training, let target = options.targetStep, currentStep >= target {
                guard currentStep == savedStep || save(.autosave) else {
                    return finish(phase, .failed(haltedReason ?? "The last save failed."))
                }
                log(.stopped, "Reached step \(target)")
                return finish(.stopped, .reachedTarget)
            }
        }
    }

    private func step() {
        guard let engine else { return }
        do {
            if let record = unrecorded { try note(record) }
            replaySettings()
            let record = try engine.performStep(branch: branch)
            unrecorded = record
            try note(record)
            recentSeconds = recentSeconds.suffix(19) + [record.seconds]
            continuation.yield(.step(record))
            publish()
            let configuration = voice.configuration.training
            let due = currentStep - (savedStep ?? 0) >= configuration.autosaveSteps
            if due || ContinuousClock.now - savedAt >= .seconds(configuration.autosaveMinutes * 60) { save(.autosave) }
        } catch let error as TrainingError {
            isSpoiled = true
            halt("\(error)")
        } catch {
            halt("\(error)")
        }
    }

    /// Puts a step into the journal, or compares it with what stands there from before an interruption.
    func note(_ record: StepRecord) throws {
        if case .different(let previous) = try journal.append(record) {
            log(
                .warning,
                "Step \(record.step), done again, came out differently (\(difference(previous, record))): another machine or library?"
            )
            try journal.replace(record)
        }
        unrecorded = nil
    }

    private func difference(_ old: StepRecord, _ new: StepRecord) -> String {
        for metric in Metric.allCases where old.metrics[metric] != new.metrics[metric] {
            return "\(metric.rawValue) was \(old.metrics[metric] ?? .nan), is \(new.metrics[metric] ?? .nan)"
        }
        return "learning rate or place differ"
    }
}

/// What a session cannot do yet.
package enum SessionError: Error, Sendable, CustomStringConvertible, LocalizedError {
    case notReady

    package var description: String { "The voice is still being prepared: try again when training has started." }
    package var errorDescription: String? { description }
}
