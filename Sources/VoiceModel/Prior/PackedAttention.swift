import Neural
import Tensor

/// Self-attention with queries, keys and values from one weight, [3C, C].
final class PackedAttention: Module {
    private let weight, bias: Tensor
    private let output: Linear
    private let heads: Int
    private let dropout: Float
    private let projection: Initializer
    /// Of the packed weight; the output's matrix has its own.
    var adapter: LowRankAdapter?

    /// `projection` starts the packed weight, `output` the output's; `shared` are tensors that take the place of both.
    init(
        _ width: Int, heads: Int, dropout: Float, projection: Initializer, output initializer: Initializer,
        shared: (weight: Tensor, output: Tensor)? = nil
    ) {
        weight = shared?.weight ?? .parameter([3 * width, width])
        bias = .parameter([3 * width])
        output = Linear(width, width, initializer: initializer, weight: shared?.output)
        self.heads = heads
        self.dropout = dropout
        self.projection = projection
    }

    /// Rows attend to each other as `mask` says; `cache` keeps their keys and values for rows to come, `record` how much
    /// the rows of tokens look at the text; `heard` are those whose output is wanted, all by default.
    func callAsFunction(
        _ x: Tensor, mask: AttentionMask, cache: KeyValueCache?, record: AttentionRecord? = nil,
        heard: HeardRows? = nil, randomness: StepRandomness?
    ) -> Tensor {
        let packed =
            activeAdapter?.linear(x, weight: weight, bias: bias, randomness) ?? x.linear(weight: weight, bias: bias)
        if let cache {
            let width = x.shape[2]
            cache.append(
                key: packed.sliced(axis: 2, width..<2 * width), value: packed.sliced(axis: 2, 2 * width..<3 * width))
        }
        record?.add(packed: packed, heads: heads)
        let attended = selfAttention(packed: packed, heads: heads, mask: mask, dropout: dropout, randomness: randomness)
        return output(heard?(attended) ?? attended, randomness)
    }

    /// Its two matrices for single rows; those that are packed already as they are.
    func rowWeights(
        _ format: WeightFormat, packed: (weight: PackedMatrix, output: PackedMatrix)? = nil
    ) -> (attention: SmallWeights, output: SmallWeights) {
        if let packed {
            return (SmallWeights(packed.weight, bias: bias), SmallWeights(packed.output, bias: output.bias))
        }
        return (SmallWeights(weight, bias: bias, format: format), output.rowWeights(format))
    }

    func collect(_ state: StateCollector) {
        state.parameter("in_proj_weight", weight, projection)
        state.parameter("in_proj_bias", bias, .constant(0))
        if let adapter { state.child(adaptedPart, adapter) }
        state.child("out_proj", output)
    }
}

extension PackedAttention: Adaptable {
    var adaptedPart: String { "in_proj" }
    var adaptedShape: [Int]? { weight.shape }
    func add(toWeight delta: Tensor) { weight.overwrite(weight.detached() + delta) }
}
