import Foundation
import Studio
import Synchronization
import Training

/// A training session that says what a test tells it to, and keeps what the studio asks of it.
final class ScriptedSession: TrainingSession {
    let updates: AsyncStream<TrainingUpdate>
    let script: AsyncStream<TrainingUpdate>.Continuation
    private let sent = Mutex<[TrainingCommand]>([])
    private let requests = Mutex<[AuditionRequest]>([])
    private let kept = Mutex<[TakeVote]>([])
    private let rows: [StepRecord]
    private let events: [JournalEvent]
    private let log: [LogPage.Line]
    private let changed = Mutex<[String]>([])
    private let answers: @Sendable (TrainingCommand) -> [TrainingUpdate]

    /// - Parameter answers: what the session says to a command.
    init(
        rows: [StepRecord] = [], events: [JournalEvent] = [],
        log: [LogPage.Line] = [],
        answers: @escaping @Sendable (TrainingCommand) -> [TrainingUpdate] = { _ in [] }
    ) {
        (updates, script) = AsyncStream.makeStream()
        self.rows = rows
        self.events = events
        self.log = log
        self.answers = answers
    }

    var commands: [TrainingCommand] { sent.withLock { $0 } }
    var auditions: [AuditionRequest] { requests.withLock { $0 } }

    func history(limit: Int) async throws -> [StepRecord] { rows }
    func history(of branch: String, limit: Int) async throws -> [StepRecord] {
        rows.map {
            var row = $0
            row.branch = branch
            return row
        }
    }
    func curves(onLineOf branch: String?, steps: ClosedRange<Int>) async throws -> CurveSlice {
        var slice = CurveSlice(steps: steps, count: rows.count)
        for row in rows where steps.contains(row.step) && row.branch == branch ?? row.branch { slice.append(row) }
        return slice
    }
    func recentEvents(limit: Int) async throws -> [JournalEvent] { events }

    func send(_ command: TrainingCommand) {
        sent.withLock { $0.append(command) }
        for update in answers(command) { script.yield(update) }
    }

    var votes: [TakeVote] { kept.withLock { $0 } }

    func audition(
        _ request: AuditionRequest, progress: @escaping @Sendable (AuditionProgress) -> Void
    ) async throws -> Take {
        requests.withLock { $0.append(request) }
        progress(.speaking(0.5))
        return Fixture.take(text: request.text, checkpoint: request.checkpoint ?? "main/g_0000140")
    }

    func auditionMaterial() async throws -> AuditionMaterial { AuditionMaterial(takes: []) }

    func vote(_ vote: TakeVote) async throws { kept.withLock { $0.append(vote) } }

    func takes() async throws -> [Take] { [Fixture.take()] }

    func compare(_ first: String, _ second: String) async throws -> CheckpointComparison {
        func side(_ id: String) -> CheckpointSummary {
            Fixture.checkpoints.first { $0.id == id } ?? Fixture.checkpoint(40, minutesAgo: 4000)
        }
        return CheckpointComparison(
            first: side(first), second: side(second),
            losses: [CheckpointComparison.Loss(metric: .mel, first: 0.81, second: 0.62)], texts: [], tensors: [],
            equalTensors: 3)
    }

    func prunePreview() async throws -> PrunePreview {
        let leaving = PrunePreview.Leaving(checkpoint: Fixture.checkpoints[0], bytesFreed: 48_300_000)
        return PrunePreview(
            kept: Fixture.checkpoints.dropFirst().map { PrunePreview.Kept(checkpoint: $0, reasons: ["recent"]) },
            leaving: [leaving], bytesFreed: leaving.bytesFreed)
    }

    /// What was changed, as "loss.mel = 30".
    var changes: [String] { changed.withLock { $0 } }

    func log(_ request: LogRequest) async throws -> LogPage {
        let wanted = log.filter { line in
            switch line.entry {
            case .step(let record): request.stages.contains(record.stage)
            case .event(let event): request.kinds.contains(event.kind)
            }
        }
        let side = wanted.filter { request.isBackwards ? $0.place < request.place : request.place < $0.place }
        let page = request.isBackwards ? side.suffix(request.limit) : side.prefix(request.limit)
        return LogPage(lines: Array(page), goesOn: side.count > page.count)
    }

    func settings() async throws -> [SettingState] { Fixture.settings }

    func change(_ setting: String, to text: String?) async throws -> String {
        if text == "wrong" { throw SettingRefused() }
        changed.withLock { $0.append("\(setting) = \(text ?? "as before")") }
        return "\(setting) = \(text ?? "as before") from step 141 on."
    }

    func record(output lines: [String]) {
        for line in lines { script.yield(.event(Fixture.event(.library, at: 140, line))) }
    }

    struct SettingRefused: Error, CustomStringConvertible {
        let description = "[loss] mel must be a number from 0 to 1000, not “wrong”."
    }

    func settings(of checkpoint: String) async throws -> CheckpointSettings {
        CheckpointSettings(stage: nil, learningRateFactor: 1, configuration: "")
    }
}

/// A sound card that keeps a list.
final class ListPlayer: AuditionPlayer {
    struct NoDevice: Error, CustomStringConvertible {
        let description = "There is no sound device to play on."
    }
    private let heard = Mutex<[PlaybackOrder]>([])
    private let hasDevice: Bool

    init(hasDevice: Bool = true) { self.hasDevice = hasDevice }

    var orders: [PlaybackOrder] { heard.withLock { $0 } }

    func play(_ order: PlaybackOrder, onMove: @escaping @Sendable (Double) -> Void) async throws {
        heard.withLock { $0.append(order) }
        guard hasDevice else { throw NoDevice() }
        onMove(1)
    }

    func setLooping(_ isLooping: Bool) {}

    func stop() {}
}

/// A voice half an hour into its training, the same every time.
enum Fixture {
    static let now = Date(timeIntervalSince1970: 1_750_000_000)
    static let timeZone = TimeZone(secondsFromGMT: 0) ?? .current

    static func step(_ step: Int, branch: String = "main") -> StepRecord {
        let progress = Double(step)
        let wave = Double((step * 37) % 17) / 17 - 0.5
        var metrics: [Metric: Float]
        if step % 4 == 0 {
            metrics = [
                .crossEntropy: Float(2 + 4 / (1 + progress / 60) + wave / 10), .topThreeAccuracy: 0.25,
                .priorGradientNorm: 0.9,
            ]
        } else {
            metrics = [
                .mel: Float(0.5 + 2 / (1 + progress / 12) + wave / 10), .kl: 1.25,
                .total: Float(30 + 90 / (1 + progress / 12) + wave * 4), .discriminator: Float(2.4 + wave / 4),
                .adversarial: Float(1.1 + wave / 8), .featureMatching: 3.4,
                .generatorGradientNorm: Float(22 + wave * 6),
                .discriminatorGradientNorm: 5.1,
            ]
        }
        if step % 20 == 1 { metrics[.validationMel] = Float(0.62 + 2 / (1 + progress / 12)) }
        return StepRecord(
            branch: branch, step: step, stage: step % 4 == 0 ? .prior : .sovits, epoch: step / 8, batch: step % 8,
            learningRate: 2e-4, metrics: metrics, seconds: 2.41)
    }

    static func checkpoint(
        _ step: Int, branch: String = "main", reason: String = "autosave", minutesAgo: Double, pinned: Bool = false
    ) -> CheckpointSummary {
        let digits = String(step)
        let id = branch + "/g_" + String(repeating: "0", count: 7 - digits.count) + digits
        return CheckpointSummary(
            id: id, branch: branch, step: step, date: now.addingTimeInterval(-60 * minutesAgo), reason: reason,
            bytes: 48_300_000, parent: nil, isPinned: pinned)
    }

    static let checkpoints = [
        checkpoint(40, minutesAgo: 4000), checkpoint(80, reason: "user", minutesAgo: 300, pinned: true),
        checkpoint(120, minutesAgo: 12), checkpoint(136, reason: "pause", minutesAgo: 0.5),
    ]

    static func snapshot(
        _ phase: TrainingSnapshot.Phase = .training, step: Int = 140, branch: String = "main",
        checkpoints: [CheckpointSummary] = Fixture.checkpoints
    ) -> TrainingSnapshot {
        TrainingSnapshot(
            phase: phase, voiceName: "ada", branch: branch, step: step, targetStep: 20_000, stage: .sovits,
            epoch: step / 8, batch: step % 8, batchesInEpoch: 8, learningRate: 1.9998e-4, secondsPerStep: 2.41,
            origin: "resumed main/g_0000120 (autosave)", checkpoints: checkpoints)
    }

    static let settings: [SettingState] = [
        SettingState(
            section: "voice", key: "name", meaning: "How the voice is called.", expectation: "a text", value: "ada",
            defaultValue: "ada", effect: .nextStart),
        SettingState(
            section: "voice", key: "preset", meaning: "The size of the model: tiny (for tests), nano, standard or v2.",
            expectation: "one of tiny, nano, standard, v2", choices: ["tiny", "nano", "standard", "v2"],
            value: "nano", defaultValue: "nano", effect: .fixed),
        SettingState(
            section: "training", key: "batch_size", meaning: "Clips in one step.",
            expectation: "a whole number from 1 to 64", value: "8", defaultValue: "8", fileValue: "4",
            effect: .nextStart),
        SettingState(
            section: "training", key: "schedule",
            meaning: "The stage of each step, repeated: sovits (the acoustic model) or prior (the token model).",
            expectation: "a list of sovits and prior, not empty", value: "sovits, sovits, sovits, prior",
            defaultValue: "sovits, sovits, sovits, prior", effect: .nextStep),
        SettingState(
            section: "training", key: "autosave_minutes",
            meaning: "Save after this many minutes at the latest: no more than that is ever at risk.",
            expectation: "a number from 0.1 to 1440", value: "5", defaultValue: "10", effect: .atOnce),
        SettingState(
            section: "loss", key: "mel", meaning: "Mel spectrogram distance (L1).",
            expectation: "a number from 0 to 1000", value: "30", defaultValue: "45", fileValue: "45",
            effect: .nextStep, isOnLine: true),
        SettingState(
            section: "loss", key: "kl", meaning: "Divergence of the posterior from the prior encoder, per frame.",
            expectation: "a number from 0 to 1000", value: "1", defaultValue: "1", effect: .nextStep),
        SettingState(
            section: "studio", key: "theme", meaning: "A theme's name, as in themes/.", expectation: "a text",
            value: "dark", defaultValue: "dark", effect: .atOnce),
    ]

    static let events = [
        event(.resumed, at: 120, "Resumed main/g_0000120 (autosave); nothing is done again."),
        event(.checkpoint, at: 136, "Saved main/g_0000136 (pause), 48 MB."),
    ]

    static func event(_ kind: JournalEvent.Kind, at step: Int, _ message: String) -> JournalEvent {
        JournalEvent(date: now.addingTimeInterval(-600), branch: "main", step: step, kind: kind, message: message)
    }

    static func take(text: String = "Hello.", checkpoint: String = "main/g_0000136", source: String = "prior") -> Take {
        Take(
            path: "takes/0003.wav", text: text, checkpoint: checkpoint, step: 136, seed: 1, source: source, date: now,
            sampleRate: 16_000, sampleCount: 32_000)
    }

    /// The studio with 140 steps behind it.
    static func state(_ phase: TrainingSnapshot.Phase = .training) -> StudioState {
        var state = StudioState(now: now, timeZone: timeZone)
        _ = state.reduce(.update(.snapshot(snapshot())))
        _ = state.reduce(.history((1...140).map { step($0) }, events: events))
        if phase != .training { _ = state.reduce(.update(.snapshot(snapshot(phase)))) }
        return state
    }
}
