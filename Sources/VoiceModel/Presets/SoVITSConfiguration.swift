/// The sizes of SoVITS and its discriminators (DESIGN §4).
package struct SoVITSConfiguration: Sendable, Equatable {
    package var sampleRate, hopLength, fftLength: Int
    /// Bands or bins that the posterior encoder reads.
    package var posteriorBins: Int
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
    /// Whether the decoder's last convolution has a bias.
    package var hasOutputBias = true
    package var periodChannels: [Int]
    package var scaleLayers: [ScaleDiscriminator.Layer]
    package var referenceEncoder: ReferenceEncoderConfiguration
    /// Width of a code's vector: z_prior has so many channels.
    package var codeWidth = 256
    /// True where the tokens are those of recorded features, by a codebook of SoVITS' own.
    package var readsRecordedFeatures = false
    /// Whether that codebook and the projection before it are trained.
    package var learnsCodebook = true
    /// Frames of the slice the decoder hears in training.
    package var segmentFrames = 32
    package var symbolCount: Int
    package var codeCount: Int

    /// `codeCount`: the tokenizer's; `symbolCount`: rows of the text embedding.
    package init(_ preset: ModelPreset, symbolCount: Int, codeCount: Int) {
        sampleRate = preset.sampleRate
        hopLength = preset.hopLength
        fftLength = preset.fftLength
        posteriorBins = InputSpectrum(preset).bins
        self.symbolCount = symbolCount
        self.codeCount = codeCount
        referenceEncoder = .preset(preset)
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
        case .nano:
            (lossMelBands, interChannels, hiddenChannels, filterChannels) = (80, 96, 96, 384)
            (semanticLayers, textLayers, jointLayers) = (2, 3, 2)
            (posteriorLayers, couplings, couplingLayers) = (8, 4, 4)
            (decoderChannels, upsamplingRates, upsamplingKernels) = (128, [8, 5, 4, 2], [16, 11, 8, 4])
            periodChannels = [8, 32, 128, 256, 256]
            scaleLayers = scale([8, 16, 64, 128, 128], [15, 41, 41, 41, 5], [1, 4, 4, 4, 1], [1, 4, 16, 16, 1])
        case .standard, .v2:
            (lossMelBands, interChannels, hiddenChannels, filterChannels) = (128, 192, 192, 768)
            (semanticLayers, textLayers, jointLayers) = (3, 6, 3)
            (posteriorLayers, couplings, couplingLayers) = (16, preset == .v2 ? 4 : 5, 4)
            (decoderChannels, upsamplingRates, upsamplingKernels) = (512, [10, 8, 2, 2, 2], [16, 16, 8, 2, 2])
            periodChannels = [32, 128, 512, 1024, 1024]
            scaleLayers = scale(
                [16, 64, 256, 1024, 1024, 1024], [15, 41, 41, 41, 41, 5], [1, 4, 4, 4, 4, 1], [1, 4, 16, 64, 256, 1])
        }
        if preset == .v2 {
            codeWidth = Self.featureWidth
            readsRecordedFeatures = true
            hasOutputBias = false
        }
    }

    /// Channels of recorded features: HuBERT-base's.
    package static let featureWidth = 768

    /// Width of g, and of the cross-attention it is added in.
    package var speakerWidth: Int { referenceEncoder.speakerWidth }
}

/// Which network makes g of a reference.
package enum ReferenceEncoderConfiguration: Sendable, Equatable {
    /// ECAPA-TDNN on the log mel.
    case speaker(SpeakerEncoderConfiguration)
    /// StyleSpeech's mel style encoder on the lowest `bins` of the magnitudes.
    case style(bins: Int, speakerWidth: Int)

    package static func preset(_ preset: ModelPreset) -> ReferenceEncoderConfiguration {
        switch preset {
        case .tiny:
            // Between 192 / 4 and what the attention's four heads divide.
            var sizes = SpeakerEncoderConfiguration(channels: 32, bottleneck: 8)
            sizes.speakerWidth = 48
            return .speaker(sizes)
        case .nano: return .speaker(SpeakerEncoderConfiguration(channels: 128, bottleneck: 32))
        case .standard: return .speaker(SpeakerEncoderConfiguration(channels: 512, bottleneck: 128))
        case .v2: return .style(bins: 704, speakerWidth: 512)
        }
    }

    package var speakerWidth: Int {
        switch self {
        case .speaker(let sizes): sizes.speakerWidth
        case .style(_, let width): width
        }
    }

    /// Bands or bins of its input: the lowest ones of the clip's spectrum.
    package var bins: Int {
        switch self {
        case .speaker(let sizes): sizes.bands
        case .style(let bins, _): bins
        }
    }

    func module() -> any ReferenceEncoder {
        switch self {
        case .speaker(let sizes): SpeakerEncoder(sizes)
        case .style(let bins, let width): MelStyleEncoder(bins: bins, outputs: width)
        }
    }
}
