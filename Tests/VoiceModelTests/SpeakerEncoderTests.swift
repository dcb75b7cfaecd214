import Neural
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

@Suite struct SpeakerEncoderTests {
    private let encoder: SpeakerEncoder
    private let mel = RandomStream(seed: 1, name: "mel").normal([3, 80, 24])

    init() {
        encoder = SpeakerEncoder(SpeakerEncoderConfiguration(channels: 32, bottleneck: 8))
        encoder.initialize(seed: 1)
    }

    @Test func makesAVectorOfAnyLength() {
        #expect(encoder(mel, training: false).shape == [3, 192, 1])
        #expect(encoder(mel.sliced(axis: 2, 0..<1), training: false).shape == [3, 192, 1])
        #expect(encoder(mel.sliced(axis: 2, 0..<1), training: true).values.allSatisfy { $0.isFinite })
    }

    @Test func gradientsReachEveryParameter() {
        (encoder(mel, training: true) * RandomStream(seed: 2, name: "probe").normal([3, 192, 1])).sum().backward()
        for entry in encoder.parameters {
            #expect(entry.tensor.gradient?.values.contains { $0 != 0 } == true, "\(entry.name)")
        }
    }

    @Test func gradientAgreesWithFiniteDifferences() {
        let x = RandomStream(seed: 3, name: "mel").normal([2, 80, 9])
        #expect(gradientError(of: [x], step: 3e-3, samples: 60) { encoder($0[0], training: false) } < 2e-2)
    }

    @Test func ignoresTheLevelOfEveryBand() {
        let levels = RandomStream(seed: 4, name: "levels").normal([1, 80, 1])
        let plain = encoder(mel, training: false)
        #expect(relativeDifference(encoder(mel + levels, training: false), plain) < 1e-4)
        #expect(relativeDifference(encoder(mel * 2, training: false), plain) > 1e-3)
    }

    @Test func evaluatesByRunningStatistics() {
        func statistics() -> [[Float]] { encoder.state.filter { $0.kind == .statistic }.map(\.tensor.values) }
        let fresh = statistics()
        let alone = encoder(mel.sliced(axis: 0, 0..<1), training: false)
        // Neither moves them nor depends on who else is in the batch.
        #expect(statistics() == fresh)
        #expect(relativeDifference(encoder(mel, training: false).sliced(axis: 0, 0..<1), alone) < 1e-5)
        _ = encoder(mel, training: true)
        #expect(zip(statistics(), fresh).allSatisfy { $0 != $1 })
        #expect(relativeDifference(encoder(mel.sliced(axis: 0, 0..<1), training: false), alone) > 1e-4)
    }

    @Test func oneClipCanBeTrainedOn() {
        let vector = encoder(mel.sliced(axis: 0, 0..<1), training: true)
        vector.sum().backward()
        let first = encoder.parameters[0].tensor
        #expect(first.gradient?.values.contains { $0 != 0 } == true)
        #expect(encoder.state.allSatisfy { $0.tensor.values.allSatisfy { $0.isFinite } })
    }

    @Test func presetsHaveTheirWidths() {
        let presets = ModelPreset.allCases.map { ReferenceEncoderConfiguration.preset($0) }
        #expect(presets.map(\.speakerWidth) == [48, 192, 192, 512])
        #expect(presets.map(\.bins) == [80, 80, 80, 704])
    }
}
