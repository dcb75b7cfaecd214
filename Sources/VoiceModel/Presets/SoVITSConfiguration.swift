/// The sizes of SoVITS and its discriminators (DESIGN §4).
package struct SoVITSConfiguration: Sendable, Equatable {
    package var sampleRate, hopLength, fftLength: Int
    /// Bands of the posterior's and the speaker encoder's log mel.
    package var melBands = 80
    /// Bands of the reconstruction loss.
    package var lossMelBands: Int
    package var interChannels, hiddenChannels, filterChannels: Int
    package var semanticLayers, textLayers, jointLayers: Int
    package var encoderHeads = 2
    package var crossHeads = 4
    package var dropout: Float = 0.1
    package var posteriorLayers, couplings, couplingLayers: Int
    package var decoderChannels: Int
    package var upsamplingRates, upsamplingKernels: [Int]
    package var periodChannels: [Int]
    package var scaleLayers: [ScaleDiscriminator.Layer]
    package var speaker: SpeakerEncoderConfiguration
    package var codeWidth = 256
    /// Frames of the slice the decoder hears in training.
    package var segmentFrames = 32
    package var symbolCount: Int
    package var codeCount: Int

    /// `codeCount`: the tokenizer's; `symbolCount`: the symbol table's.
    package init(_ preset: ModelPreset, symbolCount: Int, codeCount: Int) {
        sampleRate = preset.sampleRate
        hopLength = preset.hopLength
        fftLength = preset == .standard ? 2048 : 1024
        self.symbolCount = symbolCount
        self.codeCount = codeCount
        speaker = .preset(preset)
        func scale(_ channels: [Int], _ kernels: [Int], _ strides: [Int], _ groups: [Int]) -> [ScaleDiscriminator.Layer]
        {
            channels.indices.map {
                .init(channels: channels[$0], kernel: kernels[$0], stride: strides[$0], groups: groups[$0])
            }
        }
        switch preset {
        case .tiny:
            (lossMelBands, interChannels, hiddenChannels, filterChannels) = (80, 24, 24, 96)
            (semanticLayers, textLayers, jointLayers) = (2, 2, 2)
            (posteriorLayers, couplings, couplingLayers) = (2, 2, 2)
            (decoderChannels, upsamplingRates, upsamplingKernels) = (32, [8, 5, 4, 2], [16, 11, 8, 4])
            periodChannels = [2, 8, 32, 64, 64]
            scaleLayers = scale([2, 4, 16, 32, 32], [15, 41, 41, 41, 5], [1, 4, 4, 4, 1], [1, 2, 4, 16, 1])
            speaker.speakerWidth = 48
        case .nano:
            (lossMelBands, interChannels, hiddenChannels, filterChannels) = (80, 96, 96, 384)
            (semanticLayers, textLayers, jointLayers) = (2, 3, 2)
            (posteriorLayers, couplings, couplingLayers) = (8, 4, 4)
            (decoderChannels, upsamplingRates, upsamplingKernels) = (128, [8, 5, 4, 2], [16, 11, 8, 4])
            periodChannels = [8, 32, 128, 256, 256]
            scaleLayers = scale([8, 16, 64, 128, 128], [15, 41, 41, 41, 5], [1, 4, 4, 4, 1], [1, 4, 16, 16, 1])
        case .standard:
            (lossMelBands, interChannels, hiddenChannels, filterChannels) = (128, 192, 192, 768)
            (semanticLayers, textLayers, jointLayers) = (3, 6, 3)
            (posteriorLayers, couplings, couplingLayers) = (16, 5, 4)
            (decoderChannels, upsamplingRates, upsamplingKernels) = (512, [10, 8, 2, 2, 2], [16, 16, 8, 2, 2])
            periodChannels = [32, 128, 512, 1024, 1024]
            scaleLayers = scale(
                [16, 64, 256, 1024, 1024, 1024], [15, 41, 41, 41, 41, 5], [1, 4, 4, 4, 4, 1], [1, 4, 16, 64, 256, 1])
        }
    }

    /// Width of g, and of the cross-attention it is added in.
    package var speakerWidth: Int { speaker.speakerWidth }
}
