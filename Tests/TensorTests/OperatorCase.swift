import Tensor
import Testing

/// One call of an operator, as every test of operators takes it: from random inputs of these shapes.
struct OperatorCase: Sendable, CustomTestStringConvertible {
    /// Where the inputs lie, so that a difference quotient means something.
    enum Domain: Sendable {
        case normal
        /// At least a half from 0, for kinks and divisors.
        case awayFromZero
        /// At least a half.
        case positive
    }

    let name: String
    let shapes: [[Int]]
    var domain = Domain.normal
    /// Largest difference relative to the largest gradient of an input.
    var tolerance: Float = 5e-3
    let evaluate: @Sendable ([Tensor]) -> Tensor

    init(
        _ name: String, _ shapes: [[Int]], _ domain: Domain = .normal, tolerance: Float = 5e-3,
        _ evaluate: @escaping @Sendable ([Tensor]) -> Tensor
    ) {
        self.name = name
        self.shapes = shapes
        self.domain = domain
        self.tolerance = tolerance
        self.evaluate = evaluate
    }

    var testDescription: String { name }

    var inputs: [Tensor] {
        StoragePool.shared.isPoisoned = true
        return shapes.enumerated().map { index, shape in
            let numbers = RandomStream(seed: 11, name: "input \(index)").normal(shape)
            switch domain {
            case .normal: return numbers
            case .awayFromZero: return Tensor(numbers.values.map { $0 < 0 ? $0 - 0.5 : $0 + 0.5 }, shape: shape)
            case .positive: return numbers.absolute() + 0.5
            }
        }
    }
}

extension OperatorCase {
    static let elementwise: [OperatorCase] = [
        OperatorCase("add", [[2, 3, 4], [2, 3, 4]]) { $0[0] + $0[1] },
        OperatorCase("add, rows stretched", [[2, 3, 4], [4]]) { $0[0] + $0[1] },
        OperatorCase("add, both stretched", [[2, 1, 4], [3, 1]]) { $0[0] + $0[1] },
        OperatorCase("add a scalar", [[2, 3], []]) { $0[0] + $0[1] },
        OperatorCase("subtract", [[3, 1], [2, 3, 5]]) { $0[0] - $0[1] },
        OperatorCase("multiply", [[2, 3, 4], [1, 3, 1]]) { $0[0] * $0[1] },
        OperatorCase("multiply, both stretched", [[2, 1, 3, 1], [4, 1, 5]]) { $0[0] * $0[1] },
        OperatorCase("divide", [[2, 3, 4], [3, 4]], .awayFromZero) { $0[0] / $0[1] },
        OperatorCase("an input used twice", [[3, 4]]) { $0[0] * $0[0] + $0[0] },
        OperatorCase("negate", [[7]]) { -$0[0] },
        OperatorCase("scale and offset", [[7]]) { 2 - ($0[0] * 3 + 1) / 4 - 5 },
        OperatorCase("absolute", [[17]], .awayFromZero) { $0[0].absolute() },
        OperatorCase("square", [[17]]) { $0[0].squared() },
        OperatorCase("square root", [[17]], .positive) { $0[0].squareRoot() },
        OperatorCase("exp", [[17]]) { $0[0].exponential() },
        OperatorCase("log", [[17]], .positive) { $0[0].logarithm() },
        OperatorCase("tanh", [[17]]) { $0[0].hyperbolicTangent() },
        OperatorCase("sigmoid", [[17]]) { $0[0].sigmoid() },
        OperatorCase("ReLU", [[17]], .awayFromZero) { $0[0].relu() },
        OperatorCase("leaky ReLU", [[17]], .awayFromZero) { $0[0].leakyRelu(0.1) },
        OperatorCase("GELU", [[17]]) { $0[0].gelu() },
        OperatorCase("clamp", [[17]], .awayFromZero) { $0[0].clamped(minimum: 0.1) },
        OperatorCase("dropout", [[50]]) { $0[0].dropout(0.3, StepRandomness(seed: 1, step: 2)) },
        OperatorCase("gate", [[2, 6, 5], [2, 9, 1]]) { $0[0].gated(condition: $0[1], from: 2) },
        OperatorCase("mean absolute difference", [[3, 7], [3, 7]]) { $0[0].meanAbsoluteDifference($0[1]) },
    ]

    static let reductions: [OperatorCase] = [
        OperatorCase("sum", [[3, 4]]) { $0[0].sum() },
        OperatorCase("mean", [[3, 4]]) { $0[0].mean() },
        OperatorCase("sum of the first axis", [[3, 4, 5]]) { $0[0].sum(axis: 0) },
        OperatorCase("sum of a middle axis", [[3, 4, 5]]) { $0[0].sum(axis: 1, keepingAxis: true) },
        OperatorCase("mean of the last axis", [[3, 4, 5]]) { $0[0].mean(axis: 2) },
        OperatorCase("softmax", [[3, 9]]) { $0[0].softmax() },
        OperatorCase("cross entropy", [[4, 9]]) { $0[0].softmaxCrossEntropy(targets: [0, 8, -1, 3]) },
    ]

    static let shapes: [OperatorCase] = [
        OperatorCase("reshape", [[3, 4]]) { $0[0].reshaped([2, -1]) },
        OperatorCase("transpose", [[2, 3, 4]]) { $0[0].transposed() },
        OperatorCase("slice", [[3, 5, 2]]) { $0[0].sliced(axis: 1, 1..<4) },
        OperatorCase("split, parts used unequally", [[2, 6]]) {
            let parts = $0[0].split(axis: 1, [1, 3, 2])
            return .concatenated([parts[2], parts[0] * 3], axis: 1)
        },
        OperatorCase("concatenate", [[2, 1, 3], [2, 4, 3]]) { .concatenated([$0[0], $0[1], $0[0]], axis: 1) },
        OperatorCase("add channels", [[2, 2, 3], [2, 5, 3]]) {
            // Overlapping parts of one tensor, which is read whole, too.
            let mask = Tensor([1, 1, 0, 1, 0.5, 0], shape: [2, 1, 3])
            let x = $0[0].adding(channelsOf: $0[1], from: 0, mask: mask)
            return .concatenated([x, x.adding(channelsOf: $0[1], from: 1), $0[1] * $0[1]], axis: 1)
        },
        OperatorCase("pad", [[2, 3, 2]]) { $0[0].padded(axis: 1, before: 2, after: 1) },
        OperatorCase("reflect pad", [[2, 5]]) { $0[0].reflectPadded(left: 3, right: 4) },
        OperatorCase("flip", [[2, 3, 4]]) { $0[0].flipped(axis: 1) },
        OperatorCase("repeat interleaved", [[2, 3]]) { $0[0].repeatedInterleaved(3) },
        OperatorCase("segments", [[2, 3, 9]]) { $0[0].segments(starts: [5, 0], length: 4) },
        OperatorCase("frames", [[2, 14]]) { $0[0].framed(length: 5, hop: 3) },
        OperatorCase("embedding", [[5, 3]]) { $0[0].embedding([4, 0, 4, 1], shape: [2, 2]) },
    ]

    static let layers: [OperatorCase] = [
        OperatorCase("linear", [[2, 3, 4], [5, 4], [5]]) { $0[0].linear(weight: $0[1], bias: $0[2]) },
        OperatorCase("linear without bias", [[3, 4], [5, 4]]) { $0[0].linear(weight: $0[1]) },
        OperatorCase("feed-forward with ReLU and dropout", [[2, 3, 4], [9, 4], [9], [4, 9], [4]]) {
            $0[0].feedForward(
                expand: ($0[1], $0[2]), contract: ($0[3], $0[4]), activation: .relu, dropout: 0.2,
                randomness: StepRandomness(seed: 4, step: 1))
        },
        OperatorCase("feed-forward with GELU and dropout", [[5, 4], [9, 4], [9], [4, 9], [4]]) {
            $0[0].feedForward(
                expand: ($0[1], $0[2]), contract: ($0[3], $0[4]), activation: .gelu, dropout: 0.2,
                randomness: StepRandomness(seed: 4, step: 1))
        },
        OperatorCase("add a branch with dropout", [[3, 20], [3, 20]]) {
            $0[0].adding($0[1], dropout: 0.3, StepRandomness(seed: 3, step: 1))
        },
        OperatorCase("add a branch and normalize", [[3, 70], [3, 70], [70], [70]]) {
            $0[0].addingAndNormalizing(
                $0[1], dropout: 0.3, StepRandomness(seed: 3, step: 1), gamma: $0[2], beta: $0[3])
        },
        OperatorCase("layer norm", [[3, 20], [20], [20]]) { $0[0].layerNorm(gamma: $0[1], beta: $0[2]) },
        OperatorCase("batch norm", [[2, 3, 7], [3], [3]]) { $0[0].batchNorm(gamma: $0[1], beta: $0[2]).0 },
        OperatorCase("weight norm", [[4, 3, 5], [4, 1, 1]]) { $0[0].weightNormed(magnitude: $0[1]) },
    ]

    static let attentions: [OperatorCase] = [
        OperatorCase("attention, channels first", [[2, 6, 5], [2, 6, 5], [2, 6, 5]]) {
            attention(
                query: $0[0], key: $0[1], value: $0[2], heads: 2, layout: .channelsFirst, mask: .keys(lengths: [5, 3]))
        },
        OperatorCase("attention of packed rows", [[2, 5, 18]]) {
            selfAttention(
                packed: $0[0], heads: 3, mask: .prefixCausal(prefix: 3, lengths: [3, 2]), dropout: 0.2,
                randomness: StepRandomness(seed: 3, step: 1))
        },
        OperatorCase("attention, channels last", [[2, 5, 6], [2, 5, 6], [2, 5, 6]]) {
            attention(
                query: $0[0], key: $0[1], value: $0[2], heads: 3, layout: .channelsLast, mask: .keys(lengths: [5, 3]))
        },
        OperatorCase("attention, channels first, text then tokens", [[2, 4, 6], [2, 4, 6], [2, 4, 6]]) {
            attention(
                query: $0[0], key: $0[1], value: $0[2], heads: 2, layout: .channelsFirst,
                mask: .prefixCausal(prefix: 3, lengths: [3, 2]))
        },
        OperatorCase("attention, channels last, text then tokens", [[2, 6, 4], [2, 6, 4], [2, 6, 4]]) {
            attention(
                query: $0[0], key: $0[1], value: $0[2], heads: 2, layout: .channelsLast,
                mask: .prefixCausal(prefix: 3, lengths: [3, 2]))
        },
        OperatorCase(
            "attention, channels first, relative positions",
            [[2, 6, 5], [2, 6, 5], [2, 6, 5], [1, 5, 3], [1, 5, 3]]
        ) {
            attention(
                query: $0[0], key: $0[1], value: $0[2], heads: 2, layout: .channelsFirst, mask: .keys(lengths: [5, 4]),
                relative: RelativePositions(keys: $0[3], values: $0[4]))
        },
        OperatorCase(
            "attention, channels last, relative positions",
            [[2, 5, 6], [2, 5, 6], [2, 5, 6], [1, 3, 3], [1, 3, 3]]
        ) {
            attention(
                query: $0[0], key: $0[1], value: $0[2], heads: 2, layout: .channelsLast, mask: .keys(lengths: [5, 4]),
                relative: RelativePositions(keys: $0[3], values: $0[4]))
        },
        OperatorCase("cross-attention, channels first", [[2, 6, 3], [2, 6, 7], [2, 6, 7]]) {
            attention(
                query: $0[0], key: $0[1], value: $0[2], heads: 2, layout: .channelsFirst, mask: .keys(lengths: [7, 2]))
        },
        OperatorCase("cross-attention, channels last", [[2, 7, 6], [2, 3, 6], [2, 3, 6]]) {
            attention(
                query: $0[0], key: $0[1], value: $0[2], heads: 2, layout: .channelsLast, mask: .keys(lengths: [3, 2]))
        },
        OperatorCase("attention with dropout", [[2, 5, 6], [2, 5, 6], [2, 5, 6]]) {
            attention(
                query: $0[0], key: $0[1], value: $0[2], heads: 2, layout: .channelsLast, mask: .keys(lengths: [5, 5]),
                dropout: 0.3, randomness: StepRandomness(seed: 3, step: 4))
        },
    ]

    static let all = elementwise + reductions + shapes + layers + attentions
}
