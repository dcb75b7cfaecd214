import Neural
import Tensor

/// Joins what is said (text), how (semantic content) and by whom (g): cross-attention from content to text
/// (GPT-SoVITS' `MRTE`, after Mega-TTS). Content [B, C, T], text [B, C, L], g [B, W, 1] -> [B, C, T].
package final class TextCrossAttention: Module {
    private let contentPre, textPre, contentPost: Convolution1d
    private let crossAttention: ConvolutionAttention

    package init(channels: Int, width: Int, heads: Int) {
        contentPre = Convolution1d(channels, width, kernel: 1)
        textPre = Convolution1d(channels, width, kernel: 1)
        contentPost = Convolution1d(width, channels, kernel: 1)
        crossAttention = ConvolutionAttention(channels: width, heads: heads, window: nil, dropout: 0)
    }

    package func callAsFunction(
        _ content: Tensor, mask: Tensor, text: Tensor, textMask: Tensor, textLengths: [Int], speaker: Tensor
    ) -> Tensor {
        let c = contentPre(content * mask)
        let t = textPre(text * textMask)
        let x = crossAttention(c * mask, t * textMask, lengths: textLengths, nil) + c + speaker
        return contentPost(x * mask)
    }

    package func collect(_ state: StateCollector) {
        state.child("cross_attention", crossAttention)
        state.child("c_pre", contentPre)
        state.child("text_pre", textPre)
        state.child("c_post", contentPost)
    }
}

/// p(z_p | z_prior, text, g): the distribution that the flow's output is held against.
package final class PriorEncoder: Module {
    private let contentProjection: Convolution1d
    private let semanticEncoder, textEncoder, jointEncoder: RelativeEncoder
    private let textEmbedding: Embedding
    private let crossAttention: TextCrossAttention
    private let projection: Convolution1d
    private let outputs: Int

    package init(_ c: SoVITSConfiguration) {
        outputs = c.interChannels
        contentProjection = Convolution1d(c.codeWidth, c.hiddenChannels, kernel: 1)
        func encoder(_ layers: Int) -> RelativeEncoder {
            RelativeEncoder(
                channels: c.hiddenChannels, filter: c.filterChannels, heads: c.encoderHeads, layers: layers,
                dropout: c.dropout)
        }
        semanticEncoder = encoder(c.semanticLayers)
        textEncoder = encoder(c.textLayers)
        jointEncoder = encoder(c.jointLayers)
        textEmbedding = Embedding(
            c.symbolCount, c.hiddenChannels,
            initializer: .normal(standardDeviation: 1 / Float(c.hiddenChannels).squareRoot()))
        crossAttention = TextCrossAttention(channels: c.hiddenChannels, width: c.speakerWidth, heads: c.crossHeads)
        projection = Convolution1d(c.hiddenChannels, 2 * c.interChannels, kernel: 1)
    }

    /// `content` is z_prior [B, code width, T]; `text` symbol ids padded to L per item; both with their lengths.
    package func callAsFunction(
        _ content: Tensor, lengths: [Int], text: PaddedText, speaker: Tensor, _ randomness: StepRandomness?
    ) -> FrameDistribution {
        let mask = Tensor.mask(lengths: lengths, frames: content.shape[2])
        let textMask = Tensor.mask(lengths: text.lengths, frames: text.width)
        let y = semanticEncoder(contentProjection(content * mask) * mask, mask: mask, lengths: lengths, randomness)
        let embedded = textEmbedding(text.ids, shape: [text.lengths.count, text.width]).transposed()
        let t = textEncoder(embedded * textMask, mask: textMask, lengths: text.lengths, randomness)
        let joined = crossAttention(
            y, mask: mask, text: t, textMask: textMask, textLengths: text.lengths, speaker: speaker)
        let x = jointEncoder(joined * mask, mask: mask, lengths: lengths, randomness)
        let statistics = (projection(x) * mask).split(axis: 1, [outputs, outputs])
        return FrameDistribution(mean: statistics[0], logDeviation: statistics[1])
    }

    package func collect(_ state: StateCollector) {
        state.child("ssl_proj", contentProjection)
        state.child("encoder_ssl", semanticEncoder)
        state.child("encoder_text", textEncoder)
        state.child("text_embedding", textEmbedding)
        state.child("mrte", crossAttention)
        state.child("encoder2", jointEncoder)
        state.child("proj", projection)
    }
}

/// Symbol ids of a batch, padded with 0 to one width.
package struct PaddedText {
    /// Row-major [B, width].
    package let ids: [Int]
    package let lengths: [Int]
    package let width: Int

    /// `width`: that of the longest where it is not given.
    package init(_ items: [[Int32]], width wanted: Int? = nil) {
        let longest = wanted ?? max(1, items.map(\.count).max() ?? 1)
        width = longest
        lengths = items.map(\.count)
        ids = items.flatMap { item in item.map(Int.init) + Array(repeating: 0, count: longest - item.count) }
    }

    /// Some of its items, padded as they are.
    func items(_ rows: Range<Int>) -> PaddedText {
        PaddedText(
            rows.map { item in ids[item * width..<item * width + lengths[item]].map(Int32.init) }, width: width)
    }
}
