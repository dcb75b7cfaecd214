import Neural
import Tensor

/// The sizes of a `SpeakerEncoder`.
package struct SpeakerEncoderConfiguration: Sendable, Equatable {
    /// C of every block.
    package var channels: Int
    /// Width of the squeeze-excitation and attention bottlenecks.
    package var bottleneck: Int
    /// Mel bands of the input.
    package var bands = 80
    /// Width of g.
    package var speakerWidth = 192
    /// Groups inside a block, each seeing the one before.
    package var scale = 8
    /// One block each.
    package var dilations = [2, 3, 4]

    package init(channels: Int, bottleneck: Int) {
        self.channels = channels
        self.bottleneck = bottleneck
    }

    /// Channels of the features that all blocks make together: 1536 at 512.
    package var aggregated: Int { dilations.count * channels }
}

/// The speaker encoder, ECAPA-TDNN (Desplanques et al. 2020): log mel [B, 80, T] of any T -> g, [B, 192, 1].
///
/// The mean of every band over the clip is taken off first, so the recording's level and colour count for less.
package final class SpeakerEncoder: Module {
    package let configuration: SpeakerEncoderConfiguration
    private let entrance: NormalizedConvolution
    private let blocks: [SpeakerBlock]
    private let aggregation: Convolution1d
    private let pooling: AttentiveStatistics
    private let pooledNorm: BatchNorm1d
    private let projection: Linear

    package init(_ configuration: SpeakerEncoderConfiguration) {
        self.configuration = configuration
        entrance = NormalizedConvolution(configuration.bands, configuration.channels, kernel: 5)
        blocks = configuration.dilations.map { SpeakerBlock(configuration, dilation: $0) }
        aggregation = Convolution1d(configuration.aggregated, configuration.aggregated, kernel: 1)
        pooling = AttentiveStatistics(configuration.aggregated, bottleneck: configuration.bottleneck)
        pooledNorm = BatchNorm1d(2 * configuration.aggregated)
        projection = Linear(2 * configuration.aggregated, configuration.speakerWidth)
    }

    /// - Parameter training: normalise by this batch and move the running statistics; else by the running ones.
    /// - Parameter share: which items of the batch these are, where several processes have it.
    package func callAsFunction(_ mel: Tensor, training: Bool, share: BatchShare? = nil) -> Tensor {
        precondition(
            mel.rank == 3 && mel.shape[1] == configuration.bands && mel.shape[2] > 0,
            "a speaker is heard from [B, \(configuration.bands), T], this has a shape of \(mel.shape)")
        var x = entrance(mel - mel.mean(axis: 2, keepingAxis: true), training: training, share: share)
        var outputs = [Tensor]()
        for block in blocks {
            let y = block(x, training: training, share: share)
            outputs.append(y)
            // Each block hears the sum of all before it.
            x = x + y
        }
        let pooled = pooling(aggregation(.concatenated(outputs, axis: 1)).relu(), training: training, share: share)
        // Pooled statistics of a single clip have no variance to normalise by.
        let normalized = pooledNorm(pooled, training: training && (share?.total ?? mel.shape[0]) > 1, share: share)
        return projection(normalized.reshaped([mel.shape[0], -1])).reshaped([-1, configuration.speakerWidth, 1])
    }

    package func collect(_ state: StateCollector) {
        state.child("layer1", entrance)
        for (index, block) in blocks.enumerated() { state.child("layer\(index + 2)", block) }
        state.child("mfa", aggregation)
        state.child("asp", pooling)
        state.child("asp_bn", pooledNorm)
        state.child("fc", projection)
    }
}

/// Convolution, ReLU, batch norm: [B, Cin, T] -> [B, Cout, T].
final class NormalizedConvolution: Module {
    private let convolution: Convolution1d
    private let norm: BatchNorm1d

    init(_ inputs: Int, _ outputs: Int, kernel: Int = 1, dilation: Int = 1) {
        convolution = Convolution1d(
            inputs, outputs, kernel: kernel, padding: (kernel - 1) / 2 * dilation, dilation: dilation)
        norm = BatchNorm1d(outputs)
    }

    func callAsFunction(_ x: Tensor, training: Bool, share: BatchShare?) -> Tensor {
        norm(convolution(x).relu(), training: training, share: share)
    }

    func collect(_ state: StateCollector) {
        state.child("conv", convolution)
        state.child("bn", norm)
    }
}
