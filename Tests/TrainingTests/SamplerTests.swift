import Testing
import Training

@Suite struct SamplerTests {
    private let lengths = (0..<37).map { 40 + ($0 * 53) % 300 }

    private func sampler(_ size: Int = 4, seed: UInt64 = 1, stage: Stage = .sovits) -> Sampler {
        Sampler(lengths: lengths, batchSize: size, seed: seed, stage: stage)
    }

    @Test func everyClipComesOnceAnEpoch() {
        for size in [1, 3, 4, 36, 37, 50] {
            for epoch in 0..<5 {
                let batches = sampler(size).batches(epoch: epoch)
                #expect(batches.flatMap { $0 }.sorted() == Array(0..<37))
                #expect(batches.allSatisfy { !$0.isEmpty && $0.count <= size })
                #expect(batches.count == sampler(size).batchesInEpoch)
            }
        }
    }

    @Test func theOrderIsAFunctionOfSeedStageAndEpoch() {
        #expect(sampler().batches(epoch: 3) == sampler().batches(epoch: 3))
        #expect(sampler().batches(epoch: 3) != sampler().batches(epoch: 4))
        #expect(sampler().batches(epoch: 3) != sampler(seed: 2).batches(epoch: 3))
        #expect(sampler().batches(epoch: 3) != sampler(stage: .prior).batches(epoch: 3))
    }

    @Test func aBatchHoldsClipsOfSimilarLength() {
        /// Frames of padding over a few epochs.
        func padding(_ batches: [[Int]]) -> Int {
            batches.reduce(0) { sum, batch in
                let longest = batch.map { lengths[$0] }.max() ?? 0
                return sum + batch.reduce(0) { $0 + longest - lengths[$1] }
            }
        }
        let sorted = (0..<20).reduce(0) { $0 + padding(sampler().batches(epoch: $1)) }
        let unsorted = (0..<20).reduce(0) { sum, epoch in
            let order = sampler(1).batches(epoch: epoch).flatMap { $0 }
            return sum + padding(stride(from: 0, to: 37, by: 4).map { Array(order[$0..<min(37, $0 + 4)]) })
        }
        #expect(Double(sorted) < 0.7 * Double(unsorted))
    }

    @Test func walkingFromAnyPositionIsTheSameWalk() {
        let walker = sampler()
        var position = SamplerPosition(), walk: [(SamplerPosition, [Int])] = []
        for _ in 0..<25 {
            let (clips, next) = walker.batch(at: position)
            walk.append((position, clips))
            position = next
        }
        #expect(
            walk.map(\.0.epoch) == Array(repeating: 0, count: 10) + Array(repeating: 1, count: 10)
                + Array(repeating: 2, count: 5))
        #expect(walk.map(\.0.batch) == Array(0..<10) + Array(0..<10) + Array(0..<5))
        for (position, clips) in walk { #expect(sampler().batch(at: position).clips == clips) }
    }

    @Test func fewClipsMakeOneBatch() {
        let one = Sampler(lengths: [80], batchSize: 8, seed: 1, stage: .prior)
        #expect(one.batchesInEpoch == 1)
        #expect(one.batch(at: SamplerPosition(epoch: 6)).clips == [0])
        #expect(one.batch(at: SamplerPosition(epoch: 6)).next == SamplerPosition(epoch: 7))
        let three = Sampler(lengths: [80, 60, 90], batchSize: 8, seed: 1, stage: .sovits)
        #expect(three.batch(at: SamplerPosition()).clips == [1, 0, 2])
    }

    @Test func aPositionBehindAShrunkenEpochStillGivesABatch() {
        // Clips were taken out of the voice while the checkpoint stood at a later batch.
        let (clips, next) = sampler().batch(at: SamplerPosition(epoch: 1, batch: 40))
        #expect(!clips.isEmpty)
        #expect(next == SamplerPosition(epoch: 2))
    }
}
