import Neural
import Tensor

extension Linear {
    /// Its matrix and bias for single rows.
    func rowWeights(_ format: WeightFormat) -> SmallWeights { SmallWeights(weight, bias: bias, format: format) }
}

extension LayerNorm {
    /// γ and β.
    var scaleAndShift: (gamma: Tensor, beta: Tensor) {
        let entries = state
        return (entries[0].tensor, entries[1].tensor)
    }
}
