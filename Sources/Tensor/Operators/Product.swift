import CKernels

/// A matrix as a product reads it: element (i, j) stands at `pointer[i * rowStep + j * columnStep]`.
package struct Factor {
    let pointer: UnsafePointer<Float>
    let rowStep, columnStep: Int

    /// Rows one behind the other, `rowStep` floats apart.
    package init(_ pointer: UnsafePointer<Float>, rowStep: Int) {
        self.init(pointer, rowStep, 1)
    }

    private init(_ pointer: UnsafePointer<Float>, _ rowStep: Int, _ columnStep: Int) {
        self.pointer = pointer
        self.rowStep = rowStep
        self.columnStep = columnStep
    }

    package var transposed: Factor { Factor(pointer, columnStep, rowStep) }

    fileprivate var kernel: ck_factor {
        ck_factor(values: pointer, row_step: Int64(rowStep), column_step: Int64(columnStep))
    }
}

/// The result of a product, rows `rowStep` floats apart, and what becomes of each sum on its way there.
package struct ProductResult {
    let pointer: UnsafeMutablePointer<Float>
    let rowStep: Int
    /// Multiplies the sums.
    package var scale: Float = 1
    /// One number for each column.
    package var bias: UnsafePointer<Float>?
    /// Whether the product is added to what stands there.
    package var adds = false
    /// Whether what is negative becomes 0.
    package var rectifies = false
    /// What lies like the result: where it is above 0 the result is multiplied by `gateFactor`, elsewhere it is 0.
    package var gate: UnsafePointer<Float>?
    package var gateFactor: Float = 1

    package init(_ pointer: UnsafeMutablePointer<Float>, rowStep: Int) {
        self.pointer = pointer
        self.rowStep = rowStep
    }

    fileprivate var kernel: ck_product_finish {
        ck_product_finish(
            out: pointer, row_step: Int64(rowStep), scale: scale, bias: bias, gate: gate, gate_factor: gateFactor,
            adds: adds ? 1 : 0, rectifies: rectifies ? 1 : 0)
    }
}

/// The shape of left [rows, depth] · right [depth, columns]. An element is the same whatever stands beside it and
/// however many threads there are.
package struct ProductShape {
    private var shape: ck_product

    /// The best instruction set of this machine, for tests of the others.
    package static var bestInstructionSet: Int { Int(ck_isa_level()) }

    package init(rows: Int, columns: Int, depth: Int, instructionSet: Int = .max) {
        shape = ck_product(
            rows: Int64(rows), columns: Int64(columns), depth: Int64(depth),
            isa: Int64(min(instructionSet, Self.bestInstructionSet)))
    }

    /// On the pool. `finishing` is told of each rectangle of the result, rows and columns, once it stands and while it is
    /// in its thread's cache.
    package func multiply(
        _ left: Factor, _ right: Factor, into result: ProductResult,
        finishing: ((Range<Int>, Range<Int>) -> Void)? = nil
    ) {
        var shape = shape, left = left.kernel, right = right.kernel, result = result.kernel
        let packed = Storage(count: Int(ck_product_packed_count(&shape)))
        let scratch = Int(ck_product_scratch(&shape))
        let packings = Int(ck_product_packings(&shape)), items = Int(ck_product_items(&shape))
        // Less than it takes to call another thread.
        let isSmall = shape.rows * shape.columns * shape.depth <= 1 << 19
        func loop(_ count: Int, _ body: (Int) -> Void) {
            if isSmall { for item in 0..<count { body(item) } } else { parallelFor(count, body) }
        }
        withUnsafePointer(to: &shape) { shape in
            withUnsafePointer(to: &left) { left in
                withUnsafePointer(to: &right) { right in
                    withUnsafePointer(to: &result) { result in
                        loop(packings) { ck_product_pack(shape, Int64($0), left, right, packed.pointer) }
                        withScratch(scratch) { memory in
                            loop(items) { item in
                                ck_product_item(shape, Int64(item), left, right, packed.pointer, result, memory.mine)
                                guard let finishing else { return }
                                let tile = ck_product_item_tile(shape, Int64(item))
                                let row = Int(tile.first_row), column = Int(tile.first_column)
                                finishing(row..<row + Int(tile.rows), column..<column + Int(tile.columns))
                            }
                        }
                    }
                }
            }
        }
    }

    /// On the calling thread.
    package func multiplyHere(_ left: Factor, _ right: Factor, into result: ProductResult) {
        var shape = shape, left = left.kernel, right = right.kernel, result = result.kernel
        let memory = Storage(count: Int(ck_product_here_count(&shape)))
        ck_product_here(&shape, &left, &right, &result, memory.pointer)
    }

    /// By the obvious loops.
    package func multiplyPlainly(_ left: Factor, _ right: Factor, into result: ProductResult) {
        var shape = shape, left = left.kernel, right = right.kernel, result = result.kernel
        ck_product_plain(&shape, &left, &right, &result)
    }
}
