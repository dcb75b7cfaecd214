import Tensor

/// A part of a model that can name everything it has to remember.
///
/// Names follow the public implementation's parameter names, so that its weights can be read as they are.
package protocol Module: AnyObject {
    func collect(_ state: StateCollector)
}

/// One tensor of a module's state.
package struct StateEntry {
    package enum Kind {
        /// Trained by an optimizer.
        case parameter
        /// Measured while training: batch-norm statistics and the like.
        case statistic
    }
    package let name: String
    package let tensor: Tensor
    package let kind: Kind
    package let initializer: Initializer
}

/// How a tensor starts.
package enum Initializer {
    case constant(Float)
    case normal(standardDeviation: Float)
    /// Uniform within ±bound.
    case uniform(bound: Float)
    /// The norms of another tensor's rows: weight norm's magnitude, after its direction.
    case rowNorms(of: Tensor)
}

/// Walks a tree of modules and lists its state under dotted names.
package final class StateCollector {
    package private(set) var entries: [StateEntry] = []
    private var path: [String] = []
    private let visit: (String, any Module) -> Void

    /// `visit` is told of every part of a module with its path, before the part's own state.
    package init(visit: @escaping (String, any Module) -> Void = { _, _ in }) { self.visit = visit }

    package func parameter(_ name: String, _ tensor: Tensor, _ initializer: Initializer) {
        add(name, tensor, .parameter, initializer)
    }

    package func statistic(_ name: String, _ tensor: Tensor, _ initial: Float) {
        add(name, tensor, .statistic, .constant(initial))
    }

    package func child(_ name: String, _ module: any Module) {
        path.append(name)
        visit(path.joined(separator: "."), module)
        module.collect(self)
        path.removeLast()
    }

    package func children(_ name: String, _ modules: [any Module]) {
        for (index, module) in modules.enumerated() { child("\(name).\(index)", module) }
    }

    private func add(_ name: String, _ tensor: Tensor, _ kind: StateEntry.Kind, _ initializer: Initializer) {
        let full = (path + [name]).joined(separator: ".")
        entries.append(StateEntry(name: full, tensor: tensor, kind: kind, initializer: initializer))
    }
}

extension Module {
    /// Everything this module remembers, in the order of its parts.
    package var state: [StateEntry] {
        let collector = StateCollector()
        collect(collector)
        return collector.entries
    }

    package var parameters: [StateEntry] { state.filter { $0.kind == .parameter } }
    /// Those that are not frozen.
    package var trainedParameters: [StateEntry] { parameters.filter(\.tensor.requiresGradient) }
    package var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }

    /// Fills every tensor from (seed, its name).
    package func initialize(seed: UInt64) {
        for entry in state { entry.initializer.fill(entry.tensor, seed: seed, name: entry.name) }
    }

    /// Runs `body` with no parameter wanting a gradient, then puts the flags back.
    package func frozen<Result>(_ body: () throws -> Result) rethrows -> Result {
        let changed = parameters.filter(\.tensor.requiresGradient)
        for entry in changed { entry.tensor.requiresGradient = false }
        defer { for entry in changed { entry.tensor.requiresGradient = true } }
        return try body()
    }

    /// Stops training this module for good: for synthesis.
    package func freeze() {
        for entry in state { entry.tensor.requiresGradient = false }
    }

    package func clearGradients() {
        for entry in parameters { entry.tensor.gradient = nil }
    }
}

extension Initializer {
    package func fill(_ tensor: Tensor, seed: UInt64, name: String) {
        let stream = RandomStream(seed: seed, name: "initialize/\(name)")
        switch self {
        case .constant(let value): tensor.pointer.update(repeating: value, count: tensor.count)
        case .normal(let deviation): tensor.overwrite(stream.normal(tensor.shape) * deviation)
        case .uniform(let bound): tensor.overwrite((stream.uniform(tensor.shape) * 2 - 1) * bound)
        case .rowNorms(let direction):
            let rows = direction.shape[0]
            let flat = direction.detached().reshaped([rows, -1])
            tensor.overwrite(flat.squared().sum(axis: 1).squareRoot())
        }
    }
}

extension Tensor {
    /// A trainable leaf of zeros; its initializer fills it.
    package static func parameter(_ shape: [Int]) -> Tensor {
        let tensor = Tensor.zeros(shape)
        tensor.requiresGradient = true
        return tensor
    }

    /// Replaces the numbers of a leaf in place.
    package func overwrite(_ source: Tensor) {
        precondition(source.count == count, "a shape of \(source.shape) cannot replace one of \(shape)")
        pointer.update(from: source.pointer, count: count)
    }
}
