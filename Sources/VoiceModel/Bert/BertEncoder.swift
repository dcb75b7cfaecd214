import Foundation
import Neural
import Tensor

/// BERT (Devlin et al. 2018), as far as its hidden states are wanted; names are Hugging Face's.
///
/// It is never trained here: its hidden states are read once per text and kept.
package final class BertEncoder: Module {
    package let configuration: BertConfiguration
    private let words, positions, segments: Embedding
    private let norm: LayerNorm
    private let layers: [BertLayer]

    /// Holds the first `depth` layers: those after the wanted hidden state are never computed.
    package init(_ configuration: BertConfiguration, depth: Int) {
        self.configuration = configuration
        let width = configuration.width
        let start = Initializer.normal(standardDeviation: 0.02)
        words = Embedding(configuration.vocabulary, width, initializer: start)
        positions = Embedding(configuration.positions, width, initializer: start)
        segments = Embedding(configuration.segmentKinds, width, initializer: start)
        norm = LayerNorm(width, epsilon: configuration.normEpsilon)
        layers = (0..<depth).map { _ in BertLayer(configuration) }
        freeze()
    }

    /// How many layers reach GPT-SoVITS's features: the third hidden state from the end, of which the embeddings are one.
    package static func featureDepth(of configuration: BertConfiguration) -> Int { max(0, configuration.layers - 2) }

    /// The hidden state after the last layer it holds, [1, S, C], of one sequence with its beginning and end.
    /// S is at most `configuration.positions`; every id is one of the vocabulary's.
    package func callAsFunction(_ pieces: [Int]) -> Tensor {
        let count = pieces.count
        let x =
            words(pieces, shape: [1, count]) + positions(Array(0..<count), shape: [1, count])
            + segments(Array(repeating: 0, count: count), shape: [1, count])
        return layers.reduce(norm(x)) { $1($0) }
    }

    package func collect(_ state: StateCollector) {
        state.child("embeddings.word_embeddings", words)
        state.child("embeddings.position_embeddings", positions)
        state.child("embeddings.token_type_embeddings", segments)
        state.child("embeddings.LayerNorm", norm)
        state.children("encoder.layer", layers)
    }
}

/// One layer, norms after: [1, S, C] -> [1, S, C].
private final class BertLayer: Module {
    private let query, key, value, output: Linear
    private let attentionNorm, outputNorm: LayerNorm
    private let expand, contract: Linear
    private let heads: Int

    init(_ configuration: BertConfiguration) {
        let width = configuration.width
        query = Linear(width, width)
        key = Linear(width, width)
        value = Linear(width, width)
        output = Linear(width, width)
        attentionNorm = LayerNorm(width, epsilon: configuration.normEpsilon)
        outputNorm = LayerNorm(width, epsilon: configuration.normEpsilon)
        expand = Linear(width, configuration.innerWidth)
        contract = Linear(configuration.innerWidth, width)
        heads = configuration.heads
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let attended = attention(
            query: query(x), key: key(x), value: value(x), heads: heads, layout: .channelsLast,
            mask: .keys(lengths: [x.shape[1]]))
        let y = attentionNorm(x + output(attended))
        return outputNorm(y + contract(Self.exactGELU(expand(y))))
    }

    /// x · Φ(x), as BERT was trained with; the tanh form of `gelu()` is off by up to 5e-4.
    private static func exactGELU(_ x: Tensor) -> Tensor {
        let y = Tensor(uninitialized: x.shape)
        let (source, target) = (x.pointer, y.pointer)
        for index in 0..<x.count {
            let value = Double(source[index])
            target[index] = Float(0.5 * value * (1 + erf(value / 2.0.squareRoot())))
        }
        return y
    }

    func collect(_ state: StateCollector) {
        state.child("attention.self.query", query)
        state.child("attention.self.key", key)
        state.child("attention.self.value", value)
        state.child("attention.output.dense", output)
        state.child("attention.output.LayerNorm", attentionNorm)
        state.child("intermediate.dense", expand)
        state.child("output.dense", contract)
        state.child("output.LayerNorm", outputNorm)
    }
}
