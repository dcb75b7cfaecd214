import Neural
import Tensor

/// The non-causal, gated, residual convolution stack of WaveGlow, conditioned on the speaker:
/// x [B, H, T], mask [B, 1, T], g [B, G, 1] -> [B, H, T] (Prenger et al. 2018; VITS' `WN`).
package final class WaveNet: Module {
    private let hidden: Int
    private let conditionLayer: Convolution1d
    private let inputLayers: [Convolution1d]
    private let residualSkipLayers: [Convolution1d]

    package init(hidden: Int, kernel: Int, dilationRate: Int = 1, layers: Int, speakerWidth: Int) {
        self.hidden = hidden
        conditionLayer = Convolution1d(speakerWidth, 2 * hidden * layers, kernel: 1, weightNorm: true)
        var dilation = 1
        inputLayers = (0..<layers).map { _ in
            defer { dilation *= dilationRate }
            return Convolution1d(
                hidden, 2 * hidden, kernel: kernel, padding: (kernel - 1) * dilation / 2, dilation: dilation,
                weightNorm: true)
        }
        residualSkipLayers = (0..<layers).map { index in
            Convolution1d(hidden, index < layers - 1 ? 2 * hidden : hidden, kernel: 1, weightNorm: true)
        }
    }

    package func callAsFunction(_ input: Tensor, mask: Tensor, speaker: Tensor) -> Tensor {
        let conditions = conditionLayer(speaker)
        var x = input
        var output: Tensor?
        for (index, layer) in inputLayers.enumerated() {
            let activations = layer(x).gated(condition: conditions, from: 2 * hidden * index)
            let residualSkip = residualSkipLayers[index](activations)
            let isLast = index == inputLayers.count - 1, skipped = isLast ? 0 : hidden
            if !isLast { x = x.adding(channelsOf: residualSkip, from: 0, mask: mask) }
            output =
                output.map { $0.adding(channelsOf: residualSkip, from: skipped) }
                ?? residualSkip.sliced(axis: 1, skipped..<skipped + hidden)
        }
        return (output ?? x) * mask
    }

    package func collect(_ state: StateCollector) {
        state.child("cond_layer", conditionLayer)
        state.children("in_layers", inputLayers)
        state.children("res_skip_layers", residualSkipLayers)
    }
}
