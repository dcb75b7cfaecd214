import CKernels
import Tensor
import Testing

@Suite struct RandomStreamTests {
    /// Known answers of Philox 4x32-10, from the Random123 distribution.
    @Test(arguments: [
        (
            key: UInt64(0), step: UInt64(0), block: UInt64(0),
            words: [UInt32]([0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        ),
        (
            key: UInt64.max, step: UInt64.max, block: UInt64.max,
            words: [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        ),
        (
            key: 0x299f_31d0_a409_3822, step: 0x0370_7344_1319_8a2e, block: 0x85a3_08d3_243f_6a88,
            words: [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        ),
    ])
    func philoxGivesTheKnownAnswers(key: UInt64, step: UInt64, block: UInt64, words: [UInt32]) {
        var found = [UInt32](repeating: 0, count: 4)
        ck_philox(key, step, block, &found)
        #expect(found == words)
    }

    @Test func everyPartOfTheNameMatters() {
        func numbers(_ seed: UInt64, _ name: String, _ step: Int) -> [Float] {
            RandomStream(seed: seed, name: name, step: step).uniform([8]).values
        }
        let base = numbers(1, "a", 1)
        #expect(numbers(1, "a", 1) == base)
        #expect(numbers(2, "a", 1) != base && numbers(1, "b", 1) != base && numbers(1, "a", 2) != base)
    }

    @Test func aNumberDoesNotDependOnHowManyAreAsked() {
        let stream = RandomStream(seed: 1, name: "stream", step: 3)
        let long = stream.uniform([40_000]).values
        #expect(stream.uniform([5]).values == Array(long.prefix(5)))
        for index in [0, 1, 2, 3, 4, 16_383, 16_384, 39_999] { #expect(stream.uniform(at: index) == long[index]) }
    }

    @Test func distributionsHaveTheirMoments() {
        let stream = RandomStream(seed: 4, name: "moments")
        let uniform = stream.uniform([200_000])
        let normal = stream.normal([200_000])
        #expect(uniform.values.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(abs(uniform.mean().item - 0.5) < 0.003)
        #expect(abs((uniform - 0.5).squared().mean().item - 1 / 12) < 0.001)
        #expect(abs(normal.mean().item) < 0.01)
        #expect(abs(normal.squared().mean().item - 1) < 0.02)
        #expect(normal.values.allSatisfy { $0.isFinite })
        let kept = stream.dropout([200_000], rate: 0.25)
        #expect(abs(Float(kept.values.count { $0 == 0 }) / 200_000 - 0.25) < 0.005)
    }

    @Test func dropoutReadsTheHalvesOfItsWordsInOrder() {
        // The same from Philox one block after another: the numbers that the kernel's wide form must give.
        let (key, step, rate): (UInt64, UInt64, Float) = (0x9e37_79b9_7f4a_7c15, 1 << 40 | 3, 0.3)
        let threshold = (rate * 65536).rounded()
        let expected = (0..<1003).map { number -> Float in
            let (group, place) = (number / 128, number % 128)
            var words: [UInt32] = [0, 0, 0, 0]
            ck_philox(key, step, UInt64(16 * group + place % 16), &words)
            let half = words[place / 32] >> (place % 32 < 16 ? 0 : 16) & 0xffff
            return Float(half) < threshold ? 0 : 65536 / (65536 - threshold)
        }
        for (start, count) in [(0, 1003), (1, 1), (0, 127), (0, 128), (127, 2), (5, 640), (256, 128), (999, 4)] {
            var got = [Float](repeating: -1, count: count)
            ck_fill_dropout(&got, Int64(start), Int64(count), key, step, rate)
            #expect(got == Array(expected[start..<start + count]), "from \(start), \(count)")
        }
        #expect(ck_dropout_kept(rate) == expected.max())
    }

    @Test func piecesOfDropoutAreOneStream() {
        // Longer than a piece of a parallel loop, against what one piece draws.
        let stream = RandomStream(seed: 6, name: "kept"), long = stream.dropout([40_001], rate: 0.3).values
        for count in [1, 127, 128, 129, 5000] {
            #expect(stream.dropout([count], rate: 0.3).values == Array(long.prefix(count)))
        }
        #expect(abs(Float(long.suffix(20_000).count { $0 == 0 }) / 20_000 - 0.3) < 0.02)
    }

    @Test func integersAndPermutationsCoverTheirRange() {
        let stream = RandomStream(seed: 5, name: "integers")
        #expect(Set((0..<200).map { stream.integer(below: 7, at: $0) }) == Set(0..<7))
        let order = stream.permutation(50)
        #expect(order.sorted() == Array(0..<50) && order != Array(0..<50))
        #expect(stream.permutation(0).isEmpty && stream.permutation(1) == [0])
    }

    @Test func everyCallOfAStepHasItsOwnStream() {
        let (one, two) = (StepRandomness(seed: 1, step: 5), StepRandomness(seed: 1, step: 5))
        let first = one.next("dropout").uniform([4]).values
        #expect(two.next("dropout").uniform([4]).values == first)
        #expect(one.next("dropout").uniform([4]).values != first)
        #expect(StepRandomness(seed: 1, step: 6).next("dropout").uniform([4]).values != first)
    }
}
