import Checkpoint
import Foundation
import Synchronization
import Tensor
import VoiceModel

/// Owns all that trains, on its own thread. Commands are obeyed between steps; what leaves is copied and immutable.
///
/// Opening is quick and takes the voice's lock; `run` then prepares, goes on from the newest sound checkpoint, and trains
/// until the target, a stop, or a failure.
package actor Trainer: VoiceSession {
    /// How `run` ended.
    package enum Outcome: Sendable, Equatable {
        case reachedTarget
        case stopped
        /// One sentence; what was saved stays.
        case failed(String)
    }

    package nonisolated let updates: AsyncStream<TrainingUpdate>
    package nonisolated let voice: Voice
    package nonisolated let journal: Journal
    package nonisolated let store: CheckpointStore
    package nonisolated let overview: CheckpointOverview
    /// Set when the last owner of the voice's lock died with it: one sentence.
    package nonisolated let lockRemark: String?

    private nonisolated let executor = ThreadExecutor(name: "trainer")
    nonisolated let continuation: AsyncStream<TrainingUpdate>.Continuation
    nonisolated let mailbox = CommandMailbox()
    nonisolated let standing = Mutex(Standing())
    /// Takes that are there and that nobody was told of yet.
    nonisolated let spoken = Mutex<[(take: Take, remarks: [String])]>([])
    /// What was changed since the voice was opened.
    nonisolated let changes = Mutex(SettingChanges())
    /// Set once the run is ending: nobody waits for what only looks at the disk.
    nonisolated let isLeaving = Atomic(false)
    let writer: CheckpointWriter
    let inspector: CheckpointInspector
    let evaluator: EvaluationWorker
    private let lock: StoreLock
    let options: TrainerOptions
    /// The processes that train with this one.
    let crew: ProcessCrew?
    /// Whether the others have the state of this process.
    var isStateShared = false

    package var engine: TrainingEngine?
    var phase: TrainingSnapshot.Phase = .preparing("Opening", fraction: nil)
    var branch = CheckpointID.firstBranch
    var parent: CheckpointID?
    var origin = ""
    /// Set when the state in memory may not be saved: a step failed half-way.
    var isSpoiled = false
    /// The step of the newest checkpoint of this line that is on the disk.
    var savedStep: Int?
    /// The one being written, and what was begun last, written or not.
    var saving: SaveInProgress?
    var saveCount = 0
    var startedSaveStep: Int?
    var startedSaveAt = ContinuousClock.now
    var pace: SavePace
    /// Why the last save failed, until the loop deals with it.
    var troubleOfSave: (any Error)?
    /// Set while training is paused for the disk.
    var waiting: DiskWait?
    /// Set while steps of another line are done again to reach one that was not saved.
    var replay: Replay?
    /// Steps that are done again, until the last of them is done.
    var redoing: TrainingSnapshot.Redoing?
    let threads: Int
    var stepPace = StepPace()
    /// Where a step's time goes, by stage.
    var partTimes = PartTimes()
    /// A step that was done while the journal could not be written.
    var unrecorded: StepRecord?
    var lastEvent = ContinuousClock.now
    /// Settings commands that the journal has after the checkpoint gone on from: obeyed again at their steps.
    var settingsToReplay: [JournalSetting] = []
    /// What TensorBoard reads, where voice.toml asks for it.
    var board: TensorBoardLog?
    /// What a save takes of the disk, about, once the model is built.
    var checkpointBytes: Int?
    /// What was free on the disk, and when it was asked.
    var free: (bytes: Int?, at: ContinuousClock.Instant)?
    var summaries: [CheckpointSummary] = []
    /// Goes up whenever the list is read from the disk here.
    var listing = 0
    var branches: [BranchSummary] = []
    /// Changes of marks and the like that are under way beside training, by number.
    var chores: [Int: Task<Void, Never>] = [:]
    var choreCount = 0
    /// The last evaluation that nobody asked for but `evaluate_steps`.
    var automaticEvaluation: (chore: Int, id: CheckpointID)?
    /// What was said of figures that cannot be measured: once is enough.
    var toldRemarks: Set<String> = []
    /// Reading back checkpoints that nobody has read yet, while there are some.
    var inspection: Task<Void, Never>?
    /// Those that could not be read back now; they are tried again when the voice is opened again.
    var passedOver: Set<CheckpointID> = []
    var isFinishing = false
    var fingerprint = ""
    /// Steps up to here were done first with other clips than the ones they are done again with.
    var lastStepOfOtherData = 0

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Takes the voice's lock and opens its store and journal.
    ///
    /// - Throws: `CheckpointError.locked` when another process trains this voice, `FileSystemError`, `JournalError`.
    package init(
        voice: Voice, options: TrainerOptions, crew: ProcessCrew? = nil, fileSystem: FileSystem = FileSystem()
    ) throws {
        self.voice = voice
        self.crew = crew
        self.options = options
        lock = try StoreLock(url: voice.lockURL)
        lockRemark = lock.takenOver
        store = try CheckpointStore(directory: voice.checkpointDirectory, fileSystem: fileSystem)
        journal = try Journal(url: voice.journalURL)
        overview = CheckpointOverview(store: store, journal: journal)
        inspector = CheckpointInspector(store: store)
        evaluator = EvaluationWorker(voice: voice, store: store)
        writer = CheckpointWriter(store: store, journal: journal, overview: overview)
        threads = options.threads > 0 ? options.threads : ProcessInfo.processInfo.activeProcessorCount
        let training = voice.configuration.training
        pace = SavePace(
            budget: training.saveCostPercent / 100, shortest: 60, longest: training.autosaveMinutes * 60)
        (updates, continuation) = AsyncStream.makeStream(of: TrainingUpdate.self)
    }

    deinit { executor.end() }

    // MARK: What others ask

    package nonisolated func send(_ command: TrainingCommand) { mailbox.post(command) }

    // MARK: The run

    /// Prepares and trains; returns when it is over. Call it once.
    package func run() async -> Outcome {
        defer {
            lock.release()
            continuation.finish()
        }
        // A nice level belongs to a thread on Linux, and 0 names the calling one; the pool's threads inherit it.
        if options.niceness > 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, options.niceness) }
        Threads.use(threads)
        do {
            try await openWhenThereIsRoom()
            waiting = nil
        } catch is CancellationError {
            return await finish(.stopped, .stopped)
        } catch {
            log(.failure, "\(error)")
            return await finish(.failed("\(error)"), .failed("\(error)"))
        }
        if let target = options.targetStep, currentStep >= target {
            log(.stopped, "Step \(target) is reached already")
            return await finish(.stopped, .reachedTarget)
        }
        phase = .training
        startedSaveAt = .now
        tellDiskUse()
        log(.started, "Training \(voice.name) from step \(currentStep)")
        publish()
        inspectCheckpoints()
        return await trainUntilEnd()
    }

    var currentStep: Int { engine?.position.step ?? 0 }

    private func trainUntilEnd() async -> Outcome {
        while true {
            // Lets auditions and readers in; then what the user wants.
            await Task.yield()
            noteSpokenTakes()
            for command in mailbox.take() {
                if command == .stop { return await stop(.user) }
                if command == .interrupt { return await stop(.signal) }
                await obey(command)
                if !Self.isChore(command) { continuation.yield(.obeyed(command)) }
            }
            await faceTroubleOfSave()
            if options.endsWhenHalted, waiting == nil, let haltedReason {
                return await finish(phase, .failed(haltedReason))
            }
            guard phase == .training else {
                await mailbox.wait(until: waiting?.retryAt)
                if waiting.map({ $0.retryAt <= .now }) ?? false { await retryAfterTrouble() }
                continue
            }
            if replay == nil, let target = options.targetStep, currentStep >= target {
                guard await keep(.autosave) else { continue }
                if let error = troubleOfSave { log(.warning, "\(error)") }
                log(.stopped, "Reached step \(target)")
                return await finish(.stopped, .reachedTarget)
            }
            await step()
        }
    }

    private func step() async {
        guard let engine else { return }
        if let replay, currentStep >= replay.target { return await endReplay(replay) }
        do {
            if let record = unrecorded { try note(record) }
            guard phase == .training else { return }
            replaySettings()
            standing.withLock { $0.isInStep = true }
            defer { standing.withLock { $0.isInStep = false } }
            let parts = StepParts()
            engine.parts = parts
            let record = try perform(engine)
            if crew?.commonSignal != nil { send(.interrupt) }
            partTimes.add(parts, of: record.stage)
            // Its first step makes a checkpoint larger.
            if engine.position.speakers?.updates == 1 { checkpointBytes = engine.model.checkpointBytes }
            unrecorded = record
            stepPace.add(record)
            try note(record)
            publish()
        } catch let error as TrainingError {
            isSpoiled = true
            return halt("\(error)")
        } catch {
            return await trouble(error)
        }
        // A replay saves at its end only: until then nothing is at risk that cannot be done again.
        guard replay == nil, phase == .training else { return }
        // By steps exactly, so that a voice's checkpoints do not depend on the machine; by time when nothing is under way.
        let isDueBySteps = currentStep - (startedSaveStep ?? 0) >= settingsInForce.training.autosaveSteps
        let isDueByTime = saving == nil && (ContinuousClock.now - startedSaveAt).inSeconds >= pace.interval
        if isDueBySteps || isDueByTime { await startSave(.autosave) }
    }

    /// Puts a step into the journal, or compares it with what stands there from before an interruption.
    func note(_ record: StepRecord) throws {
        let outcome = try journal.append(record)
        if case .different(let previous) = outcome {
            if record.step > lastStepOfOtherData {
                log(
                    .warning,
                    "Step \(record.step), done again, came out differently (\(difference(previous, record))): another machine or library?"
                )
            }
            try journal.replace(record)
        }
        unrecorded = nil
        continuation.yield(.step(record))
        if outcome != .identical { writeToBoard { $0.add(record) } }
        try compareWithFirstTime(record, isNew: outcome != .identical)
    }

    func difference(_ old: StepRecord, _ new: StepRecord) -> String {
        for metric in Metric.allCases where old.metrics[metric] != new.metrics[metric] {
            return "\(metric.rawValue) was \(old.metrics[metric] ?? .nan), is \(new.metrics[metric] ?? .nan)"
        }
        return "learning rate or place differ"
    }
}

/// What a session cannot do yet.
package enum SessionError: Error, Sendable, CustomStringConvertible, LocalizedError {
    case notReady
    case noSuchClip(String)
    /// With who trains the voice; nil when nobody does.
    case looksOn(owner: String?)

    package var description: String {
        switch self {
        case .notReady: "The voice is still being prepared: try again when training has started."
        case .looksOn(let owner?):
            "This studio looks on: \(owner) trains the voice. Change it there, or close that one and press space here."
        case .looksOn(nil): "This studio looks on. Press space to train the voice here; then this can be changed."
        case .noSuchClip(let id): "There is no clip \(id) to take the style of; choose another reference."
        }
    }
    package var errorDescription: String? { description }
}
