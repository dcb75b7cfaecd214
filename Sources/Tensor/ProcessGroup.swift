import CKernels

/// Two calls may be under way at once, one on each channel.
package enum ProcessChannel: Int, Sendable {
    /// What a step waits for.
    case steps
    /// What goes on beside backward.
    case gradients
}

/// Processes that train one model together; all of them make the same calls in the same order, on each channel.
///
/// A process that dies, or a network that fails, ends all of them: no call reports a failure.
package protocol ProcessGroup: AnyObject, Sendable {
    /// 0 ..< `count`; 0 is the one that saves and prints.
    var rank: Int { get }
    var count: Int { get }

    /// Everybody's bytes one after another, `sizes[r]` of rank r.
    func gather(
        _ mine: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, sizes: [Int],
        on channel: ProcessChannel)

    /// Sends `sent[r]` of the bytes to each rank r, in order, and receives `received[r]` of each.
    func exchange(
        _ mine: UnsafeRawBufferPointer, sent: [Int], into all: UnsafeMutableRawBufferPointer, received: [Int],
        on channel: ProcessChannel)

    /// Rank 0's bytes, everywhere; of less than 2 GiB.
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer)

    /// Ends all processes at once, with status 1.
    func abort() -> Never
}

extension ProcessGroup {
    /// Replaces `values` by their sums over all ranks, added in the order of the ranks. Each rank adds a slice for all,
    /// so that every one sends and receives what it would in a ring.
    package func sum(_ values: UnsafeMutablePointer<Float>, count length: Int, on channel: ProcessChannel) {
        let bounds = (0...count).map { $0 * length / count }
        let sizes = (0..<count).map { bounds[$0 + 1] - bounds[$0] }
        let own = sizes[rank], bytes = sizes.map { 4 * $0 }
        let parts = Storage(count: max(1, own * count)), whole = Storage(count: max(1, own))
        exchange(
            UnsafeRawBufferPointer(start: values, count: 4 * length), sent: bytes,
            into: UnsafeMutableRawBufferPointer(start: parts.pointer, count: 4 * own * count),
            received: Array(repeating: 4 * own, count: count), on: channel)
        whole.pointer.update(from: parts.pointer, count: own)
        for other in 1..<count { ck_accumulate(Int64(own), parts.pointer + other * own, whole.pointer) }
        gather(
            UnsafeRawBufferPointer(start: whole.pointer, count: 4 * own),
            into: UnsafeMutableRawBufferPointer(start: values, count: 4 * length), sizes: bytes, on: channel)
    }

    /// Everybody's numbers, as many of each, one rank after another.
    package func gathered<Number: BitwiseCopyable>(_ mine: [Number], zero: Number) -> [Number] {
        var all = [Number](repeating: zero, count: mine.count * count)
        mine.withUnsafeBytes { source in
            all.withUnsafeMutableBytes { target in
                gather(source, into: target, sizes: Array(repeating: source.count, count: count), on: .steps)
            }
        }
        return all
    }

    /// The sums of numbers over all ranks, added in the order of the ranks.
    package func sums(_ mine: [Double]) -> [Double] {
        let all = gathered(mine, zero: 0)
        return mine.indices.map { index in (0..<count).reduce(0) { $0 + all[$1 * mine.count + index] } }
    }

    /// Rank 0's bytes, everywhere; what the others give is not looked at.
    package func broadcast(_ bytes: [UInt8]) -> [UInt8] {
        var length = [Int64(bytes.count)]
        length.withUnsafeMutableBytes { broadcast($0) }
        var result = rank == 0 ? bytes : [UInt8](repeating: 0, count: Int(length[0]))
        let most = 1 << 28
        result.withUnsafeMutableBytes { buffer in
            for start in stride(from: 0, to: buffer.count, by: most) {
                broadcast(UnsafeMutableRawBufferPointer(rebasing: buffer[start..<min(buffer.count, start + most)]))
            }
        }
        return result
    }
}

/// The items of a batch that this process computes, of a whole that others have the rest of.
package struct BatchShare: Sendable {
    package let rows: Range<Int>
    package let total: Int
    package let group: any ProcessGroup

    /// Rows in the order of the ranks, as evenly as they go; nil when there are fewer rows than ranks: then every process
    /// computes them all.
    package init?(of total: Int, _ group: any ProcessGroup) {
        guard total >= group.count else { return nil }
        self.total = total
        self.group = group
        rows = group.rank * total / group.count..<(group.rank + 1) * total / group.count
    }

    /// The part of the whole that this is: what a mean over its items counts for.
    package var part: Float { Float(rows.count) / Float(total) }

    /// All items of tensors whose first axis is the batch, in their order and cut off from the tape.
    package func gathered(_ own: Tensor) -> Tensor {
        let item = own.shape.dropFirst().reduce(1, *)
        let sizes = (0..<group.count).map { ($0 + 1) * total / group.count - $0 * total / group.count }
        let whole = Tensor(uninitialized: [total] + own.shape.dropFirst())
        group.gather(
            UnsafeRawBufferPointer(start: own.pointer, count: 4 * own.count),
            into: UnsafeMutableRawBufferPointer(start: whole.pointer, count: 4 * whole.count),
            sizes: sizes.map { 4 * item * $0 }, on: .steps)
        return whole
    }
}
