import Testing
import Training

@Suite struct StepPaceTests {
    private func record(_ stage: Stage, _ seconds: Double) -> StepRecord {
        StepRecord(
            branch: "main", step: 1, stage: stage, epoch: 0, batch: 0, learningRate: 1, metrics: [:], seconds: seconds)
    }

    private let schedule: [Stage] = [.sovits, .sovits, .sovits, .prior]

    @Test func theScheduleDecidesHowMuchEachStageCounts() {
        var pace = StepPace()
        #expect(pace.secondsPerStep(schedule: schedule) == nil)
        pace.add(record(.sovits, 2))
        #expect(pace.secondsPerStep(schedule: schedule) == 2)
        pace.add(record(.prior, 6))
        #expect(pace.secondsPerStep(schedule: schedule) == 3)
        #expect(pace.secondsPerStep(schedule: [.prior]) == 6)
        #expect(pace.shares(schedule: schedule).map(\.share) == [0.5, 0.5])
    }

    @Test func aStepThatWasHeldUpAndOneOfLongAgoDoNotCount() {
        var pace = StepPace()
        for _ in 0..<50 { pace.add(record(.sovits, 9)) }
        for _ in 0..<20 { pace.add(record(.sovits, 2)) }
        pace.add(record(.sovits, 4000))
        #expect(pace.secondsPerStep(schedule: schedule) == 2)
    }

    @Test func aStageOfWhichNothingIsKnownIsTakenForTheOther() {
        var pace = StepPace()
        pace.add(record(.sovits, 2))
        #expect(pace.secondsPerStep(schedule: [.prior]) == 2)
    }
}
