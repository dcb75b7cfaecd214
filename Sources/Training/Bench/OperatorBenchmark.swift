import Foundation
import Tensor

/// Times, one by one, every operator that one real step of each stage runs, at the shapes it has there.
package struct OperatorBenchmark {
    package struct Operation: Sendable, Encodable {
        package let item: WorkItem
        /// How often a step runs it, all stages together.
        package let calls: Int
        /// Of one call.
        package let seconds: Double
        package var gigaflop: Double { item.operations / 1e9 }
        package var totalSeconds: Double { Double(calls) * seconds }

        private enum Key: String, CodingKey { case kind, pass, shape, calls, gigaflop, seconds, megabytes }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(item.kind.rawValue, forKey: .kind)
            try container.encode(item.pass.rawValue, forKey: .pass)
            try container.encode(
                Dictionary(uniqueKeysWithValues: item.shape.figures.map { ($0.name, $0.value) }), forKey: .shape)
            try container.encode(calls, forKey: .calls)
            try container.encode(gigaflop, forKey: .gigaflop)
            try container.encode(seconds, forKey: .seconds)
            try container.encode(item.traffic / 1e6, forKey: .megabytes)
        }
    }

    package struct Report: Sendable, Encodable {
        package let subject = "ops"
        package let preset: String
        package let threads, repeats, batch, frames, symbols, tokens, segment: Int
        package let machine: MachineReport
        package let peakMegabytes: Double
        /// What takes most of a step first.
        package let operations: [Operation]

        private enum CodingKeys: String, CodingKey {
            case subject, preset, threads, repeats, batch, frames, symbols, tokens, segment, machine, peakMegabytes
            case operations
        }
    }

    private let options: BenchmarkOptions

    /// - Throws: `BenchmarkError`.
    package init(_ options: BenchmarkOptions) throws {
        try options.validate()
        self.options = options
    }

    /// Times every operator once or, where others take turns, whichever is asked for as often as it is.
    /// - Throws: `CancellationError`, `TrainingError.notFinite`, `BenchmarkError.noOperator`, `BenchmarkError.noTurn`.
    package func run(turns: OperatorTurns? = nil, progress: BenchmarkProgress = { _ in true }) throws -> Report {
        let ((operations, peak), machine) = try MachineReport.around(options, progress) {
            PeakMemory.reset()
            let items = try recorded(progress)
            return (try turns.map { try measure(items, $0) } ?? measure(items, progress), PeakMemory.megabytes)
        }
        return Report(
            preset: options.preset.rawValue, threads: options.threads, repeats: options.repeats, batch: options.batch,
            frames: options.frames, symbols: options.symbols, tokens: options.tokens, segment: options.segment,
            machine: machine, peakMegabytes: peak, operations: operations.sorted { $0.totalSeconds > $1.totalSeconds })
    }

    /// What a step of each stage runs, and how often; alike beside alike, so that a run that is watched shows where it is.
    private func recorded(_ progress: BenchmarkProgress) throws -> [(item: WorkItem, calls: Int)] {
        var work = [WorkItem: Int]()
        for stage in options.stages {
            try tell(progress, "Recording a \(stage.rawValue) step")
            let engine = try BenchmarkModel.engine(options, stage: stage)
            work.merge(try WorkCounter.recording { _ = try engine.performStep(branch: "bench") }, uniquingKeysWith: +)
        }
        let items = work.filter { $0.key.isMatched(by: options.only) }
        if let only = options.only, items.isEmpty { throw BenchmarkError.noOperator(only) }
        return items.map { ($0.key, $0.value) }
            .sorted { ($0.item.kind.rawValue, $0.item.sortName) < ($1.item.kind.rawValue, $1.item.sortName) }
    }

    private func measure(_ items: [(item: WorkItem, calls: Int)], _ progress: BenchmarkProgress) throws -> [Operation] {
        try items.enumerated().map { index, entry in
            try tell(progress, "Timing \(entry.item.kind.rawValue), \(index + 1) of \(items.count) shapes")
            return Operation(item: entry.item, calls: entry.calls, seconds: time(entry.item))
        }
    }

    private func measure(_ items: [(item: WorkItem, calls: Int)], _ turns: OperatorTurns) throws -> [Operation] {
        try turns.show(items.map { Operation(item: $0.item, calls: $0.calls, seconds: 0) })
        var times = items.map { _ in [Double]() }
        while let line = turns.next() {
            guard let index = Int(line), items.indices.contains(index) else {
                throw BenchmarkError.noTurn(line, operators: items.count)
            }
            times[index].append(time(items[index].item))
            turns.answer(times[index][times[index].count - 1])
        }
        return zip(items, times).map { Operation(item: $0.item, calls: $0.calls, seconds: median($1)) }
    }

    /// Short calls are repeated until a run takes this long.
    private static let shortestRun = 0.004
    private static let mostCalls = 64

    /// Seconds of one call: the median over runs of the mean in each.
    private func time(_ item: WorkItem) -> Double { Threads.awake { timeAwake(item) } }

    private func timeAwake(_ item: WorkItem) -> Double {
        StoragePool.shared.drain()
        let call = OperatorCall(item)
        func once() -> Double {
            call.prepare()
            return timed(call.run)
        }
        _ = once()
        let runs = (0..<options.repeats).map { _ in
            var total = 0.0, calls = 0
            while calls == 0 || total < Self.shortestRun && calls < Self.mostCalls {
                total += once()
                calls += 1
            }
            return total / Double(calls)
        }
        return median(runs)
    }
}

/// Lets another program measure its own operators in between, so that what befalls the machine befalls both.
package struct OperatorTurns {
    /// Is given all operators before any was timed.
    package var show: ([OperatorBenchmark.Operation]) throws -> Void
    /// The place in that list of the one that is wanted, in digits; nil when no more are.
    package var next: () -> String?
    /// Is given its seconds.
    package var answer: (Double) -> Void

    package init(
        show: @escaping ([OperatorBenchmark.Operation]) throws -> Void, next: @escaping () -> String?,
        answer: @escaping (Double) -> Void
    ) {
        (self.show, self.next, self.answer) = (show, next, answer)
    }
}

extension WorkItem {
    fileprivate var sortName: String { shape.label + pass.rawValue }

    /// Whether the table's words for it have `text` in them.
    fileprivate func isMatched(by text: String?) -> Bool {
        text.map { "\(kind.rawValue) \(pass.rawValue) \(shape.label)".contains($0) } ?? true
    }
}

extension WorkItem.Shape {
    /// Name and value of every figure, in the order people expect.
    var figures: [(name: String, value: Int)] {
        switch self {
        case .convolution(let c):
            return [
                ("batch", c.batch), ("inputs", c.inputs), ("outputs", c.outputs), ("groups", c.groups),
                ("kernel", c.kernel), ("stride", c.stride), ("padding", c.padding), ("dilation", c.dilation),
                ("longLength", c.longLength), ("shortLength", c.shortLength),
            ]
        case .product(let rows, let inputs, let outputs):
            return [("rows", rows), ("inputs", inputs), ("outputs", outputs)]
        case .attention(let batch, let heads, let queries, let keys, let width, let window, let prefix):
            return [
                ("batch", batch), ("heads", heads), ("queries", queries), ("keys", keys), ("width", width),
                ("window", window),
            ] + (prefix.map { [("prefix", $0)] } ?? [])
        case .rows(let rows, let width): return [("rows", rows), ("width", width)]
        case .signal(let batch, let channels, let frames):
            return [("batch", batch), ("channels", channels), ("frames", frames)]
        case .parameters(let count): return [("count", count)]
        }
    }

    /// For a table.
    var label: String {
        switch self {
        case .convolution(let c):
            let groups = c.groups == 1 ? "" : " g\(c.groups)", stride = c.stride == 1 ? "" : " s\(c.stride)"
            let dilation = c.dilation == 1 ? "" : " d\(c.dilation)"
            return "\(c.batch) × \(c.inputs)→\(c.outputs) k\(c.kernel)\(stride)\(dilation)\(groups), "
                + "\(c.longLength)→\(c.shortLength)"
        case .product(let rows, let inputs, let outputs): return "\(rows) × \(inputs)→\(outputs)"
        case .attention(let batch, let heads, let queries, let keys, let width, let window, let prefix):
            return "\(batch) × \(heads) heads of \(width), \(queries) × \(keys)"
                + (window == 0 ? "" : " window \(window)") + (prefix == nil ? "" : " causal")
        case .rows(let rows, let width): return "\(rows) × \(width)"
        case .signal(let batch, let channels, let frames): return "\(batch) × \(channels) × \(frames)"
        case .parameters(let count): return "\(count) weights"
        }
    }
}
