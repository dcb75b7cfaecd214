import Foundation
import TerminalKit
import Training

/// Measures what long histories cost the studio: drawing, memory, and the time until a long journal can be looked at.
package struct StudioBenchmark {
    /// Drawing one picture, in seconds.
    package struct Drawing: Sendable, Encodable {
        package let steps, series, columns, rows, pictures: Int
        package let smoothed: Bool
        package let median, p99, longest: Double
    }

    package struct LongJournal: Sendable, Encodable {
        package let steps, bytes: Int
        /// Seconds to open it, to read all curves, and the log's rows and events; and from the start to the first picture
        /// with the curves.
        package let open, curves, log, browsable: Double
        /// Seconds to read ten thousand steps in the middle, for a closer look.
        package let closerLook: Double
    }

    package struct Report: Sendable, Encodable {
        package let subject = "studio"
        package let drawings: [Drawing]
        /// By how much the process grew while so many steps came in.
        package let steps, memoryGrowth: Int
        package let journal: LongJournal

        private enum CodingKeys: String, CodingKey { case subject, drawings, steps, memoryGrowth, journal }
    }

    /// Says what is being measured.
    package typealias Progress = (String) -> Void

    private let steps: Int
    private let pictures: Int
    private let folder: URL

    /// - Parameters:
    ///   - steps: how long the longest history is.
    ///   - pictures: how many are drawn of each kind.
    ///   - folder: on the disk to measure; a folder is made in it and removed again.
    package init(steps: Int, pictures: Int, in folder: URL) {
        self.steps = max(1000, steps)
        self.pictures = max(1, pictures)
        self.folder = folder.appendingPathComponent(".bench-\(UUID().uuidString)")
    }

    /// - Throws: `JournalError`, or a file's error.
    package func run(progress: Progress = { _ in }) throws -> Report {
        // Before anything else has made the process large.
        progress("Feeding \(steps) steps")
        let (state, growth) = feed()
        var drawings: [Drawing] = []
        for length in [steps / 100, steps / 10, steps] {
            progress("Drawing \(length) steps")
            let shown = length == steps ? state : fed(length)
            for smoothing in [Smoothing.off, .medium] { drawings.append(draw(shown, length, smoothing)) }
        }
        progress("Writing a journal of \(steps) steps")
        let journal = try readJournal(progress)
        return Report(drawings: drawings, steps: steps, memoryGrowth: growth, journal: journal)
    }

    // MARK: Parts

    static let figures: [Metric] = [.mel, .kl, .total, .discriminator, .adversarial, .featureMatching]

    /// A step with noise in every figure and a spike now and then, the same every time.
    static func record(_ step: Int) -> StepRecord {
        var bits = UInt64(truncatingIfNeeded: step) &* 0x9E37_79B9_7F4A_7C15
        func noise() -> Float {
            bits = (bits ^ (bits >> 29)) &* 0xBF58_476D_1CE4_E5B9
            return Float(bits >> 40) / Float(1 << 24)
        }
        let fall = Float(1 / (1 + Double(step) / 5000))
        var metrics: [Metric: Float] = [:]
        for (index, figure) in Self.figures.enumerated() {
            let spike: Float = step % 99_991 == index ? 8 : 0
            metrics[figure] = Float(index + 1) * (0.5 + fall + noise() / 4) + spike
        }
        return StepRecord(
            branch: "main", step: step, stage: .sovits, epoch: step / 100, batch: step % 100, learningRate: 2e-4,
            metrics: metrics, seconds: 2 + Double(noise()))
    }

    private func opened() -> StudioState {
        var state = StudioState(now: Date(timeIntervalSince1970: 0))
        let snapshot = TrainingSnapshot(
            phase: .training, voiceName: "bench", branch: "main", step: 0, targetStep: nil, stage: .sovits, epoch: 0,
            batch: 0, batchesInEpoch: 1, learningRate: 2e-4, secondsPerStep: 2, origin: "", checkpoints: [])
        _ = state.reduce(.update(.snapshot(snapshot)))
        state.train.panes = [ChartPane("Six", Self.figures)]
        return state
    }

    private func fed(_ count: Int) -> StudioState {
        var state = opened()
        for step in 1...max(1, count) { _ = state.reduce(.update(.step(Self.record(step)))) }
        return state
    }

    private func feed() -> (StudioState, growth: Int) {
        var state = opened()
        var before = 0
        for step in 1...steps {
            _ = state.reduce(.update(.step(Self.record(step))))
            // The first rows fill what every session has: code, a picture, the short log.
            if step == 100 {
                _ = drawStudio(state, size: TerminalSize(columns: 200, rows: 60), glyphs: .braille)
                before = Self.residentBytes
            }
        }
        return (state, max(0, Self.residentBytes - before))
    }

    private func draw(_ state: StudioState, _ length: Int, _ smoothing: Smoothing) -> Drawing {
        var state = state
        state.train.smoothing = smoothing
        let size = TerminalSize(columns: 200, rows: 60)
        var times: [Double] = []
        for _ in 0..<pictures {
            let started = ContinuousClock.now
            let grid = drawStudio(state, size: size, glyphs: .braille)
            times.append(Self.seconds(since: started))
            withExtendedLifetime(grid) {}
        }
        times.sort()
        return Drawing(
            steps: length, series: Self.figures.count, columns: size.columns, rows: size.rows, pictures: pictures,
            smoothed: smoothing != .off, median: times[times.count / 2],
            p99: times[min(times.count - 1, times.count * 99 / 100)], longest: times[times.count - 1])
    }

    private func readJournal(_ progress: Progress) throws -> LongJournal {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = folder.appendingPathComponent("journal.sqlite")
        let writer = try Journal(url: url)
        // In pieces, as a transaction is held in memory.
        for first in stride(from: 1, through: steps, by: 20_000) {
            try writer.append(contentsOf: (first...min(steps, first + 19_999)).lazy.map { Self.record($0) })
        }
        try writer.sync()
        progress("Reading it")
        let started = ContinuousClock.now
        var state = opened()
        let journal = try Journal(url: url)
        let open = Self.seconds(since: started)
        let slice = try journal.curves(onLineOf: "main", steps: 1...Int.max)
        let curves = Self.seconds(since: started) - open
        let rows = try journal.history(branch: "main", limit: 1000)
        let events = try journal.recentEvents(limit: 200)
        let log = Self.seconds(since: started) - open - curves
        _ = state.reduce(.curves(slice, CurveRequest(.whole)))
        _ = state.reduce(.history(rows, events: events))
        _ = drawStudio(state, size: TerminalSize(columns: 200, rows: 60), glyphs: .braille)
        let browsable = Self.seconds(since: started)
        let again = ContinuousClock.now
        let middle = steps / 2
        _ = try journal.curves(onLineOf: "main", steps: max(1, middle - 5000)...middle + 5000)
        let closer = Self.seconds(since: again)
        let bytes = try FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int ?? 0
        return LongJournal(
            steps: steps, bytes: bytes, open: open, curves: curves, log: log, browsable: browsable, closerLook: closer)
    }

    private static func seconds(since start: ContinuousClock.Instant) -> Double {
        let parts = (ContinuousClock.now - start).components
        return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }

    /// Memory of this process that is in use, by /proc/self/statm; 0 where there is none.
    private static var residentBytes: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let words = text.split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * Int(getpagesize()) : 0
    }
}

extension StudioBenchmark.Report {
    package var text: String {
        func milliseconds(_ seconds: Double) -> String {
            CharacterWidth.padded(AxisTicks.plain(1000 * seconds, decimals: 2) + " ms", columns: 12, toRight: true)
        }
        func name(_ text: String) -> String { CharacterWidth.padded(text, columns: 38) }
        var lines = [name("a picture") + "      median         p99     longest"]
        for drawing in drawings {
            let what = "\(drawing.columns)×\(drawing.rows), \(drawing.series)×\(drawing.steps) points"
            lines.append(
                name(what + (drawing.smoothed ? ", smoothed" : "")) + milliseconds(drawing.median)
                    + milliseconds(drawing.p99) + milliseconds(drawing.longest))
        }
        lines += [
            "",
            name("memory grown by \(steps) steps") + "  \(AxisTicks.plain(Double(memoryGrowth) / 1e6, decimals: 2)) MB",
            "", "a journal of \(journal.steps) steps, \(Wording.bytes(journal.bytes))",
            name("opened") + milliseconds(journal.open), name("all curves read") + milliseconds(journal.curves),
            name("the log's rows read") + milliseconds(journal.log),
            name("start to first picture with curves") + milliseconds(journal.browsable),
            name("a closer look at 10,000 steps") + milliseconds(journal.closerLook),
        ]
        return lines.joined(separator: "\n")
    }
}
