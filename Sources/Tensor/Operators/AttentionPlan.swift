import CKernels

/// The shapes of one attention call and its passes. Queries go in blocks, for which only the keys that one of them sees
/// are looked at; the probabilities are made again on the way back, which takes less time than to keep them.
struct AttentionPlan {
    let batch, heads, width, queries, keys: Int
    let mask: AttentionMask
    let relative: RelativePositions?
    let dropout: Dropout?
    private let scale: Float
    private let blocks: [Range<Int>]

    init(
        batch: Int, heads: Int, channels: Int, queries: Int, keys: Int, mask: AttentionMask,
        relative: RelativePositions?, dropout: Dropout?
    ) {
        self.batch = batch
        self.heads = heads
        width = channels / heads
        self.queries = queries
        self.keys = keys
        self.mask = mask
        self.relative = relative
        self.dropout = dropout
        scale = 1 / Float(width).squareRoot()
        blocks = mask.blocks(queries: queries)
    }

    private func record(_ pass: WorkItem.Pass) {
        var rowsBefore: Int?
        if case .prefixCausal(let prefix, _) = mask { rowsBefore = prefix }
        WorkCounter.record(
            .attention, pass,
            .attention(
                batch: batch, heads: heads, queries: queries, keys: keys, width: width, window: relative?.window ?? 0,
                prefix: rowsBefore))
    }

    private var positions: Int { relative.map { 2 * $0.window + 1 } ?? 0 }

    /// Some queries of one head, and how many keys they see at most.
    private struct Block {
        let item: Int
        let rows: Range<Int>
        let seen: Int
    }

    private func block(_ item: Int, _ rows: Range<Int>) -> Block {
        let seen = rows.map { mask.visible(item: item / heads, row: $0, keys: keys).tail.upperBound }.max() ?? 0
        return Block(item: item, rows: rows, seen: seen)
    }

    /// y = dropout(softmax of the masked scores) · v
    func forward(_ q: Heads, _ k: Heads, _ v: Heads, into y: Heads) {
        record(.forward)
        parallelFor(batch * heads) { item in
            for rows in blocks {
                let block = block(item, rows), count = rows.count
                let weights = probabilities(block, q, k)
                if dropout != nil { drop(block, weights.pointer) }
                let factor = Factor(weights.pointer, rowStep: block.seen), out = y.matrix(item, row: rows.lowerBound)
                out.take(rows: count, width: width, depth: block.seen, factor, v.matrix(item).factor)
                guard let relative else { continue }
                let near = gatheredBand(block, weights.pointer)
                out.take(
                    rows: count, width: width, depth: positions, adds: true,
                    Factor(near.pointer, rowStep: positions), Factor(relative.values.pointer, rowStep: width))
            }
        }
    }

    /// [rows, seen] of a block, 0 where a query does not see a key.
    private func probabilities(_ block: Block, _ q: Heads, _ k: Heads) -> Storage {
        let rows = block.rows, seen = block.seen
        let scores = Storage(count: rows.count * seen), s = scores.pointer
        let query = q.matrix(block.item, row: rows.lowerBound).factor
        var result = ProductResult(s, rowStep: seen)
        result.scale = scale
        ProductShape(rows: rows.count, columns: seen, depth: width)
            .multiplyHere(query, k.matrix(block.item).factor.transposed, into: result)
        if let relative { addBand(block, query, relative.keys, scale, to: s) }
        for row in rows {
            let line = s + (row - rows.lowerBound) * seen
            let (head, tail) = mask.visible(item: block.item / heads, row: row, keys: keys)
            for j in head..<tail.lowerBound { line[j] = -.infinity }
            ck_softmax(Int64(tail.upperBound), line, line)
            (line + tail.upperBound).update(repeating: 0, count: seen - tail.upperBound)
        }
        return scores
    }

    /// Multiplies what the rows of a block see by their dropout factors.
    private func drop(_ block: Block, _ values: UnsafeMutablePointer<Float>) {
        for row in block.rows {
            let end = mask.visible(item: block.item / heads, row: row, keys: keys).tail.upperBound
            dropout?.multiply(
                values + (row - block.rows.lowerBound) * block.seen,
                start: (block.item * queries + row) * Dropout.rowStep(keys),
                count: end)
        }
    }

    /// Calls `body(row, position, column)` for every pair within the window, rows counted from the block's first.
    private func forEachNeighbour(_ block: Block, _ body: (Int, Int, Int) -> Void) {
        let window = relative?.window ?? 0
        for i in block.rows {
            for j in max(0, i - window)..<max(max(0, i - window), min(block.seen, i + window + 1)) {
                body(i - block.rows.lowerBound, j - i + window, j)
            }
        }
    }

    /// Adds factor · X Rᵀ, with X [rows, D] and R [P, D], to the entries of [rows, seen] within the window.
    private func addBand(
        _ block: Block, _ x: Factor, _ vectors: Tensor, _ factor: Float, to matrix: UnsafeMutablePointer<Float>
    ) {
        let near = Storage(count: block.rows.count * positions)
        var result = ProductResult(near.pointer, rowStep: positions)
        result.scale = factor
        ProductShape(rows: block.rows.count, columns: positions, depth: width)
            .multiplyHere(x, Factor(vectors.pointer, rowStep: width).transposed, into: result)
        forEachNeighbour(block) { i, p, j in matrix[i * block.seen + j] += near.pointer[i * positions + p] }
    }

    /// The entries of [rows, seen] within the window, as [rows, 2w + 1].
    private func gatheredBand(_ block: Block, _ matrix: UnsafePointer<Float>) -> Storage {
        let near = Storage(count: block.rows.count * positions)
        near.pointer.update(repeating: 0, count: near.count)
        forEachNeighbour(block) { i, p, j in near.pointer[i * positions + p] = matrix[i * block.seen + j] }
        return near
    }

    /// R [P, D] += factor · Nᵀ X
    private func addBandGradient(
        _ block: Block, _ near: Storage, _ x: Factor, _ factor: Float, to share: UnsafeMutablePointer<Float>
    ) {
        var result = ProductResult(share, rowStep: width)
        (result.scale, result.adds) = (factor, true)
        ProductShape(rows: positions, columns: width, depth: block.rows.count)
            .multiplyHere(Factor(near.pointer, rowStep: positions).transposed, x, into: result)
    }

    /// Returns the gradients of the relative vectors, if there are any.
    func backward(
        _ q: Heads, _ k: Heads, _ v: Heads, _ dy: Heads, into gradients: (q: Heads, k: Heads, v: Heads)
    ) -> [Tensor] {
        record(.backward)
        // Each head its own share of the relative vectors' gradients, summed in order afterwards.
        let shares = relative == nil ? [] : (0..<2).map { _ in Tensor.zeros([batch * heads, positions * width]) }
        parallelFor(batch * heads) { item in
            let (dk, dv) = (gradients.k.matrix(item), gradients.v.matrix(item))
            dk.clear(rows: keys, width: width)
            dv.clear(rows: keys, width: width)
            for rows in blocks {
                backward(
                    block(item, rows), q, k, v, dy, dq: gradients.q.matrix(item, row: rows.lowerBound), dk: dk, dv: dv,
                    shares: shares.map { $0.pointer + item * positions * width })
            }
        }
        guard let relative else { return [] }
        return zip(shares, [relative.keys, relative.values]).map { $0.sum(axis: 0).reshaped($1.shape) }
    }

    private func backward(
        _ block: Block, _ q: Heads, _ k: Heads, _ v: Heads, _ dy: Heads, dq: HeadMatrix, dk: HeadMatrix,
        dv: HeadMatrix, shares: [UnsafeMutablePointer<Float>]
    ) {
        let rows = block.rows, seen = block.seen, item = block.item, count = rows.count
        let query = q.matrix(item, row: rows.lowerBound).factor, d = dy.matrix(item, row: rows.lowerBound).factor
        let probabilities = probabilities(block, q, k), p = probabilities.pointer
        let slopes = Storage(count: count * seen), ds = slopes.pointer
        let result = ProductResult(ds, rowStep: seen)
        ProductShape(rows: count, columns: seen, depth: width)
            .multiplyHere(d, v.matrix(item).factor.transposed, into: result)
        if let relative { addBand(block, d, relative.values, 1, to: ds) }
        let weights = dropout == nil ? probabilities : Storage(count: count * seen)
        if let dropout {
            for row in rows {
                let at = (row - rows.lowerBound) * seen
                let end = mask.visible(item: item / heads, row: row, keys: keys).tail.upperBound
                dropout.withFactors(start: (item * queries + row) * Dropout.rowStep(keys), count: end) { factors in
                    ck_multiply_into(Int64(end), factors, ds + at)
                    ck_binary(CK_MULTIPLY, Int64(end), p + at, 1, factors, 1, weights.pointer + at)
                }
                (weights.pointer + at + end).update(repeating: 0, count: seen - end)
            }
        }
        let used = Factor(weights.pointer, rowStep: seen)
        dv.take(rows: seen, width: width, depth: count, adds: true, used.transposed, d)
        if relative != nil { addBandGradient(block, gatheredBand(block, weights.pointer), d, 1, to: shares[1]) }
        for row in 0..<count { ck_softmax_backward(Int64(seen), p + row * seen, ds + row * seen, ds + row * seen) }
        let slope = Factor(ds, rowStep: seen)
        dq.take(rows: count, width: width, depth: seen, scale: scale, slope, k.matrix(item).factor)
        dk.take(rows: seen, width: width, depth: count, scale: scale, adds: true, slope.transposed, query)
        if let relative {
            let near = gatheredBand(block, ds)
            dq.take(
                rows: count, width: width, depth: positions, scale: scale, adds: true,
                Factor(near.pointer, rowStep: positions), Factor(relative.keys.pointer, rowStep: width))
            addBandGradient(block, near, query, scale, to: shares[0])
        }
        withExtendedLifetime((probabilities, slopes, weights)) {}
    }
}
