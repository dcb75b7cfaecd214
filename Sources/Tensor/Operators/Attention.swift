import CKernels

/// Which keys a query may see.
package enum AttentionMask {
    /// Every query sees the first `lengths[b]` keys of item b.
    case keys(lengths: [Int])
    /// Rows 0 ..< prefix are text, of which item b has `lengths[b]`; all see that text, and a row after the prefix also
    /// sees the rows from the prefix up to itself.
    case prefixCausal(prefix: Int, lengths: [Int])

    /// The keys of query `row`, as two ranges, the second possibly empty.
    fileprivate func visible(item: Int, row: Int, keys: Int) -> (Int, Range<Int>) {
        switch self {
        case .keys(let lengths): return (min(lengths[item], keys), keys..<keys)
        case .prefixCausal(let prefix, let lengths): return (lengths[item], prefix..<max(prefix, min(row + 1, keys)))
        }
    }
}

/// Where the channels of queries, keys and values stand.
package enum AttentionLayout {
    /// [B, C, T], as convolutions have them.
    case channelsFirst
    /// [B, T, C], as linear layers have them.
    case channelsLast
}

/// Learned vectors of the distances −w ... w, added to keys and values (Shaw et al. 2018): each [1, 2w + 1, D].
package struct RelativePositions {
    package let keys: Tensor
    package let values: Tensor
    package init(keys: Tensor, values: Tensor) {
        self.keys = keys
        self.values = values
    }
    var window: Int { (keys.shape[1] - 1) / 2 }
}

/// Scaled dot-product attention of `heads` heads (Vaswani et al. 2017), softmax(q·kᵀ / √D)·v, head by head on the pool.
package func attention(
    query: Tensor, key: Tensor, value: Tensor, heads: Int, layout: AttentionLayout, mask: AttentionMask,
    relative: RelativePositions? = nil, dropout rate: Float = 0, randomness: StepRandomness? = nil
) -> Tensor {
    let plan = AttentionPlan(query: query, key: key, heads: heads, layout: layout, mask: mask, relative: relative)
    WorkCounter.record(.attention, .forward, plan.work)
    let dropout = rate > 0 ? randomness.map { AttentionDropout(stream: $0.next("attention"), rate: rate) } : nil
    let probabilities = Tensor(uninitialized: [plan.batch, heads, plan.queries, plan.keys])
    let y = Tensor(uninitialized: query.shape)
    plan.forward(query.pointer, key.pointer, value.pointer, dropout, probabilities.pointer, into: y.pointer)

    let (q, k, v) = (query.detached(), key.detached(), value.detached())
    let inputs = [query, key, value] + (relative.map { [$0.keys, $0.values] } ?? [])
    return y.recorded(inputs) { dy in
        WorkCounter.record(.attention, .backward, plan.work)
        return plan.backward(query: q, key: k, value: v, probabilities: probabilities, dropout: dropout, dy: dy)
    }
}

/// Dropout of the probabilities. The factors are drawn anew wherever they are needed, a head at a time while it is in
/// the cache, and never kept: they would be as large as the probabilities.
private struct AttentionDropout {
    let stream: RandomStream
    let rate: Float

    /// probabilities · factors of one head, whose numbers begin at `start`.
    func weights(_ probabilities: UnsafePointer<Float>, start: Int, count: Int) -> Storage {
        let weights = factors(start: start, count: count)
        ck_multiply_into(Int64(count), probabilities, weights.pointer)
        return weights
    }

    func factors(start: Int, count: Int) -> Storage {
        let factors = Storage(count: count)
        stream.fillDropout(factors.pointer, start: start, count: count, rate: rate)
        return factors
    }
}

/// The shapes of one attention call and its per-head matrix products.
private struct AttentionPlan {
    let batch, heads, width, queries, keys, channels: Int
    let layout: AttentionLayout
    let mask: AttentionMask
    let relative: RelativePositions?
    let scale: Float

    init(
        query: Tensor, key: Tensor, heads: Int, layout: AttentionLayout, mask: AttentionMask,
        relative: RelativePositions?
    ) {
        batch = query.shape[0]
        self.heads = heads
        self.layout = layout
        self.mask = mask
        self.relative = relative
        channels = layout == .channelsFirst ? query.shape[1] : query.shape[2]
        queries = layout == .channelsFirst ? query.shape[2] : query.shape[1]
        keys = layout == .channelsFirst ? key.shape[2] : key.shape[1]
        width = channels / heads
        scale = 1 / Float(width).squareRoot()
    }

    var work: WorkItem.Shape {
        var rowsBefore: Int?
        if case .prefixCausal(let prefix, _) = mask { rowsBefore = prefix }
        return .attention(
            batch: batch, heads: heads, queries: queries, keys: keys, width: width, window: relative?.window ?? 0,
            prefix: rowsBefore)
    }

    private var first: Bool { layout == .channelsFirst }

    /// Where head (b, h) starts in a tensor of `length` rows.
    private func offset(_ item: Int, _ length: Int) -> Int {
        let b = item / heads, h = item % heads
        return first ? (b * channels + h * width) * length : b * length * channels + h * width
    }

    private func leading(_ length: Int) -> Int { first ? length : channels }

    // The three products that all passes are made of, for matrices X [rows × D] and Y [columns × D] of one head, stored
    // either way round.

    /// out [rows × columns] = factor · X Yᵀ
    private func outer(
        _ x: UnsafePointer<Float>, _ rows: Int, _ y: UnsafePointer<Float>, _ columns: Int, _ factor: Float,
        _ out: UnsafeMutablePointer<Float>
    ) {
        sgemm(
            transposeA: first, transposeB: !first, m: rows, n: columns, k: width, alpha: factor, x, leading(rows), y,
            leading(columns), out, columns)
    }

    /// X (+)= factor · W Y with W [rows × columns] (or its transpose, stored columns × rows)
    private func weighted(
        _ w: UnsafePointer<Float>, transposed: Bool, _ y: UnsafePointer<Float>, rows: Int, columns: Int,
        factor: Float, beta: Float, _ x: UnsafeMutablePointer<Float>
    ) {
        let leadingW = transposed ? rows : columns
        if first {  // Xᵀ [D × rows] = Yᵀ [D × columns] Wᵀ
            sgemm(
                transposeB: !transposed, m: width, n: rows, k: columns, alpha: factor, y, columns, w, leadingW,
                beta: beta, x,
                rows)
        } else {
            sgemm(
                transposeA: transposed, m: rows, n: width, k: columns, alpha: factor, w, leadingW, y, channels,
                beta: beta,
                x, channels)
        }
    }

    /// out [rows × P] = factor · X Rᵀ with R [P × D] in plain row-major order.
    private func band(
        _ x: UnsafePointer<Float>, _ rows: Int, _ r: UnsafePointer<Float>, _ positions: Int, _ factor: Float,
        _ out: UnsafeMutablePointer<Float>
    ) {
        sgemm(
            transposeA: first, transposeB: true, m: rows, n: positions, k: width, alpha: factor, x, leading(rows), r,
            width,
            out, positions)
    }

    /// X += factor · N R with N [rows × P]
    private func addBand(
        _ n: UnsafePointer<Float>, _ r: UnsafePointer<Float>, _ positions: Int, rows: Int, factor: Float,
        _ x: UnsafeMutablePointer<Float>
    ) {
        if first {
            sgemm(
                transposeA: true, transposeB: true, m: width, n: rows, k: positions, alpha: factor, r, width, n,
                positions,
                beta: 1, x, rows)
        } else {
            sgemm(m: rows, n: width, k: positions, alpha: factor, n, positions, r, width, beta: 1, x, channels)
        }
    }

    /// R [P × D] = factor · Nᵀ X
    private func bandGradient(
        _ n: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ positions: Int, rows: Int,
        factor: Float, _ r: UnsafeMutablePointer<Float>
    ) {
        sgemm(
            transposeA: true, transposeB: first, m: positions, n: width, k: rows, alpha: factor, n, positions, x,
            leading(rows), r, width)
    }

    /// Calls `body(row, position, column)` for every pair within the window.
    private func forEachNeighbour(_ window: Int, _ body: (Int, Int, Int) -> Void) {
        for i in 0..<queries {
            for j in max(0, i - window)..<max(max(0, i - window), min(keys, i + window + 1)) {
                body(i, j - i + window, j)
            }
        }
    }

    /// probabilities [B, H, Tq, Tk] = softmax of the masked scores; y = dropout(probabilities) · v.
    func forward(
        _ q: UnsafePointer<Float>, _ k: UnsafePointer<Float>, _ v: UnsafePointer<Float>, _ dropout: AttentionDropout?,
        _ probabilities: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>
    ) {
        let matrix = queries * keys
        parallelFor(batch * heads) { item in
            let p = probabilities + item * matrix
            scores(item, q, k, into: p)
            guard let dropout else { return combine(item, p, v, into: y) }
            let weights = dropout.weights(p, start: item * matrix, count: matrix)
            withExtendedLifetime(weights) { combine(item, weights.pointer, v, into: y) }
        }
    }

    private func scores(
        _ item: Int, _ q: UnsafePointer<Float>, _ k: UnsafePointer<Float>, into s: UnsafeMutablePointer<Float>
    ) {
        outer(q + offset(item, queries), queries, k + offset(item, keys), keys, scale, s)
        if let relative {
            let positions = 2 * relative.window + 1
            let near = Storage(count: queries * positions)
            band(q + offset(item, queries), queries, relative.keys.pointer, positions, scale, near.pointer)
            forEachNeighbour(relative.window) { i, p, j in s[i * keys + j] += near.pointer[i * positions + p] }
        }
        for i in 0..<queries {
            let row = s + i * keys
            let (head, tail) = mask.visible(item: item / heads, row: i, keys: keys)
            for j in head..<max(head, tail.lowerBound) { row[j] = -.infinity }
            for j in max(head, tail.upperBound)..<max(head, tail.upperBound, keys) { row[j] = -.infinity }
            ck_softmax(Int64(keys), row, row)
        }
    }

    /// y = weights · v, and the relative values.
    private func combine(
        _ item: Int, _ weights: UnsafePointer<Float>, _ v: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
    ) {
        let out = y + offset(item, queries)
        weighted(
            weights, transposed: false, v + offset(item, keys), rows: queries, columns: keys, factor: 1, beta: 0, out)
        guard let relative else { return }
        let positions = 2 * relative.window + 1
        let near = gatheredBand(weights, relative.window)
        addBand(near.pointer, relative.values.pointer, positions, rows: queries, factor: 1, out)
    }

    /// The entries of [Tq, Tk] within the window, as [Tq, 2w + 1].
    private func gatheredBand(_ matrix: UnsafePointer<Float>, _ window: Int) -> Storage {
        let positions = 2 * window + 1
        let near = Storage(count: queries * positions)
        near.pointer.update(repeating: 0, count: queries * positions)
        forEachNeighbour(window) { i, p, j in near.pointer[i * positions + p] = matrix[i * keys + j] }
        return near
    }

    func backward(
        query: Tensor, key: Tensor, value: Tensor, probabilities: Tensor, dropout: AttentionDropout?, dy: Tensor
    ) -> [Tensor?] {
        let dq = Tensor(uninitialized: query.shape), dk = Tensor(uninitialized: key.shape)
        let dv = Tensor(uninitialized: value.shape)
        let positions = relative.map { 2 * $0.window + 1 } ?? 0
        // Each head its own share of the relative vectors' gradients, summed in order afterwards.
        let keyShares = Tensor(uninitialized: [batch * heads, positions * width])
        let valueShares = Tensor(uninitialized: [batch * heads, positions * width])
        let (q, k, v, d) = (query.pointer, key.pointer, value.pointer, dy.pointer)
        let (outQ, outK, outV) = (dq.pointer, dk.pointer, dv.pointer)
        parallelFor(batch * heads) { item in
            let matrix = queries * keys
            let p = probabilities.pointer + item * matrix
            let factors = dropout?.factors(start: item * matrix, count: matrix)
            let weights = factors.map { factors in
                let weights = Storage(count: matrix)
                weights.pointer.update(from: p, count: matrix)
                ck_multiply_into(Int64(matrix), factors.pointer, weights.pointer)
                return weights
            }
            let w = weights.map { UnsafePointer($0.pointer) } ?? UnsafePointer(p)
            let (atQuery, atKey) = (offset(item, queries), offset(item, keys))
            let ds = Storage(count: matrix)
            defer { withExtendedLifetime((factors, weights, ds)) {} }
            outer(d + atQuery, queries, v + atKey, keys, 1, ds.pointer)
            weighted(w, transposed: true, d + atQuery, rows: keys, columns: queries, factor: 1, beta: 0, outV + atKey)
            if let relative {
                let near = Storage(count: queries * positions)
                band(d + atQuery, queries, relative.values.pointer, positions, 1, near.pointer)
                forEachNeighbour(relative.window) { i, n, j in
                    ds.pointer[i * keys + j] += near.pointer[i * positions + n]
                }
                let used = gatheredBand(w, relative.window)
                bandGradient(
                    used.pointer, d + atQuery, positions, rows: queries, factor: 1,
                    valueShares.pointer + item * positions * width)
            }
            if let factors { ck_multiply_into(Int64(matrix), factors.pointer, ds.pointer) }
            for i in 0..<queries {
                ck_softmax_backward(Int64(keys), p + i * keys, ds.pointer + i * keys, ds.pointer + i * keys)
            }
            weighted(
                ds.pointer, transposed: false, k + atKey, rows: queries, columns: keys, factor: scale, beta: 0,
                outQ + atQuery)
            weighted(
                ds.pointer, transposed: true, q + atQuery, rows: keys, columns: queries, factor: scale, beta: 0,
                outK + atKey)
            if let relative {
                let near = gatheredBand(ds.pointer, relative.window)
                addBand(near.pointer, relative.keys.pointer, positions, rows: queries, factor: scale, outQ + atQuery)
                bandGradient(
                    near.pointer, q + atQuery, positions, rows: queries, factor: scale,
                    keyShares.pointer + item * positions * width)
            }
        }
        guard let relative else { return [dq, dk, dv] }
        return [
            dq, dk, dv, keyShares.sum(axis: 0).reshaped(relative.keys.shape),
            valueShares.sum(axis: 0).reshaped(relative.values.shape),
        ]
    }
}
