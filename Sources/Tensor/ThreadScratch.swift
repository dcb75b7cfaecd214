import CKernels

/// Memory for the items of a parallel loop, made once for each thread that takes part: an item that asked for its own
/// would wait for the others that ask, too.
struct ThreadScratch: ~Copyable {
    private let floats: Int
    private let memories: UnsafeMutableBufferPointer<Storage?>

    fileprivate init(_ floats: Int, _ memories: UnsafeMutableBufferPointer<Storage?>) {
        (self.floats, self.memories) = (floats, memories)
    }

    /// This thread's memory, until the loop's end. An item finds in it what another left.
    var mine: UnsafeMutablePointer<Float> {
        let thread = Int(ck_thread_number())
        if let memory = memories[thread] {
            memory.poison()
            return memory.pointer
        }
        let memory = Storage(count: floats)
        memories[thread] = memory
        return memory.pointer
    }
}

/// Runs `body` with scratch memory of `floats` for each thread of its loops.
func withScratch(_ floats: Int, _ body: (borrowing ThreadScratch) -> Void) {
    withUnsafeTemporaryAllocation(of: Storage?.self, capacity: Int(ck_most_threads)) { memories in
        memories.initialize(repeating: nil)
        body(ThreadScratch(floats, memories))
        memories.deinitialize()
    }
}
