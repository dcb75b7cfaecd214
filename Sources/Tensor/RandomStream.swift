import CKernels

/// A stream of random numbers that is a function of (seed, name, step): no state to save, none to lose.
package struct RandomStream: Sendable {
    private let key: UInt64
    private let step: UInt64
    /// What tensors begin with: the numbers before it are those of rows that other processes have.
    var origin = 0

    package init(seed: UInt64, name: String, step: Int = 0) {
        // FNV-1a of the name, stirred into the seed by splitmix64.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        var mixed = seed &+ hash &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        key = mixed ^ (mixed >> 31)
        self.step = UInt64(bitPattern: Int64(step))
    }

    /// Number `index`, in [0, 1).
    package func uniform(at index: Int) -> Float {
        var number: Float = 0
        ck_fill_uniform(&number, Int64(index), 1, key, step)
        return number
    }

    /// An integer in 0 ..< bound from number `index`; the bias of at most bound / 2^64 is immaterial.
    package func integer(below bound: Int, at index: Int) -> Int {
        var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) {
            ck_philox(key, step, UInt64(index), $0.bindMemory(to: UInt32.self).baseAddress!)
        }
        let wide = UInt64(words.0) << 32 | UInt64(words.1)
        return Int(wide.multipliedFullWidth(by: UInt64(bound)).high)
    }

    package func uniform(_ shape: [Int]) -> Tensor { filled(shape) { ck_fill_uniform($0, $1, $2, key, step) } }
    package func normal(_ shape: [Int]) -> Tensor { filled(shape) { ck_fill_normal($0, $1, $2, key, step) } }

    /// The factors of inverted dropout: 0 with probability `rate`, rounded to 16 bits, else 1 / (1 - that).
    package func dropout(_ shape: [Int], rate: Float) -> Tensor {
        filled(shape) { ck_fill_dropout($0, $1, $2, key, step, rate) }
    }

    /// The factors number `start` ..< `start` + `count` of `dropout`, on the calling thread.
    func fillDropout(_ out: UnsafeMutablePointer<Float>, start: Int, count: Int, rate: Float) {
        ck_fill_dropout(out, Int64(origin + start), Int64(count), key, step, rate)
    }

    /// A permutation of 0 ..< count (Fisher-Yates).
    package func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, integer(below: i + 1, at: i)) }
        return order
    }

    private func filled(_ shape: [Int], _ fill: (UnsafeMutablePointer<Float>, Int64, Int64) -> Void) -> Tensor {
        let result = Tensor(uninitialized: shape)
        let out = result.pointer
        parallelPieces(of: result.count) { start, count in fill(out + start, Int64(origin + start), Int64(count)) }
        return result
    }
}

/// Hands every random call of one training step its own stream, by order of call.
package final class StepRandomness {
    private let seed: UInt64
    private let step: Int
    /// nil when this process has the whole batch.
    package let share: BatchShare?
    private var calls = 0

    package init(seed: UInt64, step: Int, share: BatchShare? = nil) {
        self.seed = seed
        self.step = step
        self.share = share
    }

    /// `count`: numbers that a tensor takes of it, the same for every item of the batch; an item draws the same numbers
    /// whichever process has it.
    package func next(_ purpose: String, count: Int = 0) -> RandomStream {
        defer { calls += 1 }
        var stream = RandomStream(seed: seed, name: "\(purpose)#\(calls)", step: step)
        if let share { stream.origin = count / share.rows.count * share.rows.lowerBound }
        return stream
    }
}
