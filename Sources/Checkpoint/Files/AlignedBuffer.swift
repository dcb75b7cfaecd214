/// Memory that begins at a multiple of the page: what a disk takes and gives without a copy in between.
final class AlignedBuffer {
    static let alignment = 4096
    /// Large enough that a call costs nothing beside the disk.
    static let largest = 4 << 20
    /// Files from this size on go past the page cache.
    static let directFrom = 1 << 20
    /// What is hashed, and copied, while it is in the processor's own cache.
    static let piece = 128 << 10

    let bytes: UnsafeMutableRawBufferPointer

    /// - Parameter count: a multiple of `alignment`.
    init(count: Int) {
        bytes = .allocate(byteCount: count, alignment: Self.alignment)
    }

    deinit { bytes.deallocate() }

    /// As many bytes as a file of that length needs, at most `largest`.
    convenience init(for length: Int) {
        let pages = (max(1, min(length, Self.largest)) + Self.alignment - 1) / Self.alignment
        self.init(count: pages * Self.alignment)
    }
}
