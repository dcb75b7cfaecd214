import Audio
import Tensor
import Testing
import Training
import VoiceModel

@Suite(.serialized) struct PresetStepTests {
    /// Four seconds of noise: as much as finding codes needs.
    private func engine(_ preset: ModelPreset) throws -> TrainingEngine {
        StoragePool.shared.isPoisoned = true
        let noise = RandomStream(seed: 1, name: "noise").normal([4 * preset.sampleRate]) * 0.1
        var clip = PreparedClip(
            id: "noise", waveform: Waveform(samples: noise.values, sampleRate: preset.sampleRate), text: [3, 4, 5, 6],
            spectrogram: InputSpectrum(preset), hop: preset.hopLength,
            features: preset.readsRecordedFeatures
                ? RandomStream(seed: 2, name: "features").normal([768, 200]).values : [])
        var tokenizer: KMeansTokenizer?
        if !preset.readsRecordedFeatures {
            let fitted = try KMeansTokenizer.fit(
                [clip.spectrumTensor], limit: KMeansTokenizer.codeLimit(preset), seed: 1)
            clip.tokens = fitted.tokens(of: clip.spectrumTensor)
            tokenizer = fitted
        }
        var configuration = VoiceConfiguration(name: "noise", preset: preset)
        configuration.training.batchSize = 1
        configuration.training.schedule = [.prior, .sovits]
        return TrainingEngine(
            configuration: configuration, symbolCount: 40, dataset: Dataset(training: [clip], heldOut: []),
            tokenizer: tokenizer)
    }

    @Test(arguments: ModelPreset.allCases)
    func everyPresetTakesAStepOfEachStage(_ preset: ModelPreset) throws {
        let engine = try engine(preset)
        let records = try [engine.performStep(branch: "main"), engine.performStep(branch: "main")]
        #expect(records.map(\.stage) == [.prior, .sovits])
        for (metric, value) in records.flatMap(\.metrics) { #expect(value.isFinite, "\(metric)") }
    }
}
