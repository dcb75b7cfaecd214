import Checkpoint
import Foundation
import Synchronization

/// Looks on while another process trains a voice: reads its journal and store, and never writes to either.
///
/// What the trainer does is seen within a second. Takes can be made of checkpoints; commands are not obeyed.
package actor VoiceWatcher: VoiceSession {
    package nonisolated let updates: AsyncStream<TrainingUpdate>
    package nonisolated let voice: Voice
    package nonisolated let store: CheckpointStore
    package nonisolated let journal: Journal
    package nonisolated let overview: CheckpointOverview
    private nonisolated let continuation: AsyncStream<TrainingUpdate>.Continuation
    private nonisolated let mailbox = CommandMailbox()
    /// Settings of the line of training, as last read.
    private nonisolated let line = Mutex<[String: String]>([:])

    private var phase: TrainingSnapshot.Phase
    private var branch = CheckpointID.firstBranch
    /// The newest step and event that were told; nil before the first look.
    private var newest: StepRecord?
    private var newestEvent = 0
    private var stepPace = StepPace()
    private var summaries: [CheckpointSummary] = []
    private var branches: [BranchSummary] = []
    private var listedAt: ContinuousClock.Instant?
    private var hasLooked = false
    private var lastTrouble: String?

    private let period: Duration
    /// How long marks that no event tells of may be unseen.
    private static let listingPeriod = Duration.seconds(10)

    /// - Parameter period: how often it looks.
    /// - Throws: `JournalError` when the voice was never trained, `CheckpointError`.
    package init(voice: Voice, period: Duration = .seconds(1)) throws {
        self.voice = voice
        self.period = period
        store = try CheckpointStore(directory: voice.checkpointDirectory, access: .readOnly)
        journal = try Journal(readOnly: voice.journalURL)
        overview = CheckpointOverview(store: store, journal: journal)
        phase = .watching(owner: Self.owner(of: voice))
        (updates, continuation) = AsyncStream.makeStream(of: TrainingUpdate.self)
    }

    package nonisolated var settingsInForce: VoiceConfiguration { voice.configuration.changed(by: lineSettings) }
    package nonisolated var lineSettings: [String: String] { line.withLock { $0 } }
    package nonisolated var partingSentence: String? { nil }

    package func run() async -> Trainer.Outcome {
        defer { continuation.finish() }
        while !mailbox.hasStop {
            // Whatever else was wished for is refused where it is asked for.
            for command in mailbox.take() { continuation.yield(.obeyed(command)) }
            look()
            await mailbox.wait(until: .now + period)
        }
        phase = .stopped
        publish()
        return .stopped
    }

    package nonisolated func send(_ command: TrainingCommand) { mailbox.post(command) }

    package nonisolated func change(_ setting: String, to text: String?) async throws -> String {
        throw SessionError.looksOn(owner: Self.owner(of: voice))
    }

    package nonisolated func record(output lines: [String]) {
        let date = Date()
        for line in lines {
            continuation.yield(
                .event(JournalEvent(date: date, branch: "", step: 0, kind: .library, message: line)))
        }
    }

    /// A take of a checkpoint; "now" is the newest one.
    package nonisolated func audition(
        _ request: AuditionRequest, progress: @escaping @Sendable (AuditionProgress) -> Void
    ) async throws -> Take {
        guard !request.fromHeldOutClip else { throw SessionError.looksOn(owner: Self.owner(of: voice)) }
        var request = request
        if request.checkpoint == nil { request.checkpoint = try presentBranch() }
        let (wanted, maker) = (request, TakeMaker(voice: voice, store: store))
        let (take, remarks) = try await BackgroundThread.run("audition") { isCancelled in
            progress(.loadingWeights)
            return try maker.speak(wanted, TakeMaker.Material(), isCancelled, progress)
        }
        for remark in remarks {
            continuation.yield(
                .event(JournalEvent(date: Date(), branch: "", step: take.step, kind: .warning, message: remark)))
        }
        return take
    }

    // MARK: Looking

    private static func owner(of voice: Voice) -> String? {
        StoreLock.holder(of: voice.lockURL).map { "process \($0.process) on \($0.host)" }
    }

    /// Tells what came since the last look. A disk that cannot be read now is looked at again.
    private func look() {
        do {
            let isNews = try lookForSteps()
            let isTold = try lookForEvents()
            try list(isDue: isTold)
            let now = TrainingSnapshot.Phase.watching(owner: Self.owner(of: voice))
            if isNews || isTold || now != phase || !hasLooked { phase = now } else { return }
            hasLooked = true
            lastTrouble = nil
            publish()
        } catch {
            let sentence = "The voice could not be looked at: \(error); it is tried again"
            guard sentence != lastTrouble else { return }
            lastTrouble = sentence
            tell(.warning, sentence)
        }
    }

    private func tell(_ kind: JournalEvent.Kind, _ message: String) {
        let step = newest?.step ?? 0
        continuation.yield(
            .event(JournalEvent(date: Date(), branch: branch, step: step, kind: kind, message: message)))
    }

    /// True when there are new steps, or the line of training is another one.
    private func lookForSteps() throws -> Bool {
        let present = try presentBranch()
        guard present == branch, let last = newest else {
            let known = try journal.history(branch: present, limit: 200)
            guard present != branch || known.last != newest else { return false }
            (branch, stepPace, newest) = (present, StepPace(), known.last)
            for record in known { stepPace.add(record) }
            return true
        }
        let new = try journal.rows(branch: branch, after: last.step)
        for record in new {
            stepPace.add(record)
            continuation.yield(.step(record))
        }
        newest = new.last ?? last
        return !new.isEmpty
    }

    private func lookForEvents() throws -> Bool {
        let (new, last) = try journal.events(after: newestEvent, limit: 200)
        newestEvent = last
        // Those before the first look are asked for with the history.
        if hasLooked { for event in new { continuation.yield(.event(event)) } }
        return !new.isEmpty
    }

    private func list(isDue: Bool) throws {
        guard isDue || listedAt.map({ .now - $0 > Self.listingPeriod }) ?? true else { return }
        listedAt = .now
        let before = (summaries, branches)
        (summaries, branches) = (try overview.summaries(), try overview.branches())
        if before != (summaries, branches) { hasLooked = false }
        let present = try settingsOfLine()
        line.withLock { $0 = present }
    }

    /// Those of the newest checkpoint, and what was changed after it.
    private func settingsOfLine() throws -> [String: String] {
        let newest = summaries.last { $0.branch == branch }
        var settings = try newest.map { try overview.settings(of: $0.id).changes } ?? [:]
        let later = try journal.settings(onLineOf: branch, from: newest?.step ?? 0, before: .max)
        for change in Trainer.inForce(later) where VoiceSetting.find(dotted: change.name)?.effect == .nextStep {
            settings[change.name] = change.value == Trainer.asWritten ? nil : change.value
        }
        return settings
    }

    private func publish() {
        let schedule = settingsInForce.training.schedule
        continuation.yield(
            .snapshot(
                TrainingSnapshot(
                    phase: phase, voiceName: voice.name, branch: branch, step: newest?.step ?? 0, targetStep: nil,
                    stage: newest?.stage ?? schedule[0], epoch: newest?.epoch ?? 0, batch: newest?.batch ?? 0,
                    batchesInEpoch: 0, learningRate: newest?.learningRate ?? 0,
                    secondsPerStep: stepPace.secondsPerStep(schedule: schedule), origin: "looking on",
                    checkpoints: summaries, branches: branches,
                    safety: TrainingSnapshot.Safety(savedStep: summaries.last { $0.branch == branch }?.step))))
    }
}
