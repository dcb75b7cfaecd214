import Tensor
import Testing

/// One product, with its factors stored in one of four ways and one of several finishes, in a result whose rows have
/// something between them that must stay.
private struct Case {
    let rows, columns, depth, variant: Int
    private static let gap = 3

    private var leftTransposed: Bool { variant & 1 != 0 }
    private var rightTransposed: Bool { variant & 2 != 0 }
    private var rowStep: Int { columns + Self.gap }

    /// What the whole memory of the result holds afterwards.
    func result(_ multiply: (ProductShape, Factor, Factor, ProductResult) -> Void, set: Int = .max) -> [Float] {
        func numbers(_ count: Int, _ name: String) -> Tensor {
            RandomStream(seed: UInt64(variant), name: name).uniform([count + 1]) - 0.5
        }
        // Factors have a gap between their rows too.
        let leftStep = (leftTransposed ? rows : depth) + Self.gap
        let rightStep = (rightTransposed ? depth : columns) + Self.gap
        let left = numbers(leftStep * max(rows, depth), "left")
        let right = numbers(rightStep * max(columns, depth), "right")
        let out = numbers(rows * rowStep, "out"), bias = numbers(columns, "bias"), gate = numbers(out.count, "gate")
        let a = Factor(left.pointer, rowStep: leftStep), b = Factor(right.pointer, rowStep: rightStep)
        var result = ProductResult(out.pointer, rowStep: rowStep)
        if variant & 4 != 0 { result.bias = UnsafePointer(bias.pointer) }
        if variant & 8 != 0 { result.adds = true }
        if variant & 16 != 0 { result.rectifies = true }
        if variant & 32 != 0 { (result.gate, result.gateFactor) = (UnsafePointer(gate.pointer), 1.25) }
        if variant & 64 != 0 { result.scale = -0.5 }
        let shape = ProductShape(rows: rows, columns: columns, depth: depth, instructionSet: set)
        multiply(shape, leftTransposed ? a.transposed : a, rightTransposed ? b.transposed : b, result)
        return withExtendedLifetime((left, right, bias, gate)) { out.values }
    }

    func agrees(set: Int) -> Bool {
        let plain = result({ $0.multiplyPlainly($1, $2, into: $3) })
        let fast = result({ $0.multiplyHere($1, $2, into: $3) }, set: set)
        return zip(plain, fast).allSatisfy { abs($0 - $1) <= 2e-6 * (1 + Float(depth).squareRoot()) }
    }
}

@Suite(.serialized) struct ProductTests {
    /// Every number of rows and columns around the blocks' sizes, with every way to store factors and to finish.
    @Test(arguments: 0...ProductShape.bestInstructionSet)
    func smallShapesAgreeWithThePlainLoops(set: Int) {
        for rows in 1...70 {
            for columns in 1...70 {
                let mixed = rows * 31 + columns * 17
                let shape = Case(rows: rows, columns: columns, depth: 1 + mixed % 37, variant: mixed % 128)
                #expect(shape.agrees(set: set), "\(shape)")
            }
        }
    }

    @Test(arguments: 0...ProductShape.bestInstructionSet)
    func everyDepthAgreesWithThePlainLoops(set: Int) {
        for depth in Array(0...70) + [255, 256, 257, 511, 513, 700] {
            for (rows, columns) in [(1, 1), (15, 33), (29, 7)] {
                let shape = Case(rows: rows, columns: columns, depth: depth, variant: depth * 5 % 128)
                #expect(shape.agrees(set: set), "\(shape)")
            }
        }
    }

    /// Sizes that are cut into several items, pieces of packing and chunks, in every way to store the factors.
    @Test(arguments: [[950, 40, 300], [30, 1000, 270], [180, 190, 600], [1000, 1010, 20]])
    func largeShapesAgreeWithThePlainLoops(_ sizes: [Int]) {
        for variant in 0..<4 {
            let shape = Case(rows: sizes[0], columns: sizes[1], depth: sizes[2], variant: variant + 8 * variant)
            for set in 0...ProductShape.bestInstructionSet { #expect(shape.agrees(set: set), "\(shape)") }
        }
    }

    @Test func nothingIsWrittenWithoutRowsOrColumns() {
        for (rows, columns) in [(0, 5), (5, 0), (0, 0)] {
            let shape = Case(rows: rows, columns: columns, depth: 4, variant: 0)
            #expect(shape.result({ $0.multiply($1, $2, into: $3) }) == shape.result({ _, _, _, _ in }))
        }
    }

    @Test func bytesAreTheSameAtAnyNumberOfThreads() {
        let before = Threads.count
        defer { Threads.use(before) }
        for variant in 0..<4 {
            let shape = Case(rows: 333, columns: 290, depth: 300, variant: variant)
            let alone = shape.result({ $0.multiplyHere($1, $2, into: $3) })
            for threads in 1...4 {
                Threads.use(threads)
                #expect(shape.result({ $0.multiply($1, $2, into: $3) }) == alone, "\(threads) threads")
            }
        }
    }

    /// A row of a batch comes out as it does alone.
    @Test func aRowDoesNotDependOnItsNeighbours() {
        let x = RandomStream(seed: 1, name: "x").normal([50, 400]),
            weight = RandomStream(seed: 1, name: "w").normal([60, 400])
        let together = x.linear(weight: weight).values
        for row in [0, 13, 14, 49] {
            let alone = x.sliced(axis: 0, row..<row + 1).linear(weight: weight).values
            #expect(Array(together[row * 60..<(row + 1) * 60]) == alone)
        }
    }
}
