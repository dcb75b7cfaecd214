import CKernels
import COpenBLAS

/// C (m × n) = op(A) · op(B) + beta · C, row-major, on the calling thread.
@inline(__always)
func sgemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
    _ a: UnsafePointer<Float>, _ leadingA: Int, _ b: UnsafePointer<Float>, _ leadingB: Int, beta: Float = 0,
    _ c: UnsafeMutablePointer<Float>, _ leadingC: Int
) {
    cblas_sgemm(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, Int32(m),
        Int32(n),
        Int32(k), alpha, a, Int32(leadingA), b, Int32(leadingB), beta, c, Int32(leadingC))
}

extension Tensor {
    /// x · weightᵀ + bias: [..., I] with weight [O, I] -> [..., O].
    package func linear(weight: Tensor, bias: Tensor? = nil) -> Tensor {
        let inputs = shape[rank - 1], outputs = weight.shape[0], rows = count / max(1, inputs)
        precondition(weight.shape[1] == inputs, "a weight of \(weight.shape) does not fit an input of \(shape)")
        let work = WorkItem.Shape.product(rows: rows, inputs: inputs, outputs: outputs)
        WorkCounter.record(.product, .forward, work)
        let y = Tensor(uninitialized: Array(shape.dropLast()) + [outputs])
        let (px, pw, py) = (pointer, weight.pointer, y.pointer)
        // OpenBLAS copies both factors of every product it is asked for: large pieces, but enough of them for all threads.
        let rowBlock = productPiece(of: rows, pieces: 4), columnBlock = productPiece(of: outputs, pieces: 2)
        let rowBlocks = (rows + rowBlock - 1) / rowBlock, columnBlocks = (outputs + columnBlock - 1) / columnBlock
        parallelFor(rowBlocks * columnBlocks) { item in
            let r = item / columnBlocks * rowBlock, c = item % columnBlocks * columnBlock
            let m = min(rowBlock, rows - r), n = min(columnBlock, outputs - c)
            var beta: Float = 0
            if let bias {
                for row in r..<r + m { (py + row * outputs + c).update(from: bias.pointer + c, count: n) }
                beta = 1
            }
            sgemm(
                transposeB: true, m: m, n: n, k: inputs, px + r * inputs, inputs, pw + c * inputs, inputs, beta: beta,
                py + r * outputs + c, outputs)
        }
        let (savedX, savedWeight) = (detached(), weight.detached())
        return y.recorded([self, weight] + (bias.map { [$0] } ?? [])) { dy in
            let (pd, px, pw) = (dy.pointer, savedX.pointer, savedWeight.pointer)
            var dx: Tensor?, dWeight: Tensor?, dBias: Tensor?
            if self.requiresGradient {
                WorkCounter.record(.product, .dataGradient, work)
                let result = Tensor(uninitialized: savedX.shape)
                let out = result.pointer
                parallelFor(rowBlocks) { block in
                    let r = block * rowBlock, m = min(rowBlock, rows - r)
                    sgemm(m: m, n: inputs, k: outputs, pd + r * outputs, outputs, pw, inputs, out + r * inputs, inputs)
                }
                dx = result
            }
            if weight.requiresGradient {
                WorkCounter.record(.product, .weightGradient, work)
                let result = Tensor(uninitialized: savedWeight.shape)
                let out = result.pointer
                let block = productPiece(of: outputs, pieces: 8)
                parallelFor((outputs + block - 1) / block) { item in
                    let c = item * block, m = min(block, outputs - c)
                    sgemm(
                        transposeA: true, m: m, n: inputs, k: rows, pd + c, outputs, px, inputs, out + c * inputs,
                        inputs)
                }
                dWeight = result
            }
            if let bias, bias.requiresGradient { dBias = dy.detached().reshaped([rows, outputs]).sum(axis: 0) }
            return [dx, dWeight] + (bias == nil ? [] : [dBias])
        }
    }
}

/// The length of a piece when `length` rows or columns of a product are cut into about that many: a multiple of the
/// kernels' 16, and at least 64.
private func productPiece(of length: Int, pieces: Int) -> Int {
    max(64, (length / pieces + 15) / 16 * 16)
}
