import Neural
import Tensor

/// One operator of a step on its own, on random numbers: `prepare` before each call, and `run`, which is timed.
struct OperatorCall {
    private(set) var prepare: () -> Void = {}
    private(set) var run: () -> Void = {}

    init(_ item: WorkItem) {
        switch item.shape {
        case .convolution(let shape): convolution(shape, item)
        case .product(let rows, let inputs, let outputs):
            let x = random([rows, inputs]), weight = random([outputs, inputs]), bias = random([outputs])
            operation(item.pass, output: [rows, outputs]) { pass in
                Self.input(x, pass != .weightGradient)
                    .linear(weight: Self.input(weight, pass == .weightGradient), bias: bias)
            }
        case .attention(let batch, let heads, let queries, let keys, let width, let window, let prefix):
            let layout = prefix == nil ? AttentionLayout.channelsFirst : .channelsLast
            func signal(_ rows: Int) -> Tensor {
                random(prefix == nil ? [batch, heads * width, rows] : [batch, rows, heads * width])
            }
            let (q, k, v) = (signal(queries), signal(keys), signal(keys))
            let near = (random([1, 2 * window + 1, width]), random([1, 2 * window + 1, width]))
            let mask =
                prefix.map { AttentionMask.prefixCausal(prefix: $0, lengths: Array(repeating: $0, count: batch)) }
                ?? .keys(lengths: Array(repeating: keys, count: batch))
            operation(item.pass, output: q.shape) { _ in
                attention(
                    query: Self.input(q), key: Self.input(k), value: Self.input(v), heads: heads, layout: layout,
                    mask: mask,
                    relative: window == 0
                        ? nil : RelativePositions(keys: Self.input(near.0), values: Self.input(near.1)))
            }
        case .rows(let rows, let width):
            let x = random([rows, width]), gamma = random([width]), beta = random([width])
            operation(item.pass, output: x.shape) { _ in
                Self.input(x).layerNorm(gamma: Self.input(gamma), beta: Self.input(beta))
            }
        case .signal(let batch, let channels, let frames):
            let x = random([batch, channels, frames]), gamma = random([channels]), beta = random([channels])
            operation(item.pass, output: x.shape) { _ in
                Self.input(x).batchNorm(gamma: Self.input(gamma), beta: Self.input(beta)).0
            }
        case .parameters(let count): update(count)
        }
    }

    private mutating func convolution(_ c: WorkItem.Convolution, _ item: WorkItem) {
        let geometry = ConvolutionGeometry(
            batch: c.batch, inputs: c.inputs, outputs: c.outputs, groups: c.groups, kernel: c.kernel,
            stride: c.stride, padding: c.padding, dilation: c.dilation, longLength: c.longLength,
            shortLength: c.shortLength)
        let isTransposed = item.kind == .transposedConvolution
        let weight = random(geometry.weightShape), bias = random([isTransposed ? c.inputs : c.outputs])
        switch (item.pass, isTransposed) {
        case (.forward, false):
            let longs = random(geometry.longShape)
            run = { _ = geometry.gather(longs, weight: weight, bias: bias) }
        case (.forward, true):
            let shorts = random(geometry.shortShape)
            run = { _ = geometry.spread(shorts, weight: weight, bias: bias) }
        case (.dataGradient, false):
            let shorts = random(geometry.shortShape)
            run = { _ = geometry.spread(shorts, weight: weight, bias: nil) }
        case (.dataGradient, true):
            let longs = random(geometry.longShape)
            run = { _ = geometry.gather(longs, weight: weight, bias: nil) }
        default:
            let longs = random(geometry.longShape), shorts = random(geometry.shortShape)
            run = { _ = geometry.weightGradient(longs, shorts) }
        }
    }

    /// Forward without a tape, or backward alone through a tape made by `prepare`.
    private mutating func operation(
        _ pass: WorkItem.Pass, output shape: [Int], _ body: @escaping (WorkItem.Pass) -> Tensor
    ) {
        if pass == .forward {
            // Also here with a tape, as in training, but without going back.
            run = { _ = body(pass) }
            return
        }
        let seed = random(shape)
        var y: Tensor?
        prepare = { y = body(pass) }
        run = { y?.backward(seed: seed) }
    }

    /// One update of `count` weights, in parameters of a usual size.
    private mutating func update(_ count: Int) {
        let module = Weights(count)
        let parameters = module.parameters
        let gradients = parameters.map { random($0.tensor.shape) }
        let optimizer = AdamW(
            parameters, settings: .init(beta1: 0.8, beta2: 0.99, epsilon: 1e-9, weightDecay: 0.01))
        prepare = { for (entry, gradient) in zip(parameters, gradients) { entry.tensor.gradient = gradient } }
        run = { optimizer.update(learningRate: 1e-4) }
    }

    /// A tensor that wants a gradient, which is dropped as soon as it is there: no leaf adds it up.
    private static func input(_ values: Tensor, _ wants: Bool = true) -> Tensor {
        guard wants else { return values }
        let leaf = Tensor.scalar(0)
        leaf.requiresGradient = true
        return values.detached().recorded([leaf]) { _ in [nil] }
    }
}

/// `count` weights in tensors of a usual size.
private final class Weights: Module {
    private let tensors: [Tensor]

    init(_ count: Int) {
        let usual = 1 << 18
        tensors = stride(from: 0, to: count, by: usual).map { .parameter([min(usual, count - $0)]) }
    }

    func collect(_ state: StateCollector) {
        for (index, tensor) in tensors.enumerated() { state.parameter("\(index)", tensor, .constant(0)) }
    }
}

private func random(_ shape: [Int]) -> Tensor { RandomStream(seed: 1, name: "operand").normal(shape) }
