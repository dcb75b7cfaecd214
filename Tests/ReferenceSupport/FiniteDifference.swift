import Tensor

/// Compares the tape's gradients of ⟨f(inputs), probe⟩ with central differences, element by element (a fixed subset
/// of large inputs). Returns the largest difference relative to the largest gradient of its input.
package func gradientError(
    of inputs: [Tensor], step: Float = 1e-2, samples: Int = 40, _ function: ([Tensor]) -> Tensor
) -> Float {
    func loss(_ inputs: [Tensor]) -> Tensor {
        let output = function(inputs)
        let probe = RandomStream(seed: 7, name: "probe").normal(output.shape)
        return (output * probe).sum()
    }
    let leaves = inputs.map { input in
        let leaf = input.copied()
        leaf.requiresGradient = true
        return leaf
    }
    loss(leaves).backward()
    var worst: Float = 0
    for (position, leaf) in leaves.enumerated() {
        guard let gradient = leaf.gradient else { return .infinity }
        let scale = max(1e-3, gradient.values.map(abs).max() ?? 0)
        let stride = max(1, leaf.count / samples)
        for index in Swift.stride(from: 0, to: leaf.count, by: stride) {
            func shifted(_ delta: Float) -> Float {
                let moved = inputs.map { $0.copied() }
                moved[position].pointer[index] += delta
                return loss(moved).item
            }
            let numeric = (shifted(step) - shifted(-step)) / (2 * step)
            worst = max(worst, abs(numeric - gradient.pointer[index]) / scale)
        }
    }
    return worst
}
