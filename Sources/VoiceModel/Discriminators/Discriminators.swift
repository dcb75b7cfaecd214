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

    package func callAsFunction(_ waveform: Tensor) -> Judgement { judge(folded(waveform), layers, post) }

    fileprivate func scores(_ waveforms: Tensor) -> Tensor { score(folded(waveforms), layers, post) }

    fileprivate func compare(_ both: Tensor, _ generated: Tensor) -> (Judgement, Judgement) {
        compared(folded(both), folded(generated), layers, post)
    }

    /// [B, 1, N] -> [B·p, 1, N/p]
    private func folded(_ waveform: Tensor) -> Tensor {
        let batch = waveform.shape[0], samples = waveform.shape[2]
        let missing = (period - samples % period) % period
        let padded = missing == 0 ? waveform : waveform.reflectPadded(left: 0, right: missing)
        let rows = (samples + missing) / period
        return padded.reshaped([batch, rows, period]).transposed().reshaped([batch * period, 1, rows])
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

    fileprivate func scores(_ waveforms: Tensor) -> Tensor { score(waveforms, layers, post) }

    fileprivate func compare(_ both: Tensor, _ generated: Tensor) -> (Judgement, Judgement) {
        compared(both, generated, layers, post)
    }

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

private func score(_ input: Tensor, _ layers: [Convolution1d], _ post: Convolution1d) -> Tensor {
    post(layers.reduce(input) { $1($0, outputLeakyReluSlope: 0.1) })
}

/// Judges items of which the second half is `generated` and the first half wants no gradient.
private func compared(
    _ both: Tensor, _ generated: Tensor, _ layers: [Convolution1d], _ post: Convolution1d
) -> (Judgement, Judgement) {
    let count = generated.shape[0]
    var both = both.detached(), x = generated
    var realFeatures = [Tensor](), features = [Tensor]()
    func run(_ layer: Convolution1d, _ slope: Float?) {
        both = layer(both, outputLeakyReluSlope: slope).detached()
        x = layer(x, outputLeakyReluSlope: slope, computed: both.items(count..<2 * count))
        realFeatures.append(both.items(0..<count))
        features.append(x)
    }
    for layer in layers { run(layer, 0.1) }
    run(post, nil)
    return (
        Judgement(score: realFeatures[layers.count], features: realFeatures),
        Judgement(score: x, features: features)
    )
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

    /// Scores alone, of both in one pass over the weights: what the discriminators' own step needs. Features are empty.
    package func scores(real: Tensor, generated: Tensor) -> (real: [Judgement], generated: [Judgement]) {
        let both = Tensor.concatenated([real, generated], axis: 0)
        let all = [scale.scores(both)] + periods.map { $0.scores(both) }
        func half(_ index: Int) -> [Judgement] {
            all.map { scores in
                let count = scores.shape[0] / 2
                return Judgement(
                    score: scores.sliced(axis: 0, index * count..<(index + 1) * count), features: [])
            }
        }
        return (half(0), half(1))
    }

    /// Scores and features of both in one pass over the weights: what the generator's step needs, with the
    /// discriminators frozen. Only the generated waveform is on the tape.
    package func compare(real: Tensor, generated: Tensor) -> (real: [Judgement], generated: [Judgement]) {
        frozen {
            let both = Tensor.concatenated([real.detached(), generated.detached()], axis: 0)
            let pairs = [scale.compare(both, generated)] + periods.map { $0.compare(both, generated) }
            return (pairs.map(\.0), pairs.map(\.1))
        }
    }

    package func collect(_ state: StateCollector) { state.children("discriminators", [scale] + periods) }
}
