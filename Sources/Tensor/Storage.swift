import Foundation

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
    }

    deinit {
        StoragePool.shared.give(pointer, capacity: capacity)
    }
}

/// Keeps freed blocks by size, so that a training step of a shape seen before allocates nothing.
final class StoragePool: @unchecked Sendable {  // guarded by `lock`
    static let shared = StoragePool()

    private let lock = NSLock()
    private var free: [Int: [UnsafeMutablePointer<Float>]] = [:]
    private var heldBytes = 0
    /// Blocks beyond this are returned to the system at once.
    private let heldLimit = 6 << 30
    private static let hugePage = 2 << 20

    /// Sizes are rounded up to an eighth of a power of two, so that lengths that vary a little share blocks.
    private static func rounded(_ count: Int) -> Int {
        let atLeast = max(count, 64)
        let granule = max(64, 1 << max(0, (Int.bitWidth - (atLeast - 1).leadingZeroBitCount) - 4))
        return (atLeast + granule - 1) / granule * granule
    }

    func take(_ count: Int) -> (UnsafeMutablePointer<Float>, Int) {
        let capacity = Self.rounded(count)
        lock.lock()
        if let pointer = free[capacity]?.popLast() {
            heldBytes -= capacity * 4
            lock.unlock()
            return (pointer, capacity)
        }
        lock.unlock()
        let bytes = capacity * 4
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: bytes >= Self.hugePage ? Self.hugePage : 64)
        // Large blocks live as long as training does: big pages spare half a million page faults. Only advice.
        if bytes >= Self.hugePage { madvise(raw, bytes, Int32(MADV_HUGEPAGE)) }
        return (raw.bindMemory(to: Float.self, capacity: capacity), capacity)
    }

    func give(_ pointer: UnsafeMutablePointer<Float>, capacity: Int) {
        lock.lock()
        if heldBytes + capacity * 4 <= heldLimit {
            heldBytes += capacity * 4
            free[capacity, default: []].append(pointer)
            lock.unlock()
            return
        }
        lock.unlock()
        UnsafeMutableRawPointer(pointer).deallocate()
    }
}
