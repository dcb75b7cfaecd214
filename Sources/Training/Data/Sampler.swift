import Tensor

/// Where a stage stands in its clips.
package struct SamplerPosition: Sendable, Codable, Equatable {
    /// Pass over the clips, from 0.
    package var epoch = 0
    /// The next batch of this pass, from 0.
    package var batch = 0

    package init(epoch: Int = 0, batch: Int = 0) {
        self.epoch = epoch
        self.batch = batch
    }
}

/// Batches of clips of similar length. The order of an epoch is a function of (seed, stage, epoch) alone, so that a
/// position is all there is to remember.
package struct Sampler: Sendable {
    private let lengths: [Int]
    private let batchSize: Int
    private let seed: UInt64
    private let name: String

    /// `lengths`: frames of each clip, by index. There must be a clip.
    package init(lengths: [Int], batchSize: Int, seed: UInt64, stage: Stage) {
        precondition(!lengths.isEmpty && batchSize > 0)
        self.lengths = lengths
        self.batchSize = batchSize
        self.seed = seed
        name = "sampler/\(stage.rawValue)"
    }

    package var batchesInEpoch: Int { (lengths.count + batchSize - 1) / batchSize }

    /// All batches of an epoch: shuffled, sorted by length within buckets of two batches, cut, and shuffled again.
    package func batches(epoch: Int) -> [[Int]] {
        let order = RandomStream(seed: seed, name: name + "/clips", step: epoch).permutation(lengths.count)
        var batches = [[Int]]()
        for start in stride(from: 0, to: order.count, by: 2 * batchSize) {
            let bucket = order[start..<min(order.count, start + 2 * batchSize)]
                .sorted { (lengths[$0], $0) < (lengths[$1], $1) }
            for cut in stride(from: 0, to: bucket.count, by: batchSize) {
                batches.append(Array(bucket[cut..<min(bucket.count, cut + batchSize)]))
            }
        }
        let places = RandomStream(seed: seed, name: name + "/batches", step: epoch).permutation(batches.count)
        return places.map { batches[$0] }
    }

    /// The batch at a position, and the position after it.
    package func batch(at position: SamplerPosition) -> (clips: [Int], next: SamplerPosition) {
        let batches = batches(epoch: position.epoch)
        let last = position.batch + 1 >= batches.count
        let next =
            last
            ? SamplerPosition(epoch: position.epoch + 1)
            : SamplerPosition(epoch: position.epoch, batch: position.batch + 1)
        return (batches[min(position.batch, batches.count - 1)], next)
    }
}
