import Neural
import Tensor

/// A diagonal normal distribution per frame: mean and log standard deviation, each [B, C, T].
package struct FrameDistribution {
    package let mean: Tensor
    package let logDeviation: Tensor

    package init(mean: Tensor, logDeviation: Tensor) {
        self.mean = mean
        self.logDeviation = logDeviation
    }

    /// mean + noise · exp(log deviation), masked.
    package func sample(noise: Tensor, mask: Tensor) -> Tensor {
        (mean + noise * logDeviation.exponential()) * mask
    }
}

/// q(z | spectrogram, g): [B, bins, T] -> z's distribution [B, C, T] (VITS, Kim et al. 2021, §2.1).
/// The speaker vector is detached inside: the posterior must not teach the speaker encoder.
package final class PosteriorEncoder: Module {
    private let pre: Convolution1d
    private let encoder: WaveNet
    private let projection: Convolution1d
    private let outputs: Int

    package init(bins: Int, outputs: Int, hidden: Int, kernel: Int, layers: Int, speakerWidth: Int) {
        self.outputs = outputs
        pre = Convolution1d(bins, hidden, kernel: 1)
        encoder = WaveNet(hidden: hidden, kernel: kernel, layers: layers, speakerWidth: speakerWidth)
        projection = Convolution1d(hidden, 2 * outputs, kernel: 1)
    }

    package func callAsFunction(_ spectrogram: Tensor, mask: Tensor, speaker: Tensor) -> FrameDistribution {
        let x = encoder(pre(spectrogram) * mask, mask: mask, speaker: speaker.detached())
        let statistics = (projection(x) * mask).split(axis: 1, [outputs, outputs])
        return FrameDistribution(mean: statistics[0], logDeviation: statistics[1])
    }

    package func collect(_ state: StateCollector) {
        state.child("pre", pre)
        state.child("enc", encoder)
        state.child("proj", projection)
    }
}
