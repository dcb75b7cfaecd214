import Tensor

/// How a frozen layer is adapted.
package struct LowRankSettings: Sendable, Codable, Equatable {
    /// r: rows of A and columns of B.
    package var rank: Int
    /// The adapter counts α/r.
    package var alpha: Double
    /// The share of its input that is dropped while training.
    package var dropout: Double

    package init(rank: Int, alpha: Double, dropout: Double = 0) {
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
    }

    var scale: Float { Float(alpha / Double(rank)) }
}

/// What is added to a frozen layer W x: α/r · B A x (Hu et al. 2021, "LoRA", eq. 3). A is [r, I], of a convolution
/// [r, I, K]; B is [O, r] and starts at zero, so that nothing changes at first.
package final class LowRankAdapter: Module {
    package let settings: LowRankSettings
    /// True while the adapted weight holds what this adds.
    fileprivate var isMerged = false
    private let down, up: Tensor

    /// `shape` is the adapted weight's: [O, I] or [O, I, K].
    init(shape: [Int], settings: LowRankSettings) {
        self.settings = settings
        down = .parameter([settings.rank] + shape.dropFirst())
        up = .parameter([shape[0], settings.rank] + shape.dropFirst(2).map { _ in 1 })
    }

    /// W x + b with what is added, where `rectifies` what of that is positive: [..., I] -> [..., O]. Dropout only where
    /// `randomness` is given.
    package func linear(
        _ x: Tensor, weight: Tensor, bias: Tensor?, _ randomness: StepRandomness?, rectifies: Bool = false
    ) -> Tensor {
        let isDropping = settings.dropout > 0 && randomness != nil
        return x.linear(
            weight: weight, bias: bias, down: down, up: up, scale: settings.scale,
            dropped: isDropping ? x.dropout(Float(settings.dropout), randomness) : nil, rectifies: rectifies)
    }

    /// What is added to a convolution, [B, I, T] -> [B, O, T'].
    func convolution(
        _ x: Tensor, stride: Int, padding: Int, dilation: Int, inputLeakyReluSlope: Float?
    ) -> Tensor {
        let narrow = x.convolution1d(
            weight: down, bias: nil, stride: stride, padding: padding, dilation: dilation, groups: 1,
            inputLeakyReluSlope: inputLeakyReluSlope)
        return narrow.convolution1d(weight: up, bias: nil, stride: 1, padding: 0, dilation: 1, groups: 1)
            * settings.scale
    }

    /// α/r · B A, in the shape of the adapted weight.
    package var delta: Tensor {
        let (rank, outputs) = (down.shape[0], up.shape[0])
        let flat = down.detached().reshaped([rank, down.count / rank]).transposed()
        let product = up.detached().reshaped([outputs, rank]).linear(weight: flat) * settings.scale
        return product.reshaped([outputs] + down.shape.dropFirst())
    }

    package func collect(_ state: StateCollector) {
        let inputs = down.count / down.shape[0]
        state.parameter("lora_A.weight", down, .uniform(bound: 1 / Float(inputs).squareRoot()))
        state.parameter("lora_B.weight", up, .constant(0))
    }
}

/// A layer that can carry an adapter.
package protocol Adaptable: Module {
    /// The part of the layer that is adapted, as the names of its state begin; empty for a layer of one weight.
    var adaptedPart: String { get }
    /// [O, I], or of a convolution [O, I, K]; nil where the layer cannot be adapted.
    var adaptedShape: [Int]? { get }
    var adapter: LowRankAdapter? { get set }
    /// Adds to the layer's weight.
    func add(toWeight delta: Tensor)
}

extension Adaptable {
    /// The adapter, where it is not in the weight already.
    package var activeAdapter: LowRankAdapter? { adapter?.isMerged == false ? adapter : nil }
}

extension StateEntry {
    /// True for what an adapter adds to a model.
    package var isAdapter: Bool { name.contains("lora_A.") || name.contains("lora_B.") }
}

extension Module {
    /// Everything it remembers but its adapters.
    package var weights: [StateEntry] { state.filter { !$0.isAdapter } }

    /// Layers that can carry an adapter, by the path that targets are compared with.
    private var adaptableLayers: [(path: String, layer: any Adaptable)] {
        var found: [(String, any Adaptable)] = []
        let collector = StateCollector { path, module in
            guard let layer = module as? any Adaptable, layer.adaptedShape != nil else { return }
            found.append(([path, layer.adaptedPart].filter { !$0.isEmpty }.joined(separator: "."), layer))
        }
        collect(collector)
        return found
    }

    /// Freezes this module and gives an adapter to every layer whose path has a target's words in a row, e.g. `linear1`
    /// or `self_attn.out_proj`. Returns the targets that no layer has.
    package func adapt(_ targets: [String], _ settings: LowRankSettings) -> [String] {
        freeze()
        let layers = adaptableLayers
        let wanted = targets.map { $0.split(separator: ".") }
        for (path, layer) in layers {
            let words = path.split(separator: ".")
            guard wanted.contains(where: { words.contains($0) }), let shape = layer.adaptedShape else { continue }
            layer.adapter = LowRankAdapter(shape: shape, settings: settings)
        }
        return zip(targets, wanted).filter { target in
            !layers.contains { $0.path.split(separator: ".").contains(target.1) }
        }.map(\.0)
    }

    /// Adds every adapter to its layer's weight, which then does alone what both did.
    package func mergeAdapters() { setMerged(true) }

    /// Takes every adapter out of its layer's weight again, exactly to rounding.
    package func unmergeAdapters() { setMerged(false) }

    private func setMerged(_ isMerged: Bool) {
        for (_, layer) in adaptableLayers {
            guard let adapter = layer.adapter, adapter.isMerged != isMerged else { continue }
            layer.add(toWeight: isMerged ? adapter.delta : -adapter.delta)
            adapter.isMerged = isMerged
        }
    }
}
