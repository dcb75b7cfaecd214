import Foundation
import Testing
import Training

/// Curves read through digests are those read from the steps.
@Suite struct JournalDigestTests {
    private let place: JournalFolder
    private let journal: Journal

    init() throws {
        place = try JournalFolder()
        journal = try Journal(url: place.url.appendingPathComponent("journal.sqlite"))
    }

    private static func record(_ step: Int, branch: String = "main") -> StepRecord {
        var record = StepRecord(
            branch: branch, step: step, stage: step % 4 == 0 ? .prior : .sovits, epoch: 0, batch: step,
            learningRate: 1e-4, metrics: [:], seconds: 1 + Double(step % 5))
        record.metrics =
            record.stage == .prior ? [.crossEntropy: 5] : [.mel: 1 + Float(step % 11) / 10, .kl: Float(step % 7)]
        if step == 777 { record.metrics[.mel] = 50 }
        if step == 778 { record.metrics[.kl] = 99 }
        if step == 1202 { record.metrics[.mel] = .nan }
        if step % 500 == 1 { record.metrics[.validationMel] = 0.9 }
        return record
    }

    /// The slice as it comes from the steps one by one.
    private func expected(_ records: [StepRecord], steps: ClosedRange<Int>, spans: Int) -> CurveSlice {
        let count = (records.last?.step ?? 0) - (records.first?.step ?? 1) + 1
        var slice = CurveSlice(steps: steps, count: count, spans: spans)
        for record in records { slice.append(record) }
        return slice
    }

    /// True when nothing differs but the last bits of means of means.
    private func isClose(_ one: CurveSlice, _ other: CurveSlice) -> Bool {
        guard one.figures.keys == other.figures.keys else { return false }
        return one.figures.allSatisfy { figure, spans in
            let others = other.figures[figure] ?? []
            return spans.count == others.count
                && zip(spans, others).allSatisfy { first, second in
                    var second = second
                    let distance = abs(first.mean - second.mean)
                    second.mean = first.mean
                    return first == second && distance < 1e-3
                }
        }
    }

    @Test func everySpikeOfEveryFigureIsSeenAtEveryWidth() throws {
        try journal.append(contentsOf: (1...20_000).lazy.map { Self.record($0) })
        let whole = try journal.curves(onLineOf: "main", steps: 1...Int.max, spans: 125)
        for (figure, spike) in [(Figure.metric(.mel), Float(50)), (.metric(.kl), 99)] {
            let spans = try #require(whole.figures[figure])
            #expect((115...130).contains(spans.count))
            #expect(spans.map(\.high).max() == spike)
            #expect(spans.map { Int($0.count) }.reduce(0, +) == 15_000)
        }
        let mel = try #require(whole.figures[.metric(.mel)])
        #expect(mel.map { Int($0.count - $0.finiteCount) }.reduce(0, +) == 1, "the one that is not finite")
        #expect(mel.first?.firstStep == 1 && mel.last?.lastStep == 19_999)
        #expect(whole.figures[.metric(.validationMel)]?.map { Int($0.count) }.reduce(0, +) == 40)
        // Stretches of 160 steps: digests of 16 do not cross their ends.
        let isSame = isClose(whole, expected((1...20_000).map { Self.record($0) }, steps: whole.steps, spans: 125))
        #expect(isSame)
        // A stretch of it, not at the edge of any digest, step by step.
        let near = try journal.curves(onLineOf: "main", steps: 770...781)
        let isNear = near == expected((770...781).map { Self.record($0) }, steps: 770...781, spans: 2000)
        #expect(isNear)
    }

    @Test func curvesRunAlongTheAncestorsWhateverTheFork() throws {
        try journal.addBranch("main", parent: nil, forkStep: 0)
        try journal.append(contentsOf: (1...18_000).lazy.map { Self.record($0) })
        try journal.addBranch("b", parent: "main", forkStep: 17_003)
        try journal.append(contentsOf: (17_004...35_000).lazy.map { Self.record($0, branch: "b") })
        let line = try journal.curves(onLineOf: "b", steps: 5...Int.max, spans: 2188)
        let isSame = isClose(line, expected((5...35_000).map { Self.record($0) }, steps: line.steps, spans: 2188))
        #expect(isSame)
        #expect(try journal.curves(onLineOf: "nobody", steps: 1...10).figures.isEmpty)
    }

    @Test func aStepThatCameOutDifferentlyChangesItsDigests() throws {
        try journal.append(contentsOf: (1...17_000).lazy.map { Self.record($0) })
        var other = Self.record(9)
        other.metrics[.mel] = 70
        try journal.replace(other)
        let spans = try #require(
            try journal.curves(onLineOf: "main", steps: 1...Int.max, spans: 10).figures[.metric(.mel)])
        #expect(spans.map(\.high).max() == 70)
    }
}
