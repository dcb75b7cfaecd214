import Neural
import Tensor

/// One affine coupling layer, mean only: half of the channels shifts the other half (Dinh et al. 2017).
final class CouplingLayer: Module {
    private let half: Int
    private let pre: Convolution1d
    private let encoder: WaveNet
    private let post: Convolution1d

    init(channels: Int, hidden: Int, kernel: Int, layers: Int, speakerWidth: Int) {
        half = channels / 2
        pre = Convolution1d(half, hidden, kernel: 1)
        encoder = WaveNet(hidden: hidden, kernel: kernel, layers: layers, speakerWidth: speakerWidth)
        // Zero at the start: the flow begins as the identity.
        post = Convolution1d(hidden, half, kernel: 1, initializer: .constant(0), biasInitializer: .constant(0))
    }

    func callAsFunction(_ x: Tensor, mask: Tensor, speaker: Tensor, inverse: Bool) -> Tensor {
        let halves = x.split(axis: 1, [half, half])
        let mean = post(encoder(pre(halves[0]) * mask, mask: mask, speaker: speaker)) * mask
        let moved = inverse ? (halves[1] - mean) * mask : mean + halves[1] * mask
        return Tensor.concatenated([halves[0], moved], axis: 1)
    }

    func collect(_ state: StateCollector) {
        state.child("pre", pre)
        state.child("enc", encoder)
        state.child("post", post)
    }
}

/// The volume-preserving flow between z and the prior's space: couplings with channel flips between them
/// (VITS §2.1.2); [B, C, T] both ways.
package final class Flow: Module {
    private let couplings: [CouplingLayer]

    package init(channels: Int, hidden: Int, kernel: Int, couplings: Int, layers: Int, speakerWidth: Int) {
        self.couplings = (0..<couplings).map { _ in
            CouplingLayer(
                channels: channels, hidden: hidden, kernel: kernel, layers: layers, speakerWidth: speakerWidth)
        }
    }

    /// z -> z_p.
    package func callAsFunction(_ z: Tensor, mask: Tensor, speaker: Tensor) -> Tensor {
        couplings.reduce(z) { $1($0, mask: mask, speaker: speaker, inverse: false).flipped(axis: 1) }
    }

    /// z_p -> z.
    package func inverse(_ z: Tensor, mask: Tensor, speaker: Tensor) -> Tensor {
        couplings.reversed().reduce(z) { $1($0.flipped(axis: 1), mask: mask, speaker: speaker, inverse: true) }
    }

    package func collect(_ state: StateCollector) {
        // The public list has a flip after every coupling, so couplings stand at the even places.
        for (index, coupling) in couplings.enumerated() { state.child("flows.\(2 * index)", coupling) }
    }
}
