import Neural
import Tensor

/// The speaker encoder of the public v2 graph, StyleSpeech's mel style encoder (Min et al. 2021): [B, bins, T] and mask
/// [B, 1, T] -> g, [B, out, 1].
///
/// Two linear layers with Mish, two gated convolutions, one self-attention, and the mean over the frames of the mask.
package final class MelStyleEncoder: Module {
    private let spectral: [Linear]
    private let temporal: [GatedConvolution]
    private let attention: StyleAttention
    private let projection: Linear
    private let dropout: Float

    /// The sizes of v2: 704 bins of the linear spectrogram in, 512 channels out.
    package init(
        bins: Int = 704, hidden: Int = 128, outputs: Int = 512, kernel: Int = 5, heads: Int = 2, dropout: Float = 0.1
    ) {
        spectral = [Linear(bins, hidden), Linear(hidden, hidden)]
        temporal = (0..<2).map { _ in GatedConvolution(hidden, kernel: kernel, dropout: dropout) }
        attention = StyleAttention(hidden, heads: heads, dropout: dropout)
        projection = Linear(hidden, outputs)
        self.dropout = dropout
    }

    /// `lengths`: frames of each item, at least one; what stands after them is not averaged. Dropout only with
    /// `randomness`.
    package func callAsFunction(_ spectrogram: Tensor, lengths: [Int], _ randomness: StepRandomness? = nil) -> Tensor {
        let frames = spectrogram.shape[2]
        precondition(
            lengths.count == spectrogram.shape[0] && lengths.allSatisfy { $0 > 0 && $0 <= frames },
            "lengths of \(lengths) do not fit an input of \(spectrogram.shape)")
        var x = spectrogram.transposed()
        for layer in spectral { x = layer(x).mish().dropout(dropout, randomness) }
        x = x.transposed()
        for layer in temporal { x = layer(x, randomness) }
        let mask = Tensor.mask(lengths: lengths, frames: frames).reshaped([lengths.count, frames, 1])
        let attended = attention(x.transposed() * mask, lengths: lengths, randomness)
        let count = Tensor(lengths.map(Float.init), shape: [lengths.count, 1])
        let mean = (projection(attended) * mask).sum(axis: 1) / count
        return mean.reshaped([lengths.count, -1, 1])
    }

    package func collect(_ state: StateCollector) {
        // Mish and dropout take the numbers between.
        state.child("spectral.0.fc", spectral[0])
        state.child("spectral.3.fc", spectral[1])
        state.children("temporal", temporal)
        state.child("slf_attn", attention)
        state.child("fc.fc", projection)
    }
}

/// x + a · σ(b), with a and b the halves of one convolution: [B, C, T] -> [B, C, T] (Dauphin et al. 2017).
private final class GatedConvolution: Module {
    private let convolution: Convolution1d
    private let channels: Int
    private let dropout: Float

    init(_ channels: Int, kernel: Int, dropout: Float) {
        convolution = Convolution1d(channels, 2 * channels, kernel: kernel, padding: kernel / 2)
        self.channels = channels
        self.dropout = dropout
    }

    func callAsFunction(_ x: Tensor, _ randomness: StepRandomness?) -> Tensor {
        let halves = convolution(x).split(axis: 1, [channels, channels])
        return x + (halves[0] * halves[1].sigmoid()).dropout(dropout, randomness)
    }

    func collect(_ state: StateCollector) { state.child("conv1.conv", convolution) }
}

/// Residual self-attention, [B, T, C] -> [B, T, C], its scores divided by √C instead of the usual √(C / heads).
private final class StyleAttention: Module {
    private let query, key, value, output: Linear
    private let heads: Int
    private let dropout: Float

    init(_ width: Int, heads: Int, dropout: Float) {
        let inner = Initializer.normal(standardDeviation: (2 / Float(width + width / heads)).squareRoot())
        query = Linear(width, width, initializer: inner)
        key = Linear(width, width, initializer: inner)
        value = Linear(width, width, initializer: inner)
        output = Linear(width, width, initializer: .normal(standardDeviation: 1 / Float(width).squareRoot()))
        self.heads = heads
        self.dropout = dropout
    }

    func callAsFunction(_ x: Tensor, lengths: [Int], _ randomness: StepRandomness?) -> Tensor {
        // `attention` divides by √(C / heads); the rest of √C goes into the queries.
        let y = attention(
            query: query(x) / Float(heads).squareRoot(), key: key(x), value: value(x), heads: heads,
            layout: .channelsLast, mask: .keys(lengths: lengths), dropout: dropout, randomness: randomness)
        return x + output(y).dropout(dropout, randomness)
    }

    func collect(_ state: StateCollector) {
        state.child("w_qs", query)
        state.child("w_ks", key)
        state.child("w_vs", value)
        state.child("fc", output)
    }
}

extension Tensor {
    /// Mish, x · tanh(ln(1 + eˣ)) (Misra 2019).
    ///
    /// The factor equals n / (n + 2) with n = eˣ(eˣ + 2), which loses nothing for negative x; above 20 it is 1 in
    /// float32.
    package func mish() -> Tensor {
        let exponential = (-(-self).clamped(minimum: -20)).exponential()
        let n = exponential * (exponential + 2)
        return self * (n / (n + 2))
    }
}
