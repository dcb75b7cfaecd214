import Neural
import Tensor

/// Tells training speakers apart by their vectors, so that an encoder learns to: one learned direction for each, and
/// ArcFace's additive angular margin in the softmax (Deng et al. 2019). [B, W, 1] -> cosines [B, K].
package final class SpeakerClassifier: Module {
    private let directions: Tensor
    private let width: Int

    /// m of 0.2 and s of 30, as ECAPA-TDNN was trained (Desplanques et al. 2020). The margin's cosine and sine are written
    /// out: the same bits whatever libm is at hand.
    private static let margin: Float = 0.2, cosineOfMargin: Float = 0.980_066_58, sineOfMargin: Float = 0.198_669_33
    private static let scale: Float = 30

    package init(speakers: Int, width: Int) {
        self.width = width
        directions = .parameter([speakers, width])
    }

    /// Cosines of vectors [B, W, 1] and every speaker's direction.
    package func cosines(_ vectors: Tensor) -> Tensor {
        let rows = vectors.reshaped([vectors.shape[0], width])
        return Self.normalized(rows).linear(weight: Self.normalized(directions))
    }

    private static func normalized(_ rows: Tensor) -> Tensor {
        rows / (rows.squared().sum(axis: 1, keepingAxis: true) + 1e-12).squareRoot()
    }

    /// The mean over the items of −ln softmax(s · cos θ)[own], where θ of an item's own speaker is m larger than it is.
    ///
    /// - Parameter speakers: the row of each item's own speaker.
    package static func loss(cosines: Tensor, speakers: [Int]) -> Tensor {
        let width = cosines.shape[1]
        let turns = Tensor.zeros(cosines.shape), falls = Tensor.zeros(cosines.shape)
        for (row, speaker) in speakers.enumerated() {
            let place = row * width + speaker
            // Past π − m an angle cannot grow by m: the cosine falls by as much as it does there on the whole.
            let marks = cosines.pointer[place] > -cosineOfMargin ? turns : falls
            marks.pointer[place] = 1
        }
        // Bounded, as the root's slope at 0 is not.
        let sines = (1 - cosines.squared()).clamped(minimum: 1e-6).squareRoot()
        let turned = cosines * cosineOfMargin - sines * sineOfMargin
        let widened = cosines + turns * (turned - cosines) - falls * (margin * sineOfMargin)
        return (widened * scale).softmaxCrossEntropy(targets: speakers)
    }

    /// The share of items whose own speaker is the nearest.
    package static func accuracy(cosines: Tensor, speakers: [Int]) -> Float {
        let width = cosines.shape[1]
        let right = speakers.enumerated().count { row, speaker in
            let line = cosines.pointer + row * width
            return !(0..<width).contains { line[$0] > line[speaker] }
        }
        return Float(right) / Float(max(1, speakers.count))
    }

    package func collect(_ state: StateCollector) {
        state.parameter("weight", directions, .normal(standardDeviation: 1 / Float(width).squareRoot()))
    }
}
