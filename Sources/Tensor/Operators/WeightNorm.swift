import CKernels

/// Weight norm (Salimans & Kingma 2016) of a convolution that never stores the folded weights: with v [O, ...] and
/// g [O, 1, ...], w = g · v / ‖v‖ per row, so that the kernels take v and a factor for each row.
struct WeightNorm {
    private let direction, magnitude: Tensor
    private let norms: Storage
    /// g / ‖v‖ of each row.
    let scale: Storage

    init(direction: Tensor, magnitude: Tensor) {
        precondition(magnitude.count == direction.shape[0], "a magnitude of \(magnitude.shape) has another length")
        let rows = direction.shape[0], width = direction.count / max(1, rows)
        (self.direction, self.magnitude) = (direction.detached(), magnitude.detached())
        (norms, scale) = (Storage(count: rows), Storage(count: rows))
        let (v, g, n, s) = (direction.pointer, magnitude.pointer, norms.pointer, scale.pointer)
        parallelRows(rows, width) { r in
            let norm = Float(ck_square_sum(Int64(width), v + r * width).squareRoot())
            n[r] = norm
            s[r] = norm > 0 ? g[r] / norm : 0
        }
    }

    /// Turns the gradient of w, in place, into that of v, and returns that of g:
    /// dg = ⟨dw, v⟩ / ‖v‖, dv = g / ‖v‖ (dw − v ⟨dw, v⟩ / ‖v‖²).
    func unfold(_ gradient: Tensor) -> Tensor {
        let rows = direction.shape[0], width = direction.count / max(1, rows)
        let result = Tensor(uninitialized: magnitude.shape)
        let (v, dw, dg) = (direction.pointer, gradient.pointer, result.pointer)
        parallelRows(rows, width) { r in
            let norm = max(norms.pointer[r], 1e-12)
            let inner = ck_dot(Int64(width), dw + r * width, v + r * width)
            dg[r] = inner / norm
            let factor = magnitude.pointer[r] / norm
            ck_combine(Int64(width), factor, dw + r * width, -factor * inner / (norm * norm), v + r * width)
        }
        return result
    }
}
