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
        #expect(try journal.history(branch: "b", limit: 4).map(\.step) == [24, 25, 26, 27])
        #expect(try journal.history(branch: "b", limit: 0).isEmpty)
        #expect(try journal.history(branch: "nobody", limit: 100).isEmpty)
    }

    @Test func aCircleOfBranchesEnds() throws {
        try journal.addBranch("a", parent: "b", forkStep: 5)
        try journal.addBranch("b", parent: "a", forkStep: 5)
        try add("a", 6...9)
        #expect(try journal.history(branch: "a", limit: 10).map(\.step) == [6, 7, 8, 9])
    }
}
