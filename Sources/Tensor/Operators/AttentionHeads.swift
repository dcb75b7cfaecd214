/// The heads of a tensor: each a matrix of rows of `width`, stored either way round.
struct Heads {
    private let pointer: UnsafeMutablePointer<Float>
    private let batchStep, headStep, rowStep, channelStep: Int
    let heads, rows, width: Int

    init(_ tensor: Tensor, heads: Int, layout: AttentionLayout) {
        let first = layout == .channelsFirst
        let channels = tensor.shape[first ? 1 : 2]
        self.heads = heads
        rows = tensor.shape[first ? 2 : 1]
        width = channels / heads
        pointer = tensor.pointer
        batchStep = rows * channels
        headStep = first ? width * rows : width
        rowStep = first ? 1 : channels
        channelStep = first ? rows : 1
    }

    /// Queries, keys or values (`part` 0 ... 2) of a tensor [B, T, 3C].
    init(packed tensor: Tensor, part: Int, heads: Int) {
        let channels = tensor.shape[2] / 3
        self.heads = heads
        rows = tensor.shape[1]
        width = channels / heads
        pointer = tensor.pointer + part * channels
        batchStep = rows * 3 * channels
        headStep = width
        rowStep = 3 * channels
        channelStep = 1
    }

    /// Head `item` of all batch items' heads, from row `row` on.
    func matrix(_ item: Int, row: Int = 0) -> HeadMatrix {
        HeadMatrix(
            pointer: pointer + item / heads * batchStep + item % heads * headStep + row * rowStep, rowStep: rowStep,
            channelStep: channelStep)
    }
}

/// Rows of one head.
struct HeadMatrix {
    let pointer: UnsafeMutablePointer<Float>
    let rowStep, channelStep: Int

    /// [rows, width]
    var factor: Factor {
        channelStep == 1 ? Factor(pointer, rowStep: rowStep) : Factor(pointer, rowStep: channelStep).transposed
    }

    /// (+)= scale · left · right with left [rows, depth] and right [depth, width], on the calling thread.
    func take(
        rows: Int, width: Int, depth: Int, scale: Float = 1, adds: Bool = false, _ left: Factor, _ right: Factor
    ) {
        if channelStep == 1 {
            var result = ProductResult(pointer, rowStep: rowStep)
            (result.scale, result.adds) = (scale, adds)
            ProductShape(rows: rows, columns: width, depth: depth).multiplyHere(left, right, into: result)
        } else {
            var result = ProductResult(pointer, rowStep: channelStep)
            (result.scale, result.adds) = (scale, adds)
            ProductShape(rows: width, columns: rows, depth: depth)
                .multiplyHere(right.transposed, left.transposed, into: result)
        }
    }

    func clear(rows: Int, width: Int) {
        let (lines, length, step) = channelStep == 1 ? (rows, width, rowStep) : (width, rows, channelStep)
        for line in 0..<lines { (pointer + line * step).update(repeating: 0, count: length) }
    }
}
