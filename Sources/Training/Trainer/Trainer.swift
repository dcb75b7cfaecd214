import Checkpoint
import Foundation
import Synchronization
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
    private nonisolated let continuation: AsyncStream<TrainingUpdate>.Continuation
    private nonisolated let mailbox = CommandMailbox()
    private nonisolated let isInterrupted = Atomic(false)
    private let lock: StoreLock
    private let options: TrainerOptions

    var engine: TrainingEngine?
    private var phase: TrainingSnapshot.Phase = .preparing("Opening", fraction: nil)
    private var branch = CheckpointID.firstBranch
    private var parent: CheckpointID?
    private var origin = ""
    /// Set when the state in memory may not be saved: a step failed half-way.
    private var isSpoiled = false
    private var savedStep: Int?
    private var savedAt = ContinuousClock.now
    private var recentSeconds: [Double] = []
    private var lastEvent = ContinuousClock.now
    /// Settings commands that the journal has after the checkpoint gone on from: obeyed again at their steps.
    private var settingsToReplay: [JournalSetting] = []
    private var summaries: [CheckpointSummary] = []
    private var fingerprint = ""

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

    /// A signal wants the process to end: saves, with that reason, and stops.
    package nonisolated func interrupt() {
        isInterrupted.store(true, ordering: .relaxed)
        mailbox.post(.stop)
    }

    package nonisolated func history(limit: Int) async throws -> [StepRecord] {
        let branch = try store.readHead()?.branch ?? CheckpointID.firstBranch
        return try journal.history(branch: branch, limit: limit)
    }

    package nonisolated func recentEvents(limit: Int) async throws -> [JournalEvent] { try journal.recentEvents(limit: limit) }

    package func audition(_ request: AuditionRequest) async throws -> Take {
        guard let engine else { throw SessionError.notReady }
        let weights: WeightsImage
        if let id = request.checkpoint {
            weights = try WeightsImage(store.load(CheckpointID(parsing: id)))
        } else {
            weights = WeightsImage(
                files: engine.model.weights(), position: engine.position, label: "\(branch)@\(engine.position.step)")
        }
        let (voice, dataset) = (voice, engine.dataset)
        let take = try await Task.detached(priority: .userInitiated) {
            let synthesizer = try Synthesizer(weights, voice: voice)
            let clip = request.fromHeldOutClip ? dataset.heldOut.first ?? dataset.training.first : nil
            let waveform =
                if let clip {
                    synthesizer.resynthesize(clip, reference: dataset.defaultReference, seed: request.seed)
                } else {
                    try synthesizer.speak(request.text, reference: dataset.defaultReference, seed: request.seed)
                }
            return try TakeLibrary(voice).save(
                waveform, text: request.text, weights: weights, seed: request.seed, source: clip?.id ?? "prior")
        }.value
        log(.take, "Spoke \(take.text.isEmpty ? take.source : "“\(take.text)”") with \(take.checkpoint): \(take.path)")
        return take
    }

    // MARK: The run

    /// Prepares and trains; returns when it is over. Call it once.
    package func run() async -> Outcome {
        defer { continuation.finish() }
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

    private var currentStep: Int { engine?.position.step ?? 0 }

    private func trainUntilEnd() async -> Outcome {
        while true {
            // Lets auditions and readers in; then what the user wants.
            await Task.yield()
            for command in mailbox.take() {
                if command == .stop { return stop() }
                obey(command)
            }
            guard phase == .training else {
                await mailbox.wait()
                continue
            }
            step()
            if phase == .training, let target = options.targetStep, currentStep >= target {
                guard save(.autosave) else { return finish(phase, .failed(haltedReason ?? "The last save failed.")) }
                log(.stopped, "Reached step \(target)")
                return finish(.stopped, .reachedTarget)
            }
        }
    }

    private func step() {
        guard let engine else { return }
        do {
            replaySettings()
            let record = try engine.performStep(branch: branch)
            try note(record)
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
    private func note(_ record: StepRecord) throws {
        recentSeconds = recentSeconds.suffix(19) + [record.seconds]
        if case .different(let previous) = try journal.append(record) {
            log(
                .warning,
                "Step \(record.step), done again, came out differently (\(difference(previous, record))): another machine or library?")
            try journal.replace(record)
        }
    }

    private func difference(_ old: StepRecord, _ new: StepRecord) -> String {
        for metric in Metric.allCases where old.metrics[metric] != new.metrics[metric] {
            return "\(metric.rawValue) was \(old.metrics[metric] ?? .nan), is \(new.metrics[metric] ?? .nan)"
        }
        return "learning rate or place differ"
    }

    // MARK: Commands

    private func obey(_ command: TrainingCommand) {
        switch command {
        case .pause:
            guard phase == .training else { return }
            guard save(.pause) else { return }
            phase = .paused
            log(.paused, "Paused at step \(currentStep)")
        case .resume:
            if isSpoiled {
                log(.warning, "The state in memory is not good any more: roll back to a checkpoint first")
            } else if phase != .training {
                phase = .training
                log(.started, "Going on from step \(currentStep)")
            }
        case .snapshot:
            if isSpoiled {
                log(.warning, "The state in memory is not good any more and is not saved: roll back to a checkpoint first")
            } else {
                save(.user)
            }
        case .rollBack(let id): rollBack(to: id)
        case .setStage(let stage): set("stage", stage?.rawValue ?? "schedule")
        case .setLearningRateFactor(let factor): set("learning_rate_factor", "\(factor)")
        case .stop: break
        }
        publish()
    }

    /// A settings command is durable before the step that first obeys it.
    private func set(_ name: String, _ value: String) {
        let setting = JournalSetting(branch: branch, step: currentStep, name: name, value: value, date: Date())
        do {
            try journal.append(setting)
            apply(setting)
            log(.setting, "From step \(currentStep + 1): \(name) = \(value)")
        } catch {
            halt("\(error)")
        }
    }

    private func apply(_ setting: JournalSetting) {
        switch setting.name {
        case "stage": engine?.position.stageOverride = Stage(rawValue: setting.value)
        case "learning_rate_factor":
            if let factor = Double(setting.value), factor.isFinite, factor > 0 { engine?.position.learningRateFactor = factor }
        default: log(.warning, "The journal has a setting \(setting.name) that this version does not know; it is left out")
        }
    }

    private func replaySettings() {
        while let first = settingsToReplay.first, first.step <= currentStep {
            apply(first)
            settingsToReplay.removeFirst()
        }
    }

    private func rollBack(to text: String) {
        guard let engine else { return }
        let wasTraining = phase == .training
        do {
            let id = try CheckpointID(parsing: text)
            let loaded = try store.load(id)
            // What is in memory is kept too: going back is never a loss.
            if !isSpoiled, currentStep > (savedStep ?? 0), !save(.rollback) { return }
            let from = "\(branch) at step \(currentStep)"
            try engine.restore(loaded)
            isSpoiled = false
            branch = try Lineage.startBranch(at: id, store: store, journal: journal)
            parent = id
            savedStep = id.step
            savedAt = .now
            settingsToReplay = []
            recentSeconds = []
            phase = wasTraining ? .training : .paused
            log(.rolledBack, "Went back from \(from) to \(id); going on as \(branch)")
        } catch {
            log(.failure, "\(error)")
        }
    }

    private func stop() -> Outcome {
        if isSpoiled {
            log(.stopped, "Stopped without saving: the state in memory was not good any more")
        } else if engine != nil, currentStep != savedStep, !save(isInterrupted.load(ordering: .relaxed) ? .signal : .user) {
            return finish(phase, .failed(haltedReason ?? "The state could not be saved."))
        } else {
            log(.stopped, "Stopped at step \(currentStep)")
        }
        return finish(.stopped, .stopped)
    }

    private var haltedReason: String? {
        if case .halted(let reason) = phase { return reason }
        return nil
    }

    private func halt(_ sentence: String) {
        phase = .halted(sentence)
        log(.failure, sentence)
        publish()
    }

    private func finish(_ last: TrainingSnapshot.Phase, _ outcome: Outcome) -> Outcome {
        phase = last
        try? journal.sync()
        publish()
        return outcome
    }

    // MARK: Saving

    /// Saves the complete state; halts and returns false when that fails.
    @discardableResult
    private func save(_ reason: CheckpointReason) -> Bool {
        guard let engine else { return false }
        let before = phase
        phase = .saving
        publish()
        do {
            let id = CheckpointID(branch: branch, step: currentStep)
            let rows = try journal.rows(branch: branch, after: parent.map { $0.branch == branch ? $0.step : 0 } ?? 0)
            let image = try engine.stateImage(texts: [
                TextFile(name: "voice.toml", contents: voice.configuration.toml),
                TextFile(name: "journal.jsonl", contents: rows.map { $0.jsonLine + "\n" }.joined()),
            ])
            let request = SaveRequest(
                id: id, reason: reason, parent: parent, datasetFingerprint: fingerprint,
                configurationDigest: Digest(of: voice.configuration.toml).description)
            let step = currentStep
            let saved = try store.save(image, as: request) {
                try journal.sync()
                return step
            }
            (parent, savedStep, savedAt) = (id, currentStep, .now)
            if let damage = saved.replacedDamage { log(.warning, damage) }
            log(.checkpoint, saved.wasAlreadySaved ? "\(id) is saved already" : "Saved \(id) (\(reason.rawValue))")
            if voice.configuration.training.keepCheckpoints > 0 {
                let gone = try store.prune(keepingLast: voice.configuration.training.keepCheckpoints)
                if !gone.isEmpty { log(.checkpoint, "Removed \(gone.map(\.description).joined(separator: ", "))") }
            }
            try refreshSummaries()
            phase = before
            publish()
            return true
        } catch {
            halt("\(error)")
            return false
        }
    }

    private func refreshSummaries() throws {
        summaries = try store.list().compactMap { listing in
            listing.header.map { CheckpointSummary($0, isPinned: listing.isPinned) }
        }
    }

    // MARK: Opening

    private func open() throws {
        if let lockRemark { log(.warning, lockRemark) }
        prepare("Looking for the newest sound checkpoint", nil)
        let found = try Recovery.newestSound(in: store)
        let base = try found == nil ? BaseVoice.load(voice.configuration) : nil
        let known = try (found?.checkpoint.image ?? base?.image).map(TrainingEngine.tokenizer)
        let (dataset, tokenizer) = try Dataset.prepare(voice, tokenizer: known) { what, fraction in
            prepare(what, fraction)
            return !mailbox.hasStop
        }
        fingerprint = try voice.fingerprint()
        prepare("Building the model", nil)
        let engine = TrainingEngine(
            configuration: voice.configuration, symbolCount: try voice.textFrontEnd().symbolTable.count, dataset: dataset,
            tokenizer: tokenizer)
        if let found {
            try engine.restore(found.checkpoint)
            branch = found.branch
            parent = found.checkpoint.id
            savedStep = found.checkpoint.id.step
            origin = found.explanation
            let step = found.checkpoint.id.step
            settingsToReplay = try journal.settings(branch: branch, after: step - 1)
            log(.resumed, redoing(found.explanation, after: step))
            if found.checkpoint.manifest.header.datasetFingerprint != fingerprint {
                log(.warning, "The clips, transcripts or held-out list changed since \(found.checkpoint.id); training goes on with them as they are now")
            }
        } else if let base {
            try engine.model.inherit(base.image, checkpoint: base.label)
            origin = "started from \(base.label)"
            log(.started, "Starting from \(base.label)")
        } else {
            log(.started, "Starting from scratch: \(dataset.training.count) clips, \(tokenizer.codeCount) semantic codes")
        }
        self.engine = engine
        if let stage = options.stage, engine.position.stageOverride != stage { set("stage", stage.rawValue) }
        try refreshSummaries()
        savedAt = .now
    }

    /// The line of a resume, with the steps that were done after the checkpoint and are done again.
    private func redoing(_ explanation: String, after step: Int) -> String {
        guard let last = try? journal.lastStep(branch: branch), last > step else { return explanation }
        return "\(explanation); redoing \(last - step) step\(last - step == 1 ? "" : "s") of the journal"
    }

    private func prepare(_ what: String, _ fraction: Double?) {
        phase = .preparing(what, fraction: fraction)
        // A thousand updates a second would be no news.
        guard ContinuousClock.now - lastEvent > .milliseconds(50) || fraction == nil else { return }
        lastEvent = .now
        publish()
    }

    // MARK: Telling

    private func log(_ kind: JournalEvent.Kind, _ message: String) {
        let event = JournalEvent(date: Date(), branch: branch, step: currentStep, kind: kind, message: message)
        continuation.yield(.event(event))
        do {
            try journal.append(event)
        } catch {
            // The journal's disk may be the very thing that fails; the user still sees the event.
            continuation.yield(
                .event(JournalEvent(date: Date(), branch: branch, step: currentStep, kind: .warning, message: "\(error)")))
        }
    }

    private func publish() {
        let stage = engine?.stage(after: currentStep) ?? voice.configuration.training.schedule[0]
        let place = (stage == .sovits ? engine?.position.sovits : engine?.position.prior) ?? SamplerPosition()
        let sorted = recentSeconds.sorted()
        continuation.yield(
            .snapshot(
                TrainingSnapshot(
                    phase: phase, voiceName: voice.name, branch: branch, step: currentStep, targetStep: options.targetStep,
                    stage: stage, epoch: place.epoch, batch: place.batch, batchesInEpoch: engine?.batchesInEpoch(stage) ?? 0,
                    learningRate: engine?.learningRate(stage) ?? 0,
                    secondsPerStep: sorted.isEmpty ? nil : sorted[sorted.count / 2], origin: origin,
                    checkpoints: summaries)))
    }
}

/// What a session cannot do yet.
package enum SessionError: Error, Sendable, CustomStringConvertible, LocalizedError {
    case notReady

    package var description: String { "The voice is still being prepared: try again when training has started." }
    package var errorDescription: String? { description }
}

extension CheckpointSummary {
    package init(_ header: ManifestHeader, isPinned: Bool) {
        self.init(
            id: header.id.description, branch: header.branch, step: header.step, date: header.date,
            reason: header.reason.rawValue, bytes: header.bytes, parent: header.parent?.description, isPinned: isPinned)
    }
}

/// The one way to go back: a new line that begins at a checkpoint, known to store and journal.
package enum Lineage {
    /// Returns the new branch's name; it is the current one from now on.
    package static func startBranch(at id: CheckpointID, store: CheckpointStore, journal: Journal) throws -> String {
        let branch = try store.newBranch(from: id)
        try journal.addBranch(branch.name, parent: id.branch, forkStep: id.step)
        return branch.name
    }
}

/// The checkpoint a new voice starts from.
struct BaseVoice {
    let image: StateImage
    let label: String

    /// nil when voice.toml names none.
    static func load(_ configuration: VoiceConfiguration) throws -> BaseVoice? {
        guard let base = configuration.base else { return nil }
        let voice = try Voice.open(base.voice)
        let store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        let loaded: LoadedCheckpoint
        if base.checkpoint.isEmpty {
            guard let found = try Recovery.newestSound(in: store) else { throw TrainingError.emptyBase(voice: base.voice) }
            loaded = found.checkpoint
        } else {
            loaded = try store.load(CheckpointID(parsing: base.checkpoint))
        }
        return BaseVoice(image: loaded.image, label: "\(base.voice)@\(loaded.id)")
    }
}
