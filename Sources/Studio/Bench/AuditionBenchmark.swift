import Audio
import Foundation
import Synchronization
import TerminalKit
import Training

/// Measures hearing a take while training takes all cores: from the key to the first sample at the sink, from the key to
/// silence, and whether the sink's ring ever runs dry. The sink empties as fast as a sound card, which ALSA's devices
/// without a card do not.
package struct AuditionBenchmark: Sendable {
    package struct Times: Sendable, Encodable {
        /// Milliseconds.
        package let median, worst: Double
    }

    package struct Report: Sendable, Encodable {
        package let subject = "audition"
        package let preset: String
        package let threads, keys: Int
        package let keyToFirstSample, keyToSilence: Times
        /// Seconds played, of which the ring held at least `lowestRing`, and how often it was empty.
        package let seconds, lowestRing: Double
        package let emptyRings: Int
        package let steps: Int

        private enum CodingKeys: String, CodingKey {
            case subject, preset, threads, keys, keyToFirstSample, keyToSilence, seconds, lowestRing, emptyRings, steps
        }

        package var text: String {
            func line(_ name: String, _ times: Times, _ limit: Int) -> String {
                "\(name)  median \(AxisTicks.plain(times.median, decimals: 1)) ms, worst "
                    + "\(AxisTicks.plain(times.worst, decimals: 1)) ms of \(keys) (wanted: \(limit) ms)"
            }
            return """
                Hearing takes beside training: \(preset), \(threads) threads, \(steps) steps meanwhile
                \(line("key to first sample", keyToFirstSample, 150))
                \(line("key to silence     ", keyToSilence, 50))
                ring                 empty \(emptyRings) times in \(Int(seconds)) s; at least \
                \(AxisTicks.plain(lowestRing * 1000, decimals: 0)) ms of 500 ms were in it
                """
        }
    }

    private let options: BenchmarkOptions
    private let keys: Int
    private let seconds: Double

    /// - Parameters:
    ///   - keys: times that a take is played and stopped.
    ///   - seconds: how long a take is played over and over.
    package init(_ options: BenchmarkOptions, keys: Int = 100, seconds: Double = 60) {
        self.options = options
        self.keys = max(1, keys)
        self.seconds = max(1, seconds)
    }

    /// - Throws: `BenchmarkError`, `AudioFileError`, what ended the training.
    @MainActor
    package func run(progress: @escaping (String) -> Void = { _ in }) async throws -> Report {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let take = try Self.take(in: folder)
        let sinks = SinkList()
        let backend = UnseenBackend()
        let app = StudioApp(
            session: UntrainedSession(take), backend: backend, theme: .plain,
            player: DevicePlayer(
                device: "real time",
                sink: { rate in
                    .success(sinks.add(RealTimeSink(sampleRate: rate)))
                }))
        let running = Task { try await app.run() }
        backend.press(.character("3"))
        while app.state.audition.selectedTake == nil { try await Task.sleep(for: .milliseconds(5)) }

        let load = try TrainingLoad(options)
        defer { load.stop() }
        progress("Training begins")
        while try load.steps() == 0 { try await Task.sleep(for: .milliseconds(20)) }

        var starts: [Double] = [], stops: [Double] = []
        for index in 0..<keys {
            progress("Playing \(index + 1) of \(keys)")
            let count = sinks.count
            starts.append(
                try await milliseconds(after: backend) { sinks.count > count ? sinks.last?.report.firstWrite : nil })
            while app.state.audition.playing == nil { try await Task.sleep(for: .milliseconds(2)) }
            // Not always the same moment of a step and of the take.
            try await Task.sleep(for: .milliseconds(40 + 37 * index % 160))
            stops.append(try await milliseconds(after: backend) { sinks.last?.report.dropped })
            // The key would else stop what is ending already, and nothing would be heard.
            while app.state.audition.playing != nil { try await Task.sleep(for: .milliseconds(2)) }
        }

        backend.press(.character("l"), .enter)
        let begun = RealTimeSink.machineTime(), count = sinks.count
        while RealTimeSink.machineTime() - begun < seconds {
            try await Task.sleep(for: .milliseconds(250))
            _ = try load.steps()
            progress("Playing for \(Int(RealTimeSink.machineTime() - begun)) of \(Int(seconds)) s")
        }
        let report = sinks.count > count ? sinks.last?.report : nil
        let steps = try load.steps()
        backend.press(.character("x"), .character("q"), .character("q"))
        _ = try await running.value
        return Report(
            preset: options.preset.rawValue, threads: options.threads, keys: keys,
            keyToFirstSample: Self.times(starts), keyToSilence: Self.times(stops),
            seconds: Double(report?.heard ?? 0) / Double(take.sampleRate), lowestRing: report?.lowest ?? 0,
            emptyRings: report?.underruns ?? 0, steps: steps)
    }

    /// Presses enter and waits for a time to be noted.
    @MainActor
    private func milliseconds(after backend: UnseenBackend, _ time: () -> Double?) async throws -> Double {
        let pressed = RealTimeSink.machineTime()
        backend.press(.enter)
        while true {
            if let time = time() { return (time - pressed) * 1000 }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private static func times(_ all: [Double]) -> Times {
        let sorted = all.sorted()
        return Times(median: sorted[sorted.count / 2], worst: sorted[sorted.count - 1])
    }

    /// A few seconds of a tone that swells.
    private static func take(in folder: URL) throws -> Take {
        let rate = 16_000, count = 3 * rate
        let samples = (0..<count).map { index in
            Float(sin(Double(index) * 0.11)) * Float(index % 8000) / 16_000
        }
        let url = folder.appendingPathComponent("take.wav")
        try AudioFile.write(Waveform(samples: samples, sampleRate: rate), to: url)
        return Take(
            path: url.path, text: "A tone that swells.", checkpoint: "main/g_0000001", step: 1, seed: 1,
            source: "prior", date: Date(), sampleRate: rate, sampleCount: count)
    }
}

/// The sinks that were opened, the newest last.
private final class SinkList: Sendable {
    private let sinks = Mutex<[RealTimeSink]>([])

    var count: Int { sinks.withLock { $0.count } }
    var last: RealTimeSink? { sinks.withLock { $0.last } }

    func add(_ sink: RealTimeSink) -> RealTimeSink {
        sinks.withLock { $0.append(sink) }
        return sink
    }
}

/// A terminal of 120×40 that nobody looks at; every picture is drawn all the same.
@MainActor
private final class UnseenBackend: TerminalBackend {
    let size = TerminalSize(columns: 120, rows: 40)
    let glyphs = ChartGlyphs.braille
    let events: AsyncStream<TerminalEvent>
    var theme = Theme.plain
    let colorDepth = ColorDepth.mono
    var onOutput: (@Sendable ([String]) -> Void)?
    private let input: AsyncStream<TerminalEvent>.Continuation

    init() { (events, input) = AsyncStream.makeStream() }

    func start() throws {}
    func present(_ grid: CellGrid) {}
    func redrawAll() {}
    func suspend() {}
    func stop() { input.finish() }

    func press(_ keys: Key...) {
        for key in keys { input.yield(.key(key)) }
    }
}

/// A session that has one take and trains nothing: the load beside it does.
private final class UntrainedSession: TrainingSession {
    let updates: AsyncStream<TrainingUpdate>
    private let take: Take

    init(_ take: Take) {
        self.take = take
        updates = AsyncStream { _ in }
    }

    func history(limit: Int) async throws -> [StepRecord] { [] }
    func history(of branch: String, limit: Int) async throws -> [StepRecord] { [] }
    func curves(onLineOf branch: String?, steps: ClosedRange<Int>) async throws -> CurveSlice {
        CurveSlice(steps: steps, count: 0)
    }
    func log(_ request: LogRequest) async throws -> LogPage { throw CancellationError() }
    func settings() async throws -> [SettingState] { [] }
    func change(_ setting: String, to text: String?) async throws -> String { throw CancellationError() }
    func record(output lines: [String]) {}
    func recentEvents(limit: Int) async throws -> [JournalEvent] { [] }
    func send(_ command: TrainingCommand) {}
    func audition(
        _ request: AuditionRequest, progress: @escaping @Sendable (AuditionProgress) -> Void
    ) async throws -> Take { take }
    func auditionMaterial() async throws -> AuditionMaterial { AuditionMaterial(takes: [take]) }
    func vote(_ vote: TakeVote) async throws {}
    func takes() async throws -> [Take] { [take] }
    func compare(_ first: String, _ second: String) async throws -> CheckpointComparison { throw CancellationError() }
    func prunePreview() async throws -> PrunePreview { PrunePreview(kept: [], leaving: [], bytesFreed: 0) }
    func settings(of checkpoint: String) async throws -> CheckpointSettings {
        CheckpointSettings(stage: nil, learningRateFactor: 1, configuration: "")
    }
}
