import Testing
import Training

@Suite struct SavePaceTests {
    @Test func theIntervalFollowsTheCostWithinItsBounds() {
        var pace = SavePace(budget: 0.01, shortest: 60, longest: 600)
        #expect(pace.interval == 600 && pace.cost == nil && pace.share == nil)
        // One second of two threads' work, and half a second of standing still: one second lost in a hundred.
        pace.note(stall: 0.5, work: 1, threads: 2)
        #expect(pace.cost == 1 && pace.interval == 100)
        #expect(abs((pace.share ?? 0) - 1 / 101) < 1e-12)
        for _ in 0..<5 { pace.note(stall: 0.01, work: 0, threads: 2) }
        #expect(pace.interval == 60)
        // Work at risk comes before cost.
        for _ in 0..<5 { pace.note(stall: 100, work: 0, threads: 2) }
        #expect(pace.interval == 600 && (pace.share ?? 0) > 0.01)
    }

    @Test func oneSlowSaveAmongFiveChangesNothing() {
        var pace = SavePace(budget: 0.01, shortest: 1, longest: 600)
        for _ in 0..<4 { pace.note(stall: 1, work: 0, threads: 1) }
        pace.note(stall: 90, work: 0, threads: 1)
        #expect(pace.interval == 100)
        for _ in 0..<2 { pace.note(stall: 90, work: 0, threads: 1) }
        #expect(pace.interval == 600)
    }

    @Test func theLongestIntervalWins() {
        let pace = SavePace(budget: 0.01, shortest: 60, longest: 6)
        #expect(pace.shortest == 6 && pace.interval == 6)
    }
}
