import Neural
import Tensor

/// A discriminator's opinion of a batch of waveforms: scores, and the feature maps behind them.
package struct Judgement {
    package init(score: Tensor, features: [Tensor]) {
        self.score = score
        self.features = features
    }

    package let score: Tensor
    package let features: [Tensor]
}

/// HiFi-GAN's period discriminator: looks at every p-th sample. x [B, 1, N].
///
/// The columns of the folded waveform are batch items here ([B·p, C, N/p] instead of [B, C, N/p, p]): the 2-d
/// convolutions of the paper have width 1 across them.
package final class PeriodDiscriminator: Module {
    private let period: Int
    private let layers: [Convolution1d]
    private let post: Convolution1d

    package init(period: Int, channels: [Int], kernel: Int = 5, stride: Int = 3) {
        self.period = period
        let widths = [1] + channels
        layers = channels.indices.map { index in
            Convolution1d(
                widths[index], widths[index + 1], kernel: kernel, stride: index < channels.count - 1 ? stride : 1,
                padding: kernel / 2, weightNorm: true)
        }
        post = Convolution1d(widths[channels.count], 1, kernel: 3, padding: 1, weightNorm: true)
    }

    package func callAsFunction(_ waveform: Tensor) -> Judgement {
        let batch = waveform.shape[0], samples = waveform.shape[2]
        let missing = (period - samples % period) % period
        let padded = missing == 0 ? waveform : waveform.reflectPadded(left: 0, right: missing)
        let rows = (samples + missing) / period
        let folded = padded.reshaped([batch, rows, period]).transposed().reshaped([batch * period, 1, rows])
        return judge(folded, layers, post)
    }

    package func collect(_ state: StateCollector) { collectLayers(state, layers, post) }
}

/// HiFi-GAN's scale discriminator, grouped strided convolutions on the waveform itself. x [B, 1, N].
package final class ScaleDiscriminator: Module {
    package struct Layer: Sendable, Equatable {
        package let channels, kernel, stride, groups: Int
        package init(channels: Int, kernel: Int, stride: Int, groups: Int) {
            (self.channels, self.kernel, self.stride, self.groups) = (channels, kernel, stride, groups)
        }
    }

    private let layers: [Convolution1d]
    private let post: Convolution1d

    package init(_ plan: [Layer]) {
        var inputs = 1
        layers = plan.map { layer in
            defer { inputs = layer.channels }
            return Convolution1d(
                inputs, layer.channels, kernel: layer.kernel, stride: layer.stride, padding: layer.kernel / 2,
                groups: layer.groups, weightNorm: true)
        }
        post = Convolution1d(plan.last?.channels ?? 1, 1, kernel: 3, padding: 1, weightNorm: true)
    }

    package func callAsFunction(_ waveform: Tensor) -> Judgement { judge(waveform, layers, post) }

    package func collect(_ state: StateCollector) { collectLayers(state, layers, post) }
}

private func judge(_ input: Tensor, _ layers: [Convolution1d], _ post: Convolution1d) -> Judgement {
    var x = input
    var features = [Tensor]()
    for layer in layers {
        x = layer(x, outputLeakyReluSlope: 0.1)
        features.append(x)
    }
    let score = post(x)
    return Judgement(score: score, features: features + [score])
}

private func collectLayers(_ state: StateCollector, _ layers: [Convolution1d], _ post: Convolution1d) {
    state.children("convs", layers)
    state.child("conv_post", post)
}

/// All discriminators of the model, the scale one first as in the public implementation.
package final class Discriminators: Module {
    private let scale: ScaleDiscriminator
    private let periods: [PeriodDiscriminator]

    package init(_ c: SoVITSConfiguration) {
        scale = ScaleDiscriminator(c.scaleLayers)
        periods = [2, 3, 5, 7, 11].map { PeriodDiscriminator(period: $0, channels: c.periodChannels) }
    }

    package func callAsFunction(_ waveform: Tensor) -> [Judgement] { [scale(waveform)] + periods.map { $0(waveform) } }

    package func collect(_ state: StateCollector) { state.children("discriminators", [scale] + periods) }
}
