import Tensor
import Testing

/// The same bytes at any thread count, forward and backward, at sizes that are cut into several pieces.
@Suite(.serialized) struct ThreadEqualityTests {
    static let large: [OperatorCase] = [
        OperatorCase("element-wise", [[7, 9001], [7, 9001]], .positive) {
            ($0[0] / $0[1]).logarithm().hyperbolicTangent() + ($0[0] - $0[1]).gelu().exponential()
        },
        OperatorCase("broadcast", [[40, 33, 50], [33, 1]]) { $0[0] * $0[1] + $0[1] },
        OperatorCase("sum", [[70_001]]) { $0[0].sum() },
        OperatorCase("sum of the first axis", [[50, 3000]]) { $0[0].sum(axis: 0) },
        OperatorCase("sum of the last axis", [[3000, 50]]) { $0[0].sum(axis: 1) },
        OperatorCase("softmax", [[400, 211]]) { $0[0].softmax() },
        OperatorCase("cross entropy", [[400, 211]]) { $0[0].softmaxCrossEntropy(targets: (0..<400).map { $0 % 211 }) },
        OperatorCase("linear", [[300, 190], [270, 190], [270]]) { $0[0].linear(weight: $0[1], bias: $0[2]) },
        OperatorCase("feed-forward", [[300, 64], [256, 64], [256], [64, 256], [64]]) {
            $0[0].feedForward(
                expand: ($0[1], $0[2]), contract: ($0[3], $0[4]), activation: .relu, dropout: 0.2,
                randomness: StepRandomness(seed: 4, step: 1))
        },
        OperatorCase("add a branch and normalize", [[900, 65], [900, 65], [65], [65]]) {
            $0[0].addingAndNormalizing(
                $0[1], dropout: 0.3, StepRandomness(seed: 3, step: 1), gamma: $0[2], beta: $0[3])
        },
        OperatorCase("layer norm", [[900, 65], [65], [65]]) { $0[0].layerNorm(gamma: $0[1], beta: $0[2]) },
        OperatorCase("batch norm", [[4, 33, 300], [33], [33]]) { $0[0].batchNorm(gamma: $0[1], beta: $0[2]).0 },
        OperatorCase("weight norm", [[300, 80, 3], [300, 1, 1]]) { $0[0].weightNormed(magnitude: $0[1]) },
        OperatorCase("gate", [[3, 60, 700], [3, 60, 1]]) { $0[0].gated(condition: $0[1], from: 0) },
        OperatorCase("mean absolute difference", [[70, 700], [70, 700]]) { $0[0].meanAbsoluteDifference($0[1]) },
        OperatorCase("embedding", [[300, 64]]) {
            $0[0].embedding((0..<2000).map { $0 * 7 % 300 }, shape: [2000])
        },
        OperatorCase("dropout", [[90_000]]) { $0[0].dropout(0.2, StepRandomness(seed: 1, step: 1)) },
        OperatorCase("attention", [[3, 32, 70], [3, 32, 70], [3, 32, 70], [1, 9, 8], [1, 9, 8]]) {
            attention(
                query: $0[0], key: $0[1], value: $0[2], heads: 4, layout: .channelsFirst,
                mask: .keys(lengths: [70, 60, 50]), relative: RelativePositions(keys: $0[3], values: $0[4]),
                dropout: 0.1, randomness: StepRandomness(seed: 2, step: 1))
        },
        OperatorCase("attention over text and tokens", [[3, 90, 32], [3, 90, 32], [3, 90, 32]]) {
            attention(
                query: $0[0], key: $0[1], value: $0[2], heads: 4, layout: .channelsLast,
                mask: .prefixCausal(prefix: 30, lengths: [30, 20, 10]))
        },
    ]

    @Test(arguments: large)
    func oneAndTwoThreadsAgree(_ operation: OperatorCase) {
        let before = Threads.count
        defer { Threads.use(before) }
        func results(threads: Int) -> [[UInt32]] {
            Threads.use(threads)
            let inputs = operation.inputs
            for input in inputs { input.requiresGradient = true }
            let output = operation.evaluate(inputs)
            output.squared().sum().backward()
            return ([output] + inputs.compactMap(\.gradient)).map { $0.values.map(\.bitPattern) }
        }
        let one = results(threads: 1)
        #expect(one.count == operation.shapes.count + 1)
        for threads in [2, 3] { #expect(results(threads: threads) == one, "\(threads) threads") }
    }
}
