import Foundation
import Tensor

/// Tensors computed by the public implementation, read from Tests/ReferenceSupport/Golden.
package struct Golden {
    package let metadata: [String: String]
    package let floats: [String: Tensor]
    package let integers: [String: [Int]]

    /// Reads `Golden/<name>.safetensors` beside this file.
    package init(_ name: String) throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Golden/\(name).safetensors")
        let data = try Data(contentsOf: url)
        let headerLength = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        let body = 8 + headerLength
        let header = try JSONSerialization.jsonObject(with: data[8..<body]) as? [String: Any] ?? [:]
        var floats = [String: Tensor](), integers = [String: [Int]]()
        for (key, value) in header {
            guard key != "__metadata__", let entry = value as? [String: Any], let shape = entry["shape"] as? [Int],
                let offsets = entry["data_offsets"] as? [Int], let type = entry["dtype"] as? String
            else { continue }
            let bytes = Data(data[(body + offsets[0])..<(body + offsets[1])])
            if type == "F32" {
                let tensor = Tensor(uninitialized: shape)
                bytes.withUnsafeBytes { source in
                    UnsafeMutableRawPointer(tensor.pointer).copyMemory(
                        from: source.baseAddress!, byteCount: source.count)
                }
                floats[key] = tensor
            } else {
                integers[key] = bytes.withUnsafeBytes { $0.bindMemory(to: Int32.self).map(Int.init) }
            }
        }
        self.floats = floats
        self.integers = integers
        metadata = header["__metadata__"] as? [String: String] ?? [:]
    }

    package subscript(_ key: String) -> Tensor {
        guard let tensor = floats[key] else { preconditionFailure("no golden tensor \(key)") }
        return tensor
    }
}

/// The largest difference of two tensors, relative to the largest magnitude of the second.
package func relativeDifference(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.count == b.count else { return .infinity }
    var difference: Float = 0, magnitude: Float = 1e-12
    for (x, y) in zip(a.values, b.values) {
        if !(x - y).isFinite { return .infinity }
        difference = max(difference, abs(x - y))
        magnitude = max(magnitude, abs(y))
    }
    return difference / magnitude
}

/// Σ_k ⟨output_k, cos(0.37·i + k)⟩, the probe loss whose gradients the golden files hold.
package func probeLoss(_ outputs: [Tensor]) -> Tensor {
    var total = Tensor.scalar(0)
    for (k, output) in outputs.enumerated() {
        let weights = Tensor(uninitialized: output.shape)
        for i in 0..<output.count { weights.pointer[i] = Float(cos(0.37 * Double(i) + Double(k))) }
        total = total + (output * weights).sum()
    }
    return total
}
