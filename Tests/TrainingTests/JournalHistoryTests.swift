import Foundation
import Testing
import Training

@Suite struct JournalHistoryTests {
    private let place: JournalFolder
    private let journal: Journal

    init() throws {
        place = try JournalFolder()
        journal = try Journal(url: place.url.appendingPathComponent("journal.sqlite"))
    }

    private func add(_ branch: String, _ steps: ClosedRange<Int>, _ change: (inout StepRecord) -> Void = { _ in })
        throws
    {
        for step in steps {
            var record = StepRecord(
                branch: branch, step: step, stage: step % 4 == 0 ? .prior : .sovits, epoch: 0, batch: step,
                learningRate: 1e-4, metrics: [:], seconds: 1)
            record.metrics = record.stage == .prior ? [.crossEntropy: 5] : [.mel: 1]
            change(&record)
            _ = try journal.append(record)
        }
    }

    @Test func theCurveRunsAlongTheAncestors() throws {
        try journal.addBranch("main", parent: nil, forkStep: 0)
        try add("main", 1...30)
        try journal.addBranch("a", parent: "main", forkStep: 20)
        try add("a", 21...28)
        try journal.addBranch("b", parent: "a", forkStep: 25)
        try add("b", 26...27)
        try journal.addBranch("early", parent: "a", forkStep: 10)
        let curve = try journal.history(branch: "b", limit: 100)
        #expect(curve.map(\.step) == Array(1...27))
        #expect(
            curve.map(\.branch) == Array(repeating: "main", count: 20) + Array(repeating: "a", count: 5) + ["b", "b"])
        #expect(try journal.history(branch: "main", limit: 100).count == 30)
        #expect(try journal.history(branch: "early", limit: 100).map(\.step) == Array(1...10))
        #expect(try journal.history(branch: "b", limit: 100, through: 22).map(\.step) == Array(1...22))
        #expect(try journal.history(branch: "nobody", limit: 100).isEmpty)
    }

    @Test func aCircleOfBranchesEnds() throws {
        try journal.addBranch("a", parent: "b", forkStep: 5)
        try journal.addBranch("b", parent: "a", forkStep: 5)
        try add("a", 6...9)
        #expect(try journal.history(branch: "a", limit: 10).map(\.step) == [6, 7, 8, 9])
    }

    @Test func thinningKeepsTheEndsTheSpikesAndTheHeldOutFigures() throws {
        try add("main", 1...2000) { record in
            if record.step == 777 { record.metrics[.mel] = 50 }
            if record.step == 1202 { record.metrics[.mel] = .nan }
            if record.step == 400 { record.metrics[.crossEntropy] = 0.01 }
            if record.step % 500 == 1 { record.metrics[.validationMel] = 0.9 }
        }
        for limit in [60, 200] {
            let curve = try journal.history(branch: "main", limit: limit)
            let steps = Set(curve.map(\.step))
            #expect(curve.count <= limit && curve.count > limit / 2)
            #expect(steps.isSuperset(of: [1, 777, 1202, 400, 501, 1001, 1501, 2000]))
            #expect(curve.map(\.step) == steps.sorted())
            #expect(curve.contains { $0.stage == .prior } && curve.contains { $0.stage == .sovits })
        }
        #expect(try journal.history(branch: "main", limit: 1).map(\.step) == [2000])
        #expect(try journal.history(branch: "main", limit: 2).map(\.step) == [1, 2000])
        #expect(try journal.history(branch: "main", limit: 0).isEmpty)
    }
}
