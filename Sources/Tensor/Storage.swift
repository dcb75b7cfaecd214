import Foundation
import Synchronization

/// Contiguous float32 memory, aligned to 64 bytes, that goes back to a pool when nobody holds it.
///
/// The contents are undefined until written. A storage is written by whoever made it and only read afterwards;
/// parameters and optimizer moments are the exception, and they belong to the one thread that trains.
package final class Storage: @unchecked Sendable {  // guarded by the write-once rule above
    @usableFromInline package let pointer: UnsafeMutablePointer<Float>
    package let count: Int
    private let capacity: Int

    package init(count: Int) {
        self.count = count
        (pointer, capacity) = StoragePool.shared.take(count)
        poison()
    }

    /// Where storages are poisoned, makes it as undefined as it was at first.
    func poison() {
        if StoragePool.shared.isPoisoned { pointer.update(repeating: .nan, count: capacity) }
    }

    deinit {
        StoragePool.shared.give(pointer, capacity: capacity)
    }
}

/// Keeps freed blocks by size class, so that a training step of a shape seen before allocates nothing.
package final class StoragePool: @unchecked Sendable {  // guarded by `lock`
    package static let shared = StoragePool()

    private let lock = NSLock()
    private var free: [[UnsafeMutablePointer<Float>]] = Array(repeating: [], count: SizeClass.count)
    private var heldBytes = 0
    private var usedBytes = 0
    private var mostUsedBytes = 0
    private var allocationCount = 0
    /// Blocks that are free are kept up to this share of the most that was ever in use: enough for all that a step gives
    /// back, and for blocks of the lengths that other batches have.
    private static let heldShare = 1.25
    private static let hugePage = 2 << 20
    private let poisoned = Atomic(false)
    /// How many classes up a block may be borrowed from: at most half as large again. Clips vary in length from batch to
    /// batch, and exact fits only would keep a set of blocks for every length.
    private static let reach = 4

    package init() {}

    deinit {
        for pointer in free.joined() { UnsafeMutableRawPointer(pointer).deallocate() }
    }

    /// Whether a storage begins as not-a-numbers all over: then whatever reads what nobody wrote cannot go unseen, not even
    /// where it counts nothing by. For tests.
    package var isPoisoned: Bool {
        get { poisoned.load(ordering: .relaxed) }
        set { poisoned.store(newValue, ordering: .relaxed) }
    }

    /// How many blocks came from the system so far, because none that was free fitted.
    package var allocations: Int { lock.withLock { allocationCount } }

    package func take(_ count: Int) -> (UnsafeMutablePointer<Float>, Int) {
        let wanted = SizeClass(fitting: count)
        lock.lock()
        for index in wanted.index...min(wanted.index + Self.reach, SizeClass.count - 1) {
            guard let pointer = free[index].popLast() else { continue }
            let capacity = SizeClass(index: index).capacity
            heldBytes -= capacity * 4
            use(capacity)
            lock.unlock()
            return (pointer, capacity)
        }
        allocationCount += 1
        use(wanted.capacity)
        lock.unlock()
        let bytes = wanted.capacity * 4
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: bytes, alignment: bytes >= Self.hugePage ? Self.hugePage : 64)
        // Large blocks live as long as training does: big pages spare half a million page faults. Only advice.
        if bytes >= Self.hugePage { madvise(raw, bytes, Int32(MADV_HUGEPAGE)) }
        return (raw.bindMemory(to: Float.self, capacity: wanted.capacity), wanted.capacity)
    }

    /// Gives the system every block that nobody holds: for work of other shapes, which would find the pool full of blocks
    /// that it has no use for.
    package func drain() {
        let idle = lock.withLock {
            defer {
                free = Array(repeating: [], count: SizeClass.count)
                heldBytes = 0
            }
            return free.joined()
        }
        for pointer in idle { UnsafeMutableRawPointer(pointer).deallocate() }
    }

    private func use(_ capacity: Int) {
        usedBytes += capacity * 4
        mostUsedBytes = max(mostUsedBytes, usedBytes)
    }

    package func give(_ pointer: UnsafeMutablePointer<Float>, capacity: Int) {
        lock.lock()
        usedBytes -= capacity * 4
        if Double(usedBytes + heldBytes + capacity * 4) <= Self.heldShare * Double(mostUsedBytes) {
            heldBytes += capacity * 4
            free[SizeClass(fitting: capacity).index].append(pointer)
            lock.unlock()
            return
        }
        lock.unlock()
        UnsafeMutableRawPointer(pointer).deallocate()
    }
}

/// Eight sizes to every power of two, from 64 elements on: 64, 72, 80, … 120, 128, 144, …
package struct SizeClass: Equatable {
    package let index: Int
    package static let count = 8 * 40

    package init(index: Int) { self.index = index }

    /// The smallest that holds `elements`.
    package init(fitting elements: Int) {
        let atLeast = max(elements, 64)
        let exponent = Int.bitWidth - 1 - atLeast.leadingZeroBitCount
        let eighth = 1 << (exponent - 3)
        index = 8 * (exponent - 6) + (atLeast - (1 << exponent) + eighth - 1) / eighth
    }

    package var capacity: Int {
        let exponent = 6 + index / 8
        return (1 << exponent) + index % 8 * (1 << (exponent - 3))
    }
}
