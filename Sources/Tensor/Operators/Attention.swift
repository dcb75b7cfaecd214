/// Which keys a query may see.
package enum AttentionMask {
    /// Every query sees the first `lengths[b]` keys of item b.
    case keys(lengths: [Int])
    /// Rows 0 ..< prefix are text, of which item b has `lengths[b]`; all see that text, and a row after the prefix also
    /// sees the rows from the prefix up to itself.
    case prefixCausal(prefix: Int, lengths: [Int])

    /// The keys of query `row`, as two ranges from 0 and from `tail` on, the second possibly empty.
    func visible(item: Int, row: Int, keys: Int) -> (head: Int, tail: Range<Int>) {
        switch self {
        case .keys(let lengths):
            let head = min(lengths[item], keys)
            return (head, head..<head)
        case .prefixCausal(let prefix, let lengths):
            let head = lengths[item], end = min(row + 1, keys)
            return end > prefix ? (head, prefix..<end) : (head, head..<head)
        }
    }

    /// Queries that are worked on together: rows of a text all see the same, rows of tokens ever more.
    func blocks(queries: Int) -> [Range<Int>] {
        let widest = 128, narrow = 72
        func cut(_ rows: Range<Int>, _ most: Int) -> [Range<Int>] {
            let parts = (rows.count + most - 1) / most
            return (0..<parts).map {
                rows.lowerBound + rows.count * $0 / parts..<rows.lowerBound + rows.count * ($0 + 1) / parts
            }
        }
        guard case .prefixCausal(let prefix, _) = self else { return cut(0..<queries, widest) }
        let text = min(prefix, queries)
        return cut(0..<text, widest) + cut(text..<queries, narrow)
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
    let first = layout == .channelsFirst
    let plan = AttentionPlan(
        batch: query.shape[0], heads: heads, channels: query.shape[first ? 1 : 2], queries: query.shape[first ? 2 : 1],
        keys: key.shape[first ? 2 : 1], mask: mask, relative: relative,
        dropout: .attention(
            rate, randomness, rows: query.shape[0] * heads * query.shape[first ? 2 : 1],
            keys: key.shape[first ? 2 : 1]))
    let y = Tensor(uninitialized: query.shape)
    func head(_ tensor: Tensor) -> Heads { Heads(tensor, heads: heads, layout: layout) }
    plan.forward(head(query), head(key), head(value), into: head(y))
    let (q, k, v) = (query.detached(), key.detached(), value.detached())
    let inputs = [query, key, value] + (relative.map { [$0.keys, $0.values] } ?? [])
    return y.recorded(inputs) { dy in
        let gradients = [q, k, v].map { Tensor(uninitialized: $0.shape) }
        let shares = plan.backward(
            head(q), head(k), head(v), head(dy),
            into: (head(gradients[0]), head(gradients[1]), head(gradients[2])))
        return gradients + shares
    }
}

/// The same among the rows of one tensor [B, T, 3C], which holds queries, keys and values side by side: -> [B, T, C].
package func selfAttention(
    packed: Tensor, heads: Int, mask: AttentionMask, dropout rate: Float = 0, randomness: StepRandomness? = nil
) -> Tensor {
    let batch = packed.shape[0], rows = packed.shape[1], channels = packed.shape[2] / 3
    let plan = AttentionPlan(
        batch: batch, heads: heads, channels: channels, queries: rows, keys: rows, mask: mask, relative: nil,
        dropout: .attention(rate, randomness, rows: batch * heads * rows, keys: rows))
    let y = Tensor(uninitialized: [batch, rows, channels])
    func part(_ tensor: Tensor, _ index: Int) -> Heads { Heads(packed: tensor, part: index, heads: heads) }
    func result(_ tensor: Tensor) -> Heads { Heads(tensor, heads: heads, layout: .channelsLast) }
    plan.forward(part(packed, 0), part(packed, 1), part(packed, 2), into: result(y))
    let saved = packed.detached()
    return y.recorded([packed]) { dy in
        let gradient = Tensor(uninitialized: saved.shape)
        _ = plan.backward(
            part(saved, 0), part(saved, 1), part(saved, 2), result(dy),
            into: (part(gradient, 0), part(gradient, 1), part(gradient, 2)))
        return [gradient]
    }
}

extension Dropout? {
    /// That of the weights which `rows` rows of attention give to `keys` keys.
    fileprivate static func attention(_ rate: Float, _ randomness: StepRandomness?, rows: Int, keys: Int) -> Dropout? {
        let count = rows * Dropout.rowStep(keys)
        return rate > 0 ? randomness.map { Dropout(stream: $0.next("attention", count: count), rate: rate) } : nil
    }
}
