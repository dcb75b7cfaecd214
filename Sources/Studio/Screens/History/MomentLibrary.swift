import Training

/// Why something could not be read: one sentence.
package struct ReadError: Error, Sendable, Equatable {
    package var sentence: String
    init(_ sentence: String) { self.sentence = sentence }
}

/// What was read of the moments that were looked at.
package struct MomentLibrary: Sendable, Equatable {
    /// Curves of branches from the first step on.
    package internal(set) var lines: [String: MomentCurves] = [:]
    package internal(set) var settings: [String: Result<CheckpointSettings, ReadError>] = [:]
    /// All of the voice, the newest last; nil when they have to be read again.
    package internal(set) var takes: [Take]?
    var asked: Set<HistoryRequest> = []

    private static let lineLimit = 8

    package init() {}

    mutating func take(_ records: [StepRecord], of branch: String) {
        if lines.count >= Self.lineLimit { lines = [:] }
        var curves = MomentCurves()
        for record in records { curves.append(record) }
        lines[branch] = curves
    }

    /// A step that was just done.
    mutating func append(_ record: StepRecord) {
        guard lines[record.branch] != nil else { return }
        lines[record.branch]?.append(record)
        // Thinned out by the journal when it is looked at again.
        if lines[record.branch]?.isLong ?? false { lines[record.branch] = nil }
    }

    /// What a moment lacks that was not asked for yet; it counts as asked for from now on.
    /// - Parameter head: its settings are what others are held against.
    mutating func wanted(_ checkpoint: CheckpointSummary, head: String?) -> [HistoryRequest] {
        var requests: [HistoryRequest] = []
        let isReading = (
            line: asked.contains { if case .line = $0 { true } else { false } },
            settings: asked.contains { if case .settings = $0 { true } else { false } }
        )
        if lines[checkpoint.branch] == nil, !isReading.line { requests.append(.line(checkpoint.branch)) }
        if !isReading.settings, let id = [checkpoint.id, head].compactMap({ $0 }).first(where: { settings[$0] == nil })
        {
            requests.append(.settings(id))
        }
        if takes == nil, !asked.contains(.takes) { requests.append(.takes) }
        asked.formUnion(requests)
        return requests
    }

    /// Takes made with a checkpoint's weights, and those of the steps since the one before it, the newest first.
    package func takes(of checkpoint: CheckpointSummary, after older: Int) -> [Take] {
        (takes ?? []).filter { take in
            if take.checkpoint == checkpoint.id { return true }
            // "branch@step" are the weights of a moment.
            return take.checkpoint == "\(checkpoint.branch)@\(take.step)" && take.step > older
                && take.step <= checkpoint.step
        }.reversed()
    }
}

/// The losses of a line, step by step.
package struct MomentCurves: Sendable, Equatable {
    package struct Point: Sendable, Equatable {
        package var step: Int
        package var value: Float
    }

    package static let metrics: [Metric] = [
        .mel, .validationMel, .crossEntropy, .validationCrossEntropy, .validationTopThree,
    ]

    package private(set) var points: [Metric: [Point]] = [:]
    package private(set) var firstStep = 0
    package private(set) var lastStep = 0

    private static let limit = 12_000

    var isLong: Bool { points.values.contains { $0.count > Self.limit } }

    mutating func append(_ record: StepRecord) {
        if record.step <= lastStep {
            // Done again: what came after is done again too.
            for metric in points.keys { points[metric]?.removeAll { $0.step >= record.step } }
        }
        if firstStep == 0 { firstStep = record.step }
        lastStep = record.step
        for metric in Self.metrics {
            guard let value = record.metrics[metric] else { continue }
            points[metric, default: []].append(Point(step: record.step, value: value))
        }
    }

    /// The points of a stretch of steps, the ends included; quick however long the line is.
    package func points(_ metric: Metric, in steps: ClosedRange<Int>) -> ArraySlice<Point> {
        let all = points[metric] ?? []
        let start = Self.firstIndex(of: all) { $0.step >= steps.lowerBound }
        let end = Self.firstIndex(of: all) { $0.step > steps.upperBound }
        return all[start..<max(start, end)]
    }

    private static func firstIndex(of points: [Point], where isBehind: (Point) -> Bool) -> Int {
        var (low, high) = (0, points.count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(points[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
