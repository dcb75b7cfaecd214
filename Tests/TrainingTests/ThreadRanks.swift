import Foundation
import Tensor
import Training

/// A process group of threads: what the others give is read from their memory.
final class ThreadRank: ProcessGroup {
    let rank, count: Int
    private let meetings: [ProcessChannel: Meeting]

    private init(_ rank: Int, of count: Int, _ meetings: [ProcessChannel: Meeting]) {
        (self.rank, self.count, self.meetings) = (rank, count, meetings)
    }

    static func all(_ count: Int) -> [ThreadRank] {
        let meetings = [ProcessChannel.steps: Meeting(count), .gradients: Meeting(count)]
        return (0..<count).map { ThreadRank($0, of: count, meetings) }
    }

    /// What every rank returns, each on a thread of its own.
    static func run<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (ThreadRank) throws -> Value
    ) async throws -> [Value] {
        let tasks = all(count).map { rank in Task { try await rank.run(body) } }
        var values: [Value] = []
        for task in tasks { values.append(try await task.value) }
        return values
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable (ThreadRank) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try body(self) }) }
            thread.stackSize = 16 << 20
            thread.start()
        }
    }

    func gather(
        _ mine: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, sizes: [Int],
        on channel: ProcessChannel
    ) {
        meetings[channel]?.meet(rank, .init(bytes: mine)) { offers in
            var place = 0
            for (offer, size) in zip(offers, sizes) {
                precondition(offer.bytes.count == size, "a rank gives \(offer.bytes.count) bytes where \(size) are due")
                Self.copy(offer.bytes, into: all, at: place)
                place += size
            }
        }
    }

    func exchange(
        _ mine: UnsafeRawBufferPointer, sent: [Int], into all: UnsafeMutableRawBufferPointer, received: [Int],
        on channel: ProcessChannel
    ) {
        meetings[channel]?.meet(rank, .init(bytes: mine, sizes: sent)) { offers in
            var place = 0
            for (offer, size) in zip(offers, received) {
                let start = offer.sizes[..<rank].reduce(0, +), end = start + offer.sizes[rank]
                precondition(end - start == size, "a rank sends \(end - start) bytes where \(size) are due")
                Self.copy(UnsafeRawBufferPointer(rebasing: offer.bytes[start..<end]), into: all, at: place)
                place += size
            }
        }
    }

    func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {
        meetings[.steps]?.meet(rank, .init(bytes: UnsafeRawBufferPointer(bytes))) { offers in
            precondition(offers[0].bytes.count == bytes.count)
            if rank != 0 { Self.copy(offers[0].bytes, into: bytes, at: 0) }
        }
    }

    func abort() -> Never { fatalError("rank \(rank) ended all") }

    private static func copy(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, at place: Int
    ) {
        guard !source.isEmpty else { return }
        UnsafeMutableRawBufferPointer(rebasing: target[place..<place + source.count]).copyMemory(from: source)
    }
}

/// Where the ranks come together on one channel, call by call.
private final class Meeting: @unchecked Sendable {  // guarded by `condition`
    struct Offer {
        var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        /// How many of them are for each rank.
        var sizes: [Int] = []
    }

    private let condition = NSCondition()
    private var offers: [Offer]
    private var arrived = 0
    private var round = 0

    init(_ count: Int) { offers = Array(repeating: Offer(), count: count) }

    /// Lets `read` see what all ranks brought; returns when all have seen it, as their memory is theirs again then.
    func meet(_ rank: Int, _ offer: Offer, _ read: ([Offer]) -> Void) {
        read(wait { offers[rank] = offer })
        _ = wait {}
    }

    private func wait(_ arrive: () -> Void) -> [Offer] {
        condition.withLock {
            arrive()
            arrived += 1
            let mine = round
            if arrived == offers.count {
                arrived = 0
                round += 1
                condition.broadcast()
            }
            while round == mine { condition.wait() }
            return offers
        }
    }
}
