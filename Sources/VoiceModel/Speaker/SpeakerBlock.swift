import Neural
import Tensor

/// SE-Res2 block of ECAPA-TDNN: a Res2 convolution (Gao et al. 2019) between two of kernel 1, then squeeze-excitation
/// (Hu et al. 2018), and the input added. [B, C, T] -> [B, C, T].
final class SpeakerBlock: Module {
    private let entrance, exit: NormalizedConvolution
    private let inner: [NormalizedConvolution]
    private let excitation: SqueezeExcitation
    private let scale: Int

    init(_ configuration: SpeakerEncoderConfiguration, dilation: Int) {
        let channels = configuration.channels
        scale = configuration.scale
        precondition(channels % scale == 0, "\(channels) channels do not make \(scale) groups")
        let width = channels / scale
        entrance = NormalizedConvolution(channels, channels)
        inner = (1..<scale).map { _ in NormalizedConvolution(width, width, kernel: 3, dilation: dilation) }
        exit = NormalizedConvolution(channels, channels)
        excitation = SqueezeExcitation(channels, bottleneck: configuration.bottleneck)
    }

    func callAsFunction(_ x: Tensor, training: Bool, share: BatchShare?) -> Tensor {
        let opened = entrance(x, training: training, share: share)
        let groups = opened.split(axis: 1, Array(repeating: opened.shape[1] / scale, count: scale))
        // The first group passes as it is; each other one also hears the result of the one before.
        var results = [groups[0]]
        for (index, convolution) in inner.enumerated() {
            let heard = index == 0 ? groups[1] : groups[index + 1] + results[index]
            results.append(convolution(heard, training: training, share: share))
        }
        return x + excitation(exit(.concatenated(results, axis: 1), training: training, share: share))
    }

    func collect(_ state: StateCollector) {
        state.child("tdnn1", entrance)
        state.children("res2net", inner)
        state.child("tdnn2", exit)
        state.child("se", excitation)
    }
}

/// Weighs channels by what the whole clip is like: [B, C, T] -> [B, C, T].
private final class SqueezeExcitation: Module {
    private let squeeze, excite: Convolution1d

    init(_ channels: Int, bottleneck: Int) {
        squeeze = Convolution1d(channels, bottleneck, kernel: 1)
        excite = Convolution1d(bottleneck, channels, kernel: 1)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        x * excite(squeeze(x.mean(axis: 2, keepingAxis: true)).relu()).sigmoid()
    }

    func collect(_ state: StateCollector) {
        state.child("conv1", squeeze)
        state.child("conv2", excite)
    }
}
