import Testing
import Training
import VoiceModel

@Suite(.serialized) struct PresetStepTests {
    @Test(arguments: ModelPreset.allCases)
    func aStepOfEachStageIsTaken(_ preset: ModelPreset) throws {
        let batch = preset == .standard ? 1 : 2
        // Codes need four seconds of sound: one clip of 4 s, or two of 2 s.
        let report = try StepBenchmark(
            preset: preset, batch: batch, frames: 200 / batch, symbols: 12, repeats: 1, threads: 2
        ).run()
        #expect(report.sovitsSeconds > 0 && report.priorSeconds > 0)
    }
}
