import Neural
import ReferenceSupport
import Tensor
import Testing

/// Two linear layers and a batch norm under the names a user of checkpoints sees.
private final class Sample: Module {
    let layers = [Linear(4, 6), Linear(6, 2, bias: false)]
    let norm = BatchNorm1d(6)
    let table = Embedding(3, 4)

    func collect(_ state: StateCollector) {
        state.child("emb.word", table)
        state.children("h.layers", layers)
        state.child("bn", norm)
    }

    func callAsFunction() -> Tensor {
        let x = layers[0](table([0, 1, 2], shape: [3]))
        return layers[1](norm(x.transposed().reshaped([1, 6, 3]), training: true).reshaped([6, 3]).transposed())
    }
}

@Suite struct ModuleTests {
    private let module = Sample()

    @Test func stateIsNamedByItsPath() {
        #expect(
            module.state.map(\.name) == [
                "emb.word.weight", "h.layers.0.weight", "h.layers.0.bias", "h.layers.1.weight", "bn.weight", "bn.bias",
                "bn.running_mean", "bn.running_var",
            ])
        #expect(module.parameters.map(\.name) == module.state.map(\.name).filter { !$0.contains("running") })
        #expect(module.parameterCount == 12 + 24 + 6 + 12 + 6 + 6)
    }

    @Test func aSeedDecidesHowItStarts() {
        func start(_ seed: UInt64) -> [[Float]] {
            module.initialize(seed: seed)
            return module.state.map { $0.tensor.values }
        }
        let first = start(1)
        #expect(start(2) != first)
        #expect(start(1) == first)
        let values = Dictionary(uniqueKeysWithValues: zip(module.state.map(\.name), first))
        #expect(values["bn.weight"] == [1, 1, 1, 1, 1, 1] && values["bn.running_var"] == [1, 1, 1, 1, 1, 1])
        #expect(values["bn.running_mean"] == [0, 0, 0, 0, 0, 0])
        // PyTorch's default: within 1 / √inputs, and not all on one side.
        let weight = values["h.layers.0.weight"] ?? []
        #expect(weight.allSatisfy { abs($0) <= 0.5 } && weight.contains { $0 > 0.1 } && weight.contains { $0 < -0.1 })
        // Tensors of one shape do not start alike.
        #expect(Array(weight.prefix(12)) != values["h.layers.1.weight"])
    }

    @Test func freezingHoldsAndGivesBack() throws {
        module.initialize(seed: 1)
        struct Stop: Error {}
        #expect(module().requiresGradient)
        #expect(!module.frozen { module().requiresGradient })
        #expect(throws: Stop.self) { try module.frozen { throw Stop() } }
        #expect(module.parameters.allSatisfy { $0.tensor.requiresGradient })
        module().squared().sum().backward()
        #expect(module.parameters.contains { $0.tensor.gradient != nil })
        module.clearGradients()
        #expect(module.parameters.allSatisfy { $0.tensor.gradient == nil })
        module.freeze()
        #expect(!module().requiresGradient)
        #expect(!module.frozen { module().requiresGradient } && !module().requiresGradient)
    }

    @Test func weightNormStartsAsThePlainWeight() {
        let normed = Convolution1d(4, 6, kernel: 3, weightNorm: true)
        let x = RandomStream(seed: 1, name: "x").normal([1, 4, 9])
        normed.initialize(seed: 3)
        let state = Dictionary(uniqueKeysWithValues: normed.state.map { ($0.name, $0.tensor) })
        #expect(state.keys.sorted() == ["bias", "weight_g", "weight_v"])
        #expect(state["weight_g"]?.shape == [6, 1, 1])
        if let direction = state["weight_v"] {
            #expect(relativeDifference(normed(x), x.convolution1d(weight: direction, bias: state["bias"])) < 1e-5)
        }
    }
}

@Suite struct NormalizationTests {
    private let x = RandomStream(seed: 1, name: "x").normal([4, 3, 50]) * 2 + 5

    @Test func runningStatisticsApproachTheData() {
        let norm = BatchNorm1d(3)
        norm.initialize(seed: 1)
        let (_, measured) = x.batchNorm(gamma: Tensor(repeating: 1, shape: [3]), beta: .zeros([3]))
        func running(_ name: String) -> Tensor? { norm.state.first { $0.name == name }?.tensor }
        _ = norm(x, training: true)
        // A tenth of the way.
        #expect(relativeDifference(running("running_mean") ?? .zeros([3]), measured.mean * 0.1) < 1e-5)
        #expect(relativeDifference(running("running_var") ?? .zeros([3]), measured.variance * 0.1 + 0.9) < 1e-5)
        for _ in 0..<200 { _ = norm(x, training: true) }
        #expect(relativeDifference(norm(x, training: false), norm(x, training: true)) < 5e-3)
    }

    @Test func evaluationTrainsThroughTheRunningStatistics() {
        let norm = BatchNorm1d(3)
        norm.initialize(seed: 1)
        #expect(gradientError(of: [x]) { norm($0[0], training: false) } < 1e-2)
        norm(x, training: false).squared().sum().backward()
        #expect(norm.parameters.allSatisfy { $0.tensor.gradient != nil })
    }

    @Test func channelNormIsLayerNormAcrossChannels() {
        let norm = ChannelLayerNorm(3)
        norm.initialize(seed: 1)
        let y = norm(x)
        #expect(y.shape == x.shape)
        #expect(y.mean(axis: 1).values.allSatisfy { abs($0) < 1e-5 })
        #expect(norm.state.map(\.name) == ["gamma", "beta"])
    }
}
