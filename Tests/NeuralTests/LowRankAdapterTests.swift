import Neural
import Tensor
import Testing

/// Adapters beside frozen layers.
@Suite struct LowRankAdapterTests {
    private final class Pair: Module {
        let expand = Linear(6, 10), contract = Linear(10, 6)
        let plain = Convolution1d(4, 5, kernel: 3, padding: 2, dilation: 2)
        let normed = Convolution1d(4, 4, kernel: 3, padding: 1, weightNorm: true)

        func collect(_ state: StateCollector) {
            state.child("mlp.expand", expand)
            state.child("mlp.contract", contract)
            state.child("plain", plain)
            state.child("normed", normed)
        }

        func linear(_ x: Tensor, _ randomness: StepRandomness? = nil) -> Tensor {
            expand.feedForward(x, contract: contract, activation: .gelu, randomness: randomness)
        }

        func convolutions(_ x: Tensor) -> (Tensor, Tensor) {
            (plain(x, inputLeakyReluSlope: 0.1), normed(x, outputLeakyReluSlope: 0.2, residual: x))
        }
    }

    private let x = RandomStream(seed: 1, name: "x").normal([3, 6])
    private let signal = RandomStream(seed: 2, name: "signal").normal([2, 4, 20])

    private func pair(rank: Int = 2, dropout: Double = 0) -> Pair {
        let pair = Pair()
        pair.initialize(seed: 3)
        let unknown = pair.adapt(
            ["mlp", "plain", "normed"], LowRankSettings(rank: rank, alpha: 6, dropout: dropout))
        #expect(unknown.isEmpty)
        pair.initialize(seed: 3)
        return pair
    }

    /// Numbers in B, as training would put there.
    private func teach(_ pair: Pair) {
        for entry in pair.state where entry.name.hasSuffix("lora_B.weight") {
            entry.tensor.overwrite(RandomStream(seed: 4, name: entry.name).normal(entry.tensor.shape) * 0.5)
        }
    }

    private func distance(_ one: Tensor, _ other: Tensor) -> Float {
        zip(one.values, other.values).map { abs($0 - $1) }.max() ?? .nan
    }

    @Test func changesNothingAtFirstAndTrainsNothingElse() {
        let plain = Pair()
        plain.initialize(seed: 3)
        let adapted = pair()
        #expect(distance(plain.linear(x), adapted.linear(x)) < 1e-6)
        #expect(distance(plain.convolutions(signal).0, adapted.convolutions(signal).0) < 1e-6)
        #expect(adapted.trainedParameters.count == 8)
        #expect(adapted.trainedParameters.allSatisfy { $0.isAdapter })
        adapted.linear(x).sum().backward()
        adapted.convolutions(signal).1.sum().backward()
        for entry in adapted.parameters where !entry.isAdapter {
            #expect(entry.tensor.gradient == nil, "\(entry.name)")
        }
        let taught = adapted.parameters.filter { $0.tensor.gradient != nil }.map(\.name)
        #expect(taught.contains("mlp.expand.lora_B.weight") && taught.contains("normed.lora_B.weight"))
    }

    @Test func isWhatItsDefinitionSays() {
        let adapted = pair(rank: 3)
        teach(adapted)
        // y = x Wᵀ + b + α/r · (x Aᵀ) Bᵀ, written out.
        let state = Dictionary(uniqueKeysWithValues: adapted.state.map { ($0.name, $0.tensor.values) })
        let (a, b) = (state["mlp.expand.lora_A.weight"] ?? [], state["mlp.expand.lora_B.weight"] ?? [])
        let (w, c) = (state["mlp.expand.weight"] ?? [], state["mlp.expand.bias"] ?? [])
        let y = adapted.expand(x).values
        for row in 0..<3 {
            for output in 0..<10 {
                var sum = c[output]
                for i in 0..<6 {
                    sum += x.values[row * 6 + i] * w[output * 6 + i]
                    for r in 0..<3 { sum += 2 * b[output * 3 + r] * a[r * 6 + i] * x.values[row * 6 + i] }
                }
                #expect(abs(sum - y[row * 10 + output]) < 1e-5)
            }
        }
    }

    @Test(arguments: [Tensor.FeedForwardActivation.relu, .gelu], [0.0, 0.3])
    func gradientsAgreeWithFiniteDifferences(activation: Tensor.FeedForwardActivation, dropout: Double) {
        let adapted = pair(rank: 3, dropout: dropout)
        teach(adapted)
        let input = RandomStream(seed: 5, name: "input").normal([4, 6])
        input.requiresGradient = true
        let weights = RandomStream(seed: 6, name: "weights").normal([4, 6])
        func loss() -> Tensor {
            // The same random numbers at every call.
            let y = adapted.expand.feedForward(
                input, contract: adapted.contract, activation: activation, randomness: StepRandomness(seed: 9, step: 1))
            return (y * weights).sum()
        }
        loss().backward()
        let learned = adapted.trainedParameters.filter { $0.name.hasPrefix("mlp") }
        #expect(learned.count == 4)
        for (name, tensor) in learned.map({ ($0.name, $0.tensor) }) + [("x", input)] {
            guard let gradient = tensor.gradient?.values else {
                Issue.record("\(name) has no gradient")
                continue
            }
            for index in 0..<tensor.count {
                let kept = tensor.pointer[index], step: Float = 1e-2
                tensor.pointer[index] = kept + step
                let above = loss().item
                tensor.pointer[index] = kept - step
                let below = loss().item
                tensor.pointer[index] = kept
                let expected = (above - below) / (2 * step)
                #expect(abs(expected - gradient[index]) < 0.02 * max(1, abs(expected)), "\(name) \(index)")
            }
        }
    }

    @Test func mergesAndUnmergesToRounding() {
        let adapted = pair()
        teach(adapted)
        let before = (adapted.linear(x), adapted.convolutions(signal))
        let weights = adapted.weights.map(\.tensor.values)
        adapted.mergeAdapters()
        #expect(adapted.weights.map(\.tensor.values) != weights)
        func expectTheSame() {
            #expect(distance(adapted.linear(x), before.0) < 1e-5)
            #expect(distance(adapted.convolutions(signal).0, before.1.0) < 1e-5)
            #expect(distance(adapted.convolutions(signal).1, before.1.1) < 1e-5)
        }
        expectTheSame()
        adapted.mergeAdapters()
        expectTheSame()
        adapted.unmergeAdapters()
        expectTheSame()
        for (entry, old) in zip(adapted.weights, weights) where !entry.name.hasPrefix("normed") {
            #expect(zip(entry.tensor.values, old).allSatisfy { abs($0 - $1) < 1e-6 }, "\(entry.name)")
        }
    }

    @Test func dropsOutOnlyWhileTraining() {
        let adapted = pair(dropout: 0.5)
        teach(adapted)
        let whole = adapted.linear(x)
        #expect(adapted.linear(x).values == whole.values)
        let one = adapted.linear(x, StepRandomness(seed: 1, step: 1)).values
        #expect(one != whole.values)
        #expect(adapted.linear(x, StepRandomness(seed: 1, step: 1)).values == one)
        #expect(adapted.linear(x, StepRandomness(seed: 1, step: 2)).values != one)
    }

    @Test func namesWhatNoLayerIsCalled() {
        let pair = Pair()
        let settings = LowRankSettings(rank: 1, alpha: 1)
        #expect(pair.adapt(["expand", "plan", "mlp.contract", "contract.mlp"], settings) == ["plan", "contract.mlp"])
        #expect(pair.expand.adapter != nil && pair.contract.adapter != nil && pair.plain.adapter == nil)
    }
}
