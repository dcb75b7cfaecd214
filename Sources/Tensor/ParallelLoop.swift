import CKernels
import COpenBLAS

/// The number of threads a parallel loop may use. Results do not depend on it.
package enum Threads {
    package static var count: Int { Int(ck_threads()) }

    /// Sets our pool's size and holds OpenBLAS to one thread inside each of our items.
    package static func use(_ count: Int) {
        openblas_set_num_threads(1)
        ck_set_threads(Int32(clamping: count))
    }

    /// Runs `body` with threads that do not sleep between loops. A host that lends its cores puts those that seem idle
    /// together on one of its own, and takes a tenth of a second to part them: short loops between long pauses would be
    /// timed at half their speed.
    package static func awake<Result>(_ body: () throws -> Result) rethrows -> Result {
        ck_keep_threads_awake(1)
        defer { ck_keep_threads_awake(0) }
        return try body()
    }
}

/// Runs `body(0 ..< count)` on the pool. An item must own what it writes; `count` must come from shapes alone.
@inlinable
package func parallelFor(_ count: Int, _ body: (Int) -> Void) {
    if count <= 1 {
        if count == 1 { body(0) }
        return
    }
    withoutActuallyEscaping(body) { escaping in
        var box = LoopBody(run: escaping)
        withUnsafeMutablePointer(to: &box) { context in
            ck_parallel(
                Int64(count),
                { context, index in
                    context!.assumingMemoryBound(to: LoopBody.self).pointee.run(Int(index))
                }, context)
        }
    }
}

@usableFromInline
struct LoopBody {
    @usableFromInline let run: (Int) -> Void
    @usableFromInline init(run: @escaping (Int) -> Void) { self.run = run }
}

/// Elements one item of an element-wise loop takes.
@usableFromInline let pieceSize = 16384

/// Cuts `count` elements into fixed pieces and runs `body(start, length)` on each.
@inlinable
package func parallelPieces(of count: Int, _ body: (Int, Int) -> Void) {
    parallelFor((count + pieceSize - 1) / pieceSize) { piece in
        let start = piece * pieceSize
        body(start, min(pieceSize, count - start))
    }
}
