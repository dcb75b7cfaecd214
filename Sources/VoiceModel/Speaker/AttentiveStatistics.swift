import Neural
import Tensor

/// Channel- and context-dependent attentive statistics pooling of ECAPA-TDNN: mean and deviation over time, each
/// channel weighing the frames for itself. [B, C, T] -> [B, 2C, 1].
final class AttentiveStatistics: Module {
    private let inner: NormalizedConvolution
    private let outer: Convolution1d
    private let channels: Int

    init(_ channels: Int, bottleneck: Int) {
        self.channels = channels
        inner = NormalizedConvolution(3 * channels, bottleneck)
        outer = Convolution1d(bottleneck, channels, kernel: 1)
    }

    func callAsFunction(_ x: Tensor, training: Bool, share: BatchShare?) -> Tensor {
        let mean = x.mean(axis: 2, keepingAxis: true)
        let deviation = root((x - mean).squared().mean(axis: 2, keepingAxis: true))
        // The context: every frame is seen beside the clip's plain statistics.
        let everywhere = Tensor.zeros([1, 1, x.shape[2]])
        let context = Tensor.concatenated([x, mean + everywhere, deviation + everywhere], axis: 1)
        let weights = outer(inner(context, training: training, share: share).hyperbolicTangent()).softmax()
        let weightedMean = (x * weights).sum(axis: 2, keepingAxis: true)
        let weightedDeviation = root(((x - weightedMean).squared() * weights).sum(axis: 2, keepingAxis: true))
        return .concatenated([weightedMean, weightedDeviation], axis: 1)
    }

    /// Deviation of a variance; bounded, as the root's slope at 0 is not.
    private func root(_ variance: Tensor) -> Tensor { variance.clamped(minimum: 1e-4).squareRoot() }

    func collect(_ state: StateCollector) {
        state.child("tdnn", inner)
        state.child("conv", outer)
    }
}
