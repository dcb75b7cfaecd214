import Foundation
import ReferenceSupport
import Tensor
import Testing

@Suite struct AttentionTests {
    private func random(_ shape: [Int], _ name: String) -> Tensor { RandomStream(seed: 5, name: name).normal(shape) }

    /// One head's attention in double, straight from the definition; `visible(query, key)` is the mask.
    private func reference(
        _ q: [[Double]], _ k: [[Double]], _ v: [[Double]], relative: (keys: [[Double]], values: [[Double]])? = nil,
        visible: (Int, Int) -> Bool
    ) -> [[Double]] {
        let width = q[0].count
        return q.indices.map { i in
            func near(_ j: Int, _ table: [[Double]]) -> [Double] {
                let position = j - i + table.count / 2
                return table.indices.contains(position) ? table[position] : Array(repeating: 0, count: width)
            }
            let scores = k.indices.map { j -> Double in
                guard visible(i, j) else { return -.infinity }
                let shift = relative.map { near(j, $0.keys) } ?? Array(repeating: 0, count: width)
                return (0..<width).reduce(0) { $0 + q[i][$1] * (k[j][$1] + shift[$1]) } / Double(width).squareRoot()
            }
            let best = scores.max() ?? 0
            let weights = scores.map { exp($0 - best) }
            let total = weights.reduce(0, +)
            return (0..<width).map { d in
                k.indices.reduce(0) { sum, j in
                    let shift = relative.map { near(j, $0.values)[d] } ?? 0
                    return sum + weights[j] / total * (v[j][d] + shift)
                }
            }
        }
    }

    /// Rows of head `head` of item `item` in [B, T, C].
    private func rows(_ x: Tensor, _ item: Int, _ head: Int, width: Int) -> [[Double]] {
        let part = x.sliced(axis: 0, item..<item + 1).sliced(axis: 2, head * width..<(head + 1) * width)
        let values = part.values.map(Double.init)
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }

    private func check(
        queries: Int, keys: Int, mask: AttentionMask, relative: RelativePositions? = nil,
        visible: (Int, Int, Int) -> Bool
    ) {
        let heads = 2
        let width = 3
        let q = random([2, queries, 6], "q")
        let k = random([2, keys, 6], "k")
        let v = random([2, keys, 6], "v")
        let last = attention(
            query: q, key: k, value: v, heads: heads, layout: .channelsLast, mask: mask, relative: relative)
        let first = attention(
            query: q.transposed(), key: k.transposed(), value: v.transposed(), heads: heads, layout: .channelsFirst,
            mask: mask, relative: relative)
        #expect(relativeDifference(first.transposed(), last) < 1e-5)
        func table(_ x: Tensor) -> [[Double]] { rows(x, 0, 0, width: width) }
        let tables = relative.map { (keys: table($0.keys), values: table($0.values)) }
        for item in 0..<2 {
            for head in 0..<heads {
                let expected = reference(
                    rows(q, item, head, width: width), rows(k, item, head, width: width),
                    rows(v, item, head, width: width), relative: tables
                ) { visible(item, $0, $1) }
                let found = rows(last, item, head, width: width)
                for (a, b) in zip(found.joined(), expected.joined()) { #expect(abs(a - b) < 1e-5) }
            }
        }
    }

    @Test func seesTheKeysOfItsItem() {
        check(queries: 5, keys: 5, mask: .keys(lengths: [5, 2])) { item, _, j in j < [5, 2][item] }
    }

    @Test func crossesBetweenLengths() {
        check(queries: 3, keys: 7, mask: .keys(lengths: [4, 7])) { item, _, j in j < [4, 7][item] }
    }

    @Test func tokensSeeTextAndThePast() {
        let lengths = [4, 2]
        check(queries: 9, keys: 9, mask: .prefixCausal(prefix: 4, lengths: lengths)) { item, i, j in
            j < lengths[item] || (j >= 4 && j <= i)
        }
    }

    /// Rows of a tensor that holds queries, keys and values side by side, in numbers that take several blocks of queries.
    @Test func packedRowsAttendLikeThreeTensors() throws {
        let packed = random([2, 310, 18], "packed")
        let mask = AttentionMask.prefixCausal(prefix: 140, lengths: [140, 60])
        packed.requiresGradient = true
        func values(_ y: Tensor) throws -> [[Float]] {
            packed.gradient = nil
            y.squared().sum().backward()
            return [y.values, try #require(packed.gradient).values]
        }
        func randomness() -> StepRandomness { StepRandomness(seed: 1, step: 1) }
        let one = try values(
            selfAttention(packed: packed, heads: 2, mask: mask, dropout: 0.1, randomness: randomness()))
        let parts = packed.split(axis: 2, [6, 6, 6])
        let three = try values(
            attention(
                query: parts[0], key: parts[1], value: parts[2], heads: 2, layout: .channelsLast, mask: mask,
                dropout: 0.1, randomness: randomness()))
        #expect(one == three)
    }

    @Test func blocksOfQueriesMakeNoDifference() {
        let lengths = [150, 90]
        check(queries: 300, keys: 300, mask: .prefixCausal(prefix: 150, lengths: lengths)) { item, i, j in
            j < lengths[item] || (j >= 150 && j <= i)
        }
        let relative = RelativePositions(keys: random([1, 9, 3], "rk"), values: random([1, 9, 3], "rv"))
        check(queries: 270, keys: 270, mask: .keys(lengths: [270, 135]), relative: relative) { item, _, j in
            j < [270, 135][item]
        }
    }

    @Test func distancesHaveTheirVectors() {
        let relative = RelativePositions(keys: random([1, 5, 3], "rk"), values: random([1, 5, 3], "rv"))
        check(queries: 7, keys: 7, mask: .keys(lengths: [7, 5]), relative: relative) { item, _, j in
            j < [7, 5][item]
        }
    }

    @Test func aWindowLongerThanTheClipIsCut() {
        let relative = RelativePositions(keys: random([1, 9, 3], "rk"), values: random([1, 9, 3], "rv"))
        check(queries: 2, keys: 2, mask: .keys(lengths: [2, 1]), relative: relative) { item, _, j in
            j < [2, 1][item]
        }
    }

    @Test func whatIsMaskedHasNoGradient() throws {
        let q = random([1, 4, 6], "q")
        let k = random([1, 4, 6], "k")
        let v = random([1, 4, 6], "v")
        for tensor in [k, v] { tensor.requiresGradient = true }
        attention(query: q, key: k, value: v, heads: 2, layout: .channelsLast, mask: .keys(lengths: [3]))
            .squared().sum().backward()
        for tensor in [k, v] {
            let gradient = try #require(tensor.gradient)
            #expect(gradient.sliced(axis: 1, 3..<4).values.allSatisfy { $0 == 0 })
            #expect(gradient.sliced(axis: 1, 0..<3).values.allSatisfy { $0 != 0 })
        }
    }
}
