import Neural
import Tensor

/// Where z_prior comes from: the vectors of semantic tokens that condition SoVITS. Its states stand at the root of
/// SoVITS' own, under their public names.
package protocol ContentSource: Module {
    /// Vectors of a training batch's tokens at frame rate, [B, W, frames], and the commitment loss, nil when there is
    /// nothing to commit to.
    func content(
        of batch: SoVITSBatch, _ randomness: StepRandomness
    ) -> (vectors: Tensor, commitment: Tensor?)

    /// Vectors of tokens at frame rate, [B, W, frames]; what stands after an item's own tokens means nothing.
    func vectors(of tokens: [[Int]], frames: Int) -> Tensor

    /// Tokens of recorded features [1, 768, T], one per two frames; nil where tokens are made of the sound itself.
    func tokens(ofFeatures features: Tensor) -> [Int]?

    /// The table that the prior's output is compared with, [K, W].
    var table: Tensor { get }
}

/// A learned vector per code of a tokenizer that stands outside the model.
package final class TokenTable: ContentSource {
    private let codes: Embedding

    package init(codes count: Int, width: Int) { codes = Embedding(count, width) }

    package var table: Tensor { codes.weight }

    package func content(of batch: SoVITSBatch, _ randomness: StepRandomness) -> (vectors: Tensor, commitment: Tensor?)
    {
        (vectors(of: batch.tokens, frames: batch.frames), nil)
    }

    package func vectors(of tokens: [[Int]], frames: Int) -> Tensor {
        let (padded, width) = padded(tokens, frames: frames)
        return codes(padded, shape: [tokens.count, width]).transposed().repeatedInterleaved(2)
    }

    package func tokens(ofFeatures features: Tensor) -> [Int]? { nil }

    package func collect(_ state: StateCollector) { state.child("quantizer.codes", codes) }
}

/// Tokens of recorded features, as in the public v2 graph: a convolution halves their rate, a codebook quantizes them.
package final class RecordedContent: ContentSource {
    private let projection: Convolution1d
    private let quantizer: ResidualVectorQuantizer
    private let learns: Bool

    /// `learns` false freezes projection and codebook, as the public code does when it trains a voice on its base.
    package init(codes: Int, width: Int, learns: Bool) {
        projection = Convolution1d(width, width, kernel: 2, stride: 2)
        quantizer = ResidualVectorQuantizer(codes: codes, width: width)
        self.learns = learns
    }

    package var table: Tensor { quantizer.table }

    package func content(of batch: SoVITSBatch, _ randomness: StepRandomness) -> (vectors: Tensor, commitment: Tensor?)
    {
        guard let features = batch.features else {
            preconditionFailure("a batch for recorded content carries features")
        }
        let quantization =
            learns
            ? quantizer.quantizeAndLearn(projection(features), randomness)
            : frozen { quantizer.quantize(projection(features)) }
        return (quantization.quantized.repeatedInterleaved(2), learns ? quantization.commitment : nil)
    }

    package func vectors(of tokens: [[Int]], frames: Int) -> Tensor {
        quantizer.decode(padded(tokens, frames: frames).codes, batch: tokens.count).repeatedInterleaved(2)
    }

    package func tokens(ofFeatures features: Tensor) -> [Int]? {
        frozen { quantizer.quantize(projection(features)).codes }
    }

    package func collect(_ state: StateCollector) {
        state.child("ssl_proj", projection)
        state.child("quantizer.vq.layers.0", quantizer)
    }
}

/// Tokens of a batch, padded with 0 to half the frames, row-major.
private func padded(_ tokens: [[Int]], frames: Int) -> (codes: [Int], width: Int) {
    let width = frames / 2
    return (tokens.flatMap { $0 + Array(repeating: 0, count: width - $0.count) }, width)
}
