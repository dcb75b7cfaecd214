import Neural
import Tensor

/// What turns latent frames into a waveform: z [B, C, T], g [B, G, 1] -> [B, 1, T · hop].
package protocol Vocoder: Module {
    func callAsFunction(_ z: Tensor, speaker: Tensor) -> Tensor

    /// The samples of some frames only, [1, 1, frames · hop], as they would stand in the whole.
    func callAsFunction(_ z: Tensor, speaker: Tensor, frames: Range<Int>) -> Tensor
}

/// HiFi-GAN's generator (Kong et al. 2020), V1 residual blocks, conditioned on the speaker.
///
/// Its convolutions start as PyTorch's default does. The public code asks for a deviation of 0.01, but weight norm
/// overwrites that before the first step; with it, the magnitudes would take thousands of steps to grow.
package final class HiFiGAN: Vocoder {
    let pre, condition, post: Convolution1d
    let upsamplings: [TransposedConvolution1d]
    private let residualBlocks: [[ResidualBlock]]
    /// How far each part reaches.
    let reach: HiFiGANReach

    package init(
        inputs: Int, initialChannels: Int, rates: [Int], kernels: [Int], residualKernels: [Int] = [3, 7, 11],
        dilations: [Int] = [1, 3, 5], speakerWidth: Int, postBias: Bool = true
    ) {
        pre = Convolution1d(inputs, initialChannels, kernel: 7, padding: 3)
        condition = Convolution1d(speakerWidth, initialChannels, kernel: 1)
        var channels = initialChannels
        var upsamplings = [TransposedConvolution1d](), blocks = [[ResidualBlock]]()
        for (rate, kernel) in zip(rates, kernels) {
            upsamplings.append(
                TransposedConvolution1d(
                    channels, channels / 2, kernel: kernel, stride: rate, padding: (kernel - rate) / 2,
                    weightNorm: true))
            channels /= 2
            blocks.append(residualKernels.map { ResidualBlock(channels: channels, kernel: $0, dilations: dilations) })
        }
        self.upsamplings = upsamplings
        residualBlocks = blocks
        reach = HiFiGANReach(rates: rates, kernels: kernels, residualKernels: residualKernels, dilations: dilations)
        post = Convolution1d(channels, 1, kernel: 7, padding: 3, bias: postBias)
    }

    package func callAsFunction(_ z: Tensor, speaker: Tensor) -> Tensor {
        var x = pre(z) + condition(speaker)
        for stage in upsamplings.indices { x = residual(stage, upsampled(stage, x)) }
        return output(x)
    }

    func upsampled(_ stage: Int, _ x: Tensor) -> Tensor { upsamplings[stage](x, inputLeakyReluSlope: 0.1) }

    /// The mean of a stage's residual blocks.
    func residual(_ stage: Int, _ x: Tensor) -> Tensor {
        let blocks = residualBlocks[stage]
        return blocks.dropFirst().reduce(blocks[0](x)) { $0 + $1(x) } / Float(blocks.count)
    }

    func output(_ x: Tensor) -> Tensor {
        // The public implementation's last slope is PyTorch's default.
        post(x, inputLeakyReluSlope: 0.01).hyperbolicTangent()
    }

    package func collect(_ state: StateCollector) {
        state.child("conv_pre", pre)
        state.children("ups", upsamplings)
        state.children("resblocks", residualBlocks.flatMap { $0 })
        state.child("conv_post", post)
        state.child("cond", condition)
    }
}

/// Three pairs of dilated and plain convolutions, each pair bridged.
private final class ResidualBlock: Module {
    private let dilated, plain: [Convolution1d]

    init(channels: Int, kernel: Int, dilations: [Int]) {
        func convolution(_ dilation: Int) -> Convolution1d {
            Convolution1d(
                channels, channels, kernel: kernel, padding: (kernel - 1) * dilation / 2, dilation: dilation,
                weightNorm: true)
        }
        dilated = dilations.map(convolution)
        plain = dilations.map { _ in convolution(1) }
    }

    func callAsFunction(_ input: Tensor) -> Tensor {
        zip(dilated, plain).reduce(input) { x, pair in
            pair.1(pair.0(x, inputLeakyReluSlope: 0.1), inputLeakyReluSlope: 0.1, residual: x)
        }
    }

    func collect(_ state: StateCollector) {
        state.children("convs1", dilated)
        state.children("convs2", plain)
    }
}
