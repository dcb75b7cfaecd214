/// The keys and values that one layer has seen of one utterance, so that a further row costs one row.
///
/// Owned by one decoding; keys lie [heads, width / heads, capacity] and values [heads, capacity, width / heads], as the
/// products of a single query read them.
package final class KeyValueCache {
    let keys, values: Storage
    let capacity, width, heads: Int
    /// Rows so far.
    private(set) var count = 0

    /// Room for `capacity` rows of `width`.
    package init(capacity: Int, width: Int, heads: Int) {
        precondition(width % heads == 0, "a width of \(width) cannot be shared by \(heads) heads")
        self.capacity = capacity
        self.width = width
        self.heads = heads
        keys = Storage(count: capacity * width)
        values = Storage(count: capacity * width)
    }

    /// Adds the rows of key and value, [1, R, C].
    package func append(key: Tensor, value: Tensor) {
        let rows = key.shape[1], part = width / heads
        precondition(
            key.shape == [1, rows, width] && value.shape == key.shape && count + rows <= capacity,
            "a cache of \(capacity) × \(width) cannot take a shape of \(key.shape) after \(count) rows")
        for row in 0..<rows {
            for head in 0..<heads {
                let from = row * width + head * part
                for j in 0..<part {
                    keys.pointer[(head * part + j) * capacity + count + row] = key.pointer[from + j]
                    values.pointer[(head * capacity + count + row) * part + j] = value.pointer[from + j]
                }
            }
        }
        count += rows
    }
}
