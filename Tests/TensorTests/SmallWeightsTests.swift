import Foundation
import ReferenceSupport
import Tensor
import Testing

private func normal(_ shape: [Int], _ name: String) -> Tensor { RandomStream(seed: 5, name: name).normal(shape) }

/// Products with one row: every instruction set against plain loops, and the small formats against what they round.
@Suite struct SmallWeightsTests {
    /// Rows × columns: whole blocks, single rows, tails of every kind.
    private static let shapes = [
        [1, 1], [3, 7], [4, 64], [5, 65], [7, 100], [96, 512], [130, 33], [512, 256], [33, 2048],
    ]

    @Test(arguments: shapes, WeightFormat.allCases)
    func everyInstructionSetAgreesWithThePlainLoops(_ shape: [Int], _ format: WeightFormat) {
        let weight = normal(shape, "weight"), bias = normal([shape[0]], "bias"), x = normal([shape[1]], "x")
        let sets = (0...SmallWeights.bestInstructionSet).map {
            SmallWeights(weight, bias: bias, format: format, instructionSet: $0)
        }
        let plain = sets[0].product(x, plain: true)
        // Rounding grows with the length of the sum, not with the sum.
        let tolerance = 1e-6 * Float(shape[1]).squareRoot() * 4
        for (set, weights) in sets.enumerated() {
            let fast = weights.product(x)
            if format == .int8 {
                #expect(fast.values == plain.values, "instruction set \(set)")
            } else {
                for (a, b) in zip(fast.values, plain.values) {
                    #expect(abs(a - b) <= tolerance, "instruction set \(set)")
                }
            }
        }
    }

    @Test(arguments: shapes, WeightFormat.allCases)
    func inputsTogetherHaveTheBitsThatTheyHaveAlone(_ shape: [Int], _ format: WeightFormat) {
        let weight = normal(shape, "weight"), bias = normal([shape[0]], "bias"), x = normal([9, shape[1]], "x")
        for set in 0...SmallWeights.bestInstructionSet {
            let weights = SmallWeights(weight, bias: bias, format: format, instructionSet: set)
            let alone = (0..<9).map { weights.product(x.sliced(axis: 0, $0..<$0 + 1)).values }
            for count in 1...9 {
                let together = weights.product(x.sliced(axis: 0, 0..<count)).values
                #expect(together == Array(alone.prefix(count).joined()), "\(count) inputs, instruction set \(set)")
            }
        }
    }

    @Test func int8KeepsMoreOfItsInputs() {
        // A weight of one column is kept as it is: what is left is what became of the input.
        let values: [Float] = (0..<1000).map { sin(Float($0)) }
        let x = Tensor(values, shape: [1000]), ones = Tensor.zeros([1000, 1000])
        for index in 0..<1000 { ones.pointer[index * 1000 + index] = 1 }
        let kept = SmallWeights(ones, format: .int8).product(x).values
        for (a, b) in zip(kept, values) { #expect(abs(a - b) <= 0.501 / (127 * 128)) }
    }

    @Test func float32IsTheOrdinaryProduct() {
        let weight = normal([70, 90], "weight"), bias = normal([70], "bias"), x = normal([1, 90], "x")
        let product = SmallWeights(weight, bias: bias, format: .float32).product(x)
        #expect(relativeDifference(product, x.linear(weight: weight, bias: bias).reshaped([70])) < 1e-6)
    }

    @Test func float32ReadsTheTensorItself() {
        let weight = normal([8, 16], "weight"), x = normal([16], "x")
        let weights = SmallWeights(weight, format: .float32)
        let before = weights.product(x).values
        for index in 0..<weight.count { weight.pointer[index] *= 2 }
        #expect(weights.product(x).values == before.map { $0 * 2 })
    }

    /// One column that is 1 and zeros elsewhere shows a row's weight as the format keeps it.
    private func kept(_ values: [Float], as format: WeightFormat) -> [Float] {
        let x = Tensor([1] + [Float](repeating: 0, count: 15), shape: [16])
        let weight = Tensor(values.flatMap { [$0] + [Float](repeating: 0, count: 15) }, shape: [values.count, 16])
        return SmallWeights(weight, format: format).product(x).values
    }

    @Test func bfloat16RoundsToNearestEven() {
        let step = Float(sign: .plus, exponent: -7, significand: 1)  // from 1 to the next bfloat16
        let values = [1, 1 + step / 2, 1 + step * 3 / 2, 1 + step * 0.51, 1 + step * 0.49, -1 - step / 2, 3e38, 1e-30]
        let expected = [1, 1, 1 + 2 * step, 1 + step, 1, -1]
        #expect(Array(kept(values, as: .bfloat16).prefix(6)) == expected)
        for (a, b) in zip(kept(values, as: .bfloat16), values) { #expect(abs(a - b) <= abs(b) / 256) }
    }

    @Test func int8KeepsARowsLargestAndErrsByHalfAStep() {
        let columns = 200, weight = normal([20, columns], "weight"), values = weight.values
        let weights = SmallWeights(weight, format: .int8)
        for column in [0, 1, 77, 199] {
            let x = Tensor((0..<columns).map { $0 == column ? 1 : 0 }, shape: [columns])
            for (row, kept) in weights.product(x).values.enumerated() {
                let own = values[row * columns..<(row + 1) * columns]
                let step = (own.map { abs($0) }.max() ?? 0) / 127
                #expect(abs(kept - own[row * columns + column]) <= step * 0.501)
            }
        }
    }

    @Test func smallFormatsStayCloseOnLongRows() {
        let weight = normal([256, 1024], "weight"), x = normal([1024], "x")
        let exact = SmallWeights(weight, format: .float32).product(x)
        func error(_ format: WeightFormat) -> Float {
            let difference = SmallWeights(weight, format: format).product(x) - exact
            return (difference.squared().sum().item / exact.squared().sum().item).squareRoot()
        }
        #expect(error(.bfloat16) < 0.003)
        #expect(error(.int8) < 0.02 && error(.int8) > 0.001)
    }

    @Test(arguments: WeightFormat.allCases)
    func threadsDoNotChangeABit(_ format: WeightFormat) {
        let weight = normal([1500, 512], "weight"), x = normal([512], "x")
        let weights = SmallWeights(weight, format: format)
        let before = Threads.count
        defer { Threads.use(before) }
        let results = [1, 2, 4].map { count in
            Threads.use(count)
            return weights.product(x).values
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }

    @Test(arguments: WeightFormat.allCases)
    func whatIsNotFiniteShows(_ format: WeightFormat) {
        let weight = normal([4, 40], "weight")
        for value in [Float.nan, .infinity] {
            let x = Tensor((0..<40).map { $0 == 13 ? value : 1 }, shape: [40])
            #expect(SmallWeights(weight, format: format).product(x).values.allSatisfy { !$0.isFinite })
        }
        let zeros = SmallWeights(.zeros([4, 40]), format: format).product(.zeros([40])).values
        #expect(zeros == [0, 0, 0, 0])
    }
}
