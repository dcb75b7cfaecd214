import Foundation
import ReferenceSupport
import Tensor
import Testing
import VoiceModel

@Suite struct SpeakerClassifierTests {
    /// The formula of Deng et al. 2019, (3), with angles.
    private func expected(_ cosines: [[Double]], _ speakers: [Int]) -> Double {
        let losses = zip(cosines, speakers).map { line, own in
            let logits = line.enumerated().map { index, cosine in
                30 * (index == own ? cos(acos(cosine) + 0.2) : cosine)
            }
            return log(logits.map(exp).reduce(0, +)) - logits[own]
        }
        return losses.reduce(0, +) / Double(losses.count)
    }

    @Test func theLossHasTheMarginInTheAngle() {
        let cosines: [[Double]] = [[0.9, -0.2, 0.4], [0.1, 0.3, 0.25], [-0.5, 0.6, -0.1]]
        for speakers in [[0, 1, 2], [1, 2, 0]] {
            let tensor = Tensor(cosines.joined().map(Float.init), shape: [3, 3])
            let loss = Double(SpeakerClassifier.loss(cosines: tensor, speakers: speakers).item)
            #expect(abs(loss - expected(cosines, speakers)) < 1e-4 * max(1, loss))
        }
        let tensor = Tensor(cosines.joined().map(Float.init), shape: [3, 3])
        #expect(SpeakerClassifier.accuracy(cosines: tensor, speakers: [0, 1, 0]) == Float(2) / 3)
        // An angle that has no room for the margin costs more than one that has just enough, and no less.
        func cost(_ cosine: Float) -> Float {
            SpeakerClassifier.loss(cosines: Tensor([cosine, 0.5], shape: [1, 2]), speakers: [0]).item
        }
        #expect(cost(-0.97) < cost(-0.979) && cost(-0.979) < cost(-0.985) && cost(-0.985) < cost(-1))
    }

    @Test func gradientsAgreeWithFiniteDifferences() {
        let cosines = RandomStream(seed: 4, name: "cosines").uniform([4, 6]) * 1.6 - 0.8
        let error = gradientError(of: [cosines], step: 1e-3) {
            SpeakerClassifier.loss(cosines: $0[0], speakers: [5, 0, 3, 3])
        }
        #expect(error < 1e-2)
        // Where the angle is too wide for the margin.
        let wide = Tensor([-0.99, 0.2, -0.985, 0.1], shape: [2, 2])
        #expect(
            gradientError(of: [wide], step: 1e-3) { SpeakerClassifier.loss(cosines: $0[0], speakers: [0, 0]) } < 1e-2)

        let classifier = SpeakerClassifier(speakers: 5, width: 8)
        classifier.initialize(seed: 1)
        let vectors = RandomStream(seed: 5, name: "vectors").normal([3, 8, 1])
        #expect(gradientError(of: [vectors], step: 1e-3) { classifier.cosines($0[0]) } < 1e-2)
        #expect(classifier.cosines(vectors).values == classifier.cosines(vectors * 4).values)
        SpeakerClassifier.loss(cosines: classifier.cosines(vectors), speakers: [0, 1, 4]).backward()
        #expect(classifier.parameters[0].tensor.gradient?.values.contains { $0 != 0 } == true)
    }

    @Test func theEqualErrorRateIsWhereBothErrorsMeet() {
        func rate(_ same: [Double], _ different: [Double]) -> Double? {
            SpeakerVerification.equalErrorRate(same: same, different: different)
        }
        #expect(rate([0.9, 0.8], [0.1, 0.2, 0.3]) == 0)
        #expect(rate([0.1, 0.2], [0.8, 0.9]) == 1)
        // One of four is refused, and one of four accepted, between 0.5 and 0.6.
        #expect(rate([0.4, 0.6, 0.7, 0.8], [0.1, 0.2, 0.3, 0.65]) == 0.25)
        #expect(rate([0.5, 0.5], [0.5, 0.5, 0.5]) == 0.5)
        // Between two thresholds: from refusing none and accepting half to refusing a third and accepting none.
        let between = rate([0.5, 0.9, 0.9], [0.1, 0.5])
        #expect(abs((between ?? 0) - 0.2) < 1e-12)
        #expect(rate([], [0.1]) == nil && rate([0.1], []) == nil)
        let vectors: [(String, [Float])] = [("a", [1, 0]), ("a", [2, 0.1]), ("b", [0, 1]), ("b", [0.1, 3])]
        #expect(SpeakerVerification.equalErrorRate(vectors.map { (speaker: $0.0, vector: $0.1) }) == 0)
        #expect(SpeakerVerification.cosine([1, 2], [2, 4]) == 1 && SpeakerVerification.cosine([0, 0], [1, 0]) == 0)
    }
}
