import Neural
import ReferenceSupport
import Tensor
import Testing

/// Loads `weight/…` of a golden file into a module; every name must be found on both sides.
func load(_ golden: Golden, into module: any Module) {
    let wanted = Set(golden.floats.keys.filter { $0.hasPrefix("weight/") }.map { String($0.dropFirst(7)) })
    #expect(Set(module.state.map(\.name)) == wanted)
    for entry in module.state where wanted.contains(entry.name) {
        entry.tensor.overwrite(golden["weight/\(entry.name)"])
    }
}

/// Compares the gradients of every parameter after `backward` with `grad/…`: 1e-3 of the largest magnitude.
func expectGradients(_ golden: Golden, of module: any Module, inputs: [String: Tensor] = [:]) {
    for entry in module.parameters {
        guard let expected = golden.floats["grad/\(entry.name)"] else { continue }
        if entry.name.hasSuffix("conv_k.bias") || entry.name.hasSuffix("w_ks.bias") {
            // A softmax does not feel a shift of all its scores: this gradient is 0 but for rounding, here and there.
            let weight =
                golden.floats["grad/\(entry.name.dropLast(4))weight"].map { $0.values.map(abs).max() ?? 0 } ?? 0
            #expect((entry.tensor.gradient?.values.map(abs).max() ?? .infinity) < 1e-3 * weight, "\(entry.name)")
            continue
        }
        let difference = entry.tensor.gradient.map { relativeDifference($0, expected) } ?? .infinity
        #expect(difference < 1e-3, "gradient of \(entry.name): \(difference)")
    }
    for (name, input) in inputs {
        let difference = input.gradient.map { relativeDifference($0, golden["grad/input.\(name)"]) } ?? .infinity
        #expect(difference < 1e-3, "gradient of input \(name): \(difference)")
    }
}

func expectOutput(_ output: Tensor, _ golden: Golden, _ name: String) {
    let difference = relativeDifference(output, golden["output/\(name)"])
    #expect(difference < 1e-4, "\(name): \(difference)")
}

extension Golden {
    /// A trainable copy of an input.
    func leaf(_ name: String) -> Tensor {
        let tensor = self["input/\(name)"].copied()
        tensor.requiresGradient = true
        return tensor
    }

    func number(_ key: String) -> Int { metadata[key].flatMap { Int($0) } ?? 0 }

    /// The lengths a [B, 1, T] mask stands for.
    func lengths(_ name: String) -> [Int] {
        let mask = self["input/\(name)"]
        let frames = mask.shape[2]
        return (0..<mask.shape[0]).map { b in mask.values[b * frames..<(b + 1) * frames].count { $0 > 0 } }
    }
}
