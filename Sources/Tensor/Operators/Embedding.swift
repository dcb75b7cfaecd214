import CKernels

extension Tensor {
    /// Rows of a table [V, D] by index: -> shape + [D]. An index outside the table is a programming error.
    package func embedding(_ indices: [Int], shape outer: [Int]) -> Tensor {
        let rows = shape[0], width = shape[1]
        precondition(outer.reduce(1, *) == indices.count && indices.allSatisfy { $0 >= 0 && $0 < rows })
        let y = Tensor(uninitialized: outer + [width])
        for (i, index) in indices.enumerated() {
            (y.pointer + i * width).update(from: pointer + index * width, count: width)
        }
        let tableShape = shape
        return y.recorded([self]) { dy in
            let table = Tensor.zeros(tableShape)
            for (i, index) in indices.enumerated() {
                ck_accumulate(Int64(width), dy.pointer + i * width, table.pointer + index * width)
            }
            return [table]
        }
    }
}
