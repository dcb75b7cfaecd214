import Foundation
import ReferenceSupport
import Tensor
import Testing

/// Results against the definitions, written out plainly.
@Suite struct OperatorValueTests {
    @Test func broadcastsLikeNumPy() {
        let a = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        #expect((a + Tensor([10, 20, 30], shape: [3])).values == [11, 22, 33, 14, 25, 36])
        #expect((a * Tensor([1, -1], shape: [2, 1])).values == [1, 2, 3, -4, -5, -6])
        let outer = Tensor([1, 2], shape: [2, 1]) - Tensor([1, 2, 3], shape: [1, 3])
        #expect(outer.shape == [2, 3] && outer.values == [0, -1, -2, 1, 0, -1])
        #expect((a / Tensor.scalar(2)).values == [0.5, 1, 1.5, 2, 2.5, 3])
        // A stretched axis between two that are not.
        let b = Tensor((0..<6).map(Float.init), shape: [3, 1, 2])
        let c = Tensor((0..<12).map(Float.init), shape: [3, 2, 2])
        #expect((b + c).values == [0, 2, 2, 4, 6, 8, 8, 10, 12, 14, 14, 16])
    }

    @Test func movesNumbers() {
        let x = Tensor((0..<12).map(Float.init), shape: [2, 3, 2])
        #expect(x.transposed().values == [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11])
        #expect(x.sliced(axis: 1, 1..<3).values == [2, 3, 4, 5, 8, 9, 10, 11])
        let mask = Tensor([1, 0, 0, 1], shape: [2, 1, 2]), ones = Tensor(repeating: 1, shape: [2, 1, 2])
        #expect(ones.adding(channelsOf: x, from: 2, mask: mask).values == [5, 0, 0, 12])
        #expect(ones.adding(channelsOf: x, from: 1).values == [3, 4, 9, 10])
        #expect(x.flipped(axis: 1).values == [4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7])
        #expect(x.padded(axis: 1, before: 0, after: 1).values == [0, 1, 2, 3, 4, 5, 0, 0, 6, 7, 8, 9, 10, 11, 0, 0])
        #expect(Tensor([1, 2], shape: [1, 2]).repeatedInterleaved(2).values == [1, 1, 2, 2])
        #expect(x.transposed().segments(starts: [1, 0], length: 1).values == [2, 3, 6, 7])
        #expect(Tensor.concatenated([x, x], axis: 2).sliced(axis: 2, 1..<3).values.prefix(4) == [1, 0, 3, 2])
        #expect(Tensor.mask(lengths: [1, 3], frames: 3).values == [1, 0, 0, 1, 1, 1])
        #expect(Tensor([1, 2, 3], shape: [3]).reflectPadded(left: 2, right: 1).values == [3, 2, 1, 2, 3, 2])
        #expect(Tensor([1, 2, 3, 4, 5], shape: [5]).framed(length: 2, hop: 2).values == [1, 2, 3, 4])
    }

    @Test func sumsAlongAxes() {
        let x = Tensor((1...12).map(Float.init), shape: [2, 3, 2])
        #expect(x.sum().item == 78 && x.mean().item == 6.5)
        #expect(x.sum(axis: 0).values == [8, 10, 12, 14, 16, 18])
        #expect(x.sum(axis: 1).values == [9, 12, 27, 30])
        #expect(x.mean(axis: 2).values == [1.5, 3.5, 5.5, 7.5, 9.5, 11.5])
        #expect(x.sum(axis: 2, keepingAxis: true).shape == [2, 3, 1])
    }

    @Test func crossEntropyIsTheMeanOverTargets() {
        let logits = Tensor([1, 2, 3, 50, 0, -50, 7, 7, 7], shape: [3, 3])
        func expected(_ row: Int, _ target: Int) -> Double {
            let x = logits.values[row * 3..<row * 3 + 3].map(Double.init)
            return log(x.reduce(0) { $0 + exp($1 - x.max()!) }) + x.max()! - x[target]
        }
        let loss = logits.softmaxCrossEntropy(targets: [0, 2, -1]).item
        // The second target's probability is e^-100, below what a float holds.
        #expect(abs(Double(loss) - (expected(0, 0) + expected(1, 2)) / 2) < 1e-4)
        #expect(logits.softmaxCrossEntropy(targets: [-1, -1, -1]).item == 0)
    }

    @Test func softmaxSurvivesLargeNumbersAndFullMasks() {
        let x = Tensor([1000, 1000, -.infinity, -.infinity, -.infinity, -.infinity], shape: [2, 3])
        #expect(x.softmax().values == [0.5, 0.5, 0, 0, 0, 0])
    }

    @Test func layerNormCentresRows() {
        let x = RandomStream(seed: 1, name: "x").normal([4, 37]) * 5 + 100
        let y = x.layerNorm(gamma: Tensor(repeating: 2, shape: [37]), beta: Tensor(repeating: 1, shape: [37]))
        for row in y.split(axis: 0, [1, 1, 1, 1]) {
            #expect(abs(row.mean().item - 1) < 1e-4)
            #expect(abs((row - 1).squared().mean().item - 4) < 1e-3)
        }
    }

    @Test func batchNormMeasuresChannels() {
        let x = Tensor([1, 3, 10, 10, 5, 7, 20, 20], shape: [2, 2, 2])
        let (y, statistics) = x.batchNorm(
            gamma: Tensor([1, 1], shape: [2]), beta: Tensor([0, 5], shape: [2]), epsilon: 0)
        #expect(statistics.mean.values == [4, 15])
        // Unbiased, as the running variance wants it.
        #expect(relativeDifference(statistics.variance, Tensor([20 / 3, 100 / 3], shape: [2])) < 1e-6)
        let expected: [Float] = [-3, -1, 0, 0, 1, 3, 0, 0].map { $0 / Float(5).squareRoot() }
        #expect(
            relativeDifference(
                y.sliced(axis: 1, 0..<1).reshaped([4]),
                Tensor([expected[0], expected[1], expected[4], expected[5]], shape: [4])) < 1e-6)
        #expect(y.sliced(axis: 1, 1..<2).values == [4, 4, 6, 6])
    }

    @Test func weightNormSetsTheLengthOfRows() {
        let v = RandomStream(seed: 2, name: "v").normal([3, 4, 5])
        let g = Tensor([1, 2, 3], shape: [3, 1, 1])
        let norms = v.weightNormed(magnitude: g).reshaped([3, 20]).squared().sum(axis: 1).squareRoot()
        #expect(relativeDifference(norms, g) < 1e-6)
    }

    @Test func dropoutKeepsTheMean() {
        let x = Tensor(repeating: 1, shape: [100_000])
        let y = x.dropout(0.1, StepRandomness(seed: 1, step: 1))
        // The rate is a multiple of 1 / 65536, and what is kept makes up for exactly that.
        #expect(Set(y.values) == [0, Float(65536) / 58982])
        #expect(abs(y.mean().item - 1) < 0.005)
        #expect(x.dropout(0.1, nil) === x)
        let randomness = StepRandomness(seed: 1, step: 1)
        #expect(x.dropout(0.1, randomness).values != x.dropout(0.1, randomness).values)
    }

    @Test func gatesAddTheirCondition() {
        let x = RandomStream(seed: 1, name: "gate").normal([2, 6, 40])
        let condition = RandomStream(seed: 1, name: "condition").normal([2, 9, 1])
        let sum = x + condition.sliced(axis: 1, 2..<8)
        let halves = sum.split(axis: 1, [3, 3])
        #expect(
            relativeDifference(
                x.gated(condition: condition, from: 2), halves[0].hyperbolicTangent() * halves[1].sigmoid()) < 1e-6)
    }

    @Test func distancesAreThoseOfTheirParts() {
        let a = RandomStream(seed: 1, name: "a").normal([5, 4001])
        let b = RandomStream(seed: 1, name: "b").normal([5, 4001])
        #expect(relativeDifference(a.meanAbsoluteDifference(b), (a - b).absolute().mean()) < 1e-5)
    }

    @Test func itemsShareMemory() {
        let x = Tensor((0..<12).map(Float.init), shape: [3, 2, 2])
        let middle = x.items(1..<3)
        #expect(middle.shape == [2, 2, 2] && middle.values == Array(x.values[4...]))
        #expect((middle.items(1..<2) * 2).values == [16, 18, 20, 22])
        #expect(middle.reshaped([8]).sliced(axis: 0, 1..<3).values == [5, 6])
    }
}
