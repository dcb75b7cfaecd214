import Tensor

/// The keys and values that one layer has seen of one utterance, so that a further row costs one row.
///
/// Owned by one sampling call: the buffers grow in place.
final class KeyValueCache {
    private let keys: Tensor
    private let values: Tensor
    private let capacity, channels: Int
    private var count = 0

    /// Room for `capacity` rows of `channels`.
    init(capacity: Int, channels: Int) {
        self.capacity = capacity
        self.channels = channels
        keys = Tensor(uninitialized: [1, capacity, channels])
        values = Tensor(uninitialized: [1, capacity, channels])
    }

    /// Adds the rows of [1, R, C] and returns all rows so far, [1, count, C], which share the buffers.
    func append(key: Tensor, value: Tensor) -> (key: Tensor, value: Tensor) {
        let rows = key.shape[1]
        precondition(key.shape[0] == 1 && count + rows <= capacity, "a cache of \(capacity) rows is full")
        (keys.pointer + count * channels).update(from: key.pointer, count: rows * channels)
        (values.pointer + count * channels).update(from: value.pointer, count: rows * channels)
        count += rows
        let shape = [1, count, channels]
        return (Tensor(shape: shape, storage: keys.storage), Tensor(shape: shape, storage: values.storage))
    }
}
