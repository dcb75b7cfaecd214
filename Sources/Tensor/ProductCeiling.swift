import COpenBLAS

/// What OpenBLAS reaches here on all our threads, in GFLOP/s: the best of several products of 1024 × 1024 per thread.
/// Speeds are quoted beside it.
package func measuredProductCeiling() -> Double {
    let size = 1024, copies = Threads.count
    let a = RandomStream(seed: 1, name: "ceiling").uniform([size, size])
    let results = (0..<copies).map { _ in Tensor(uninitialized: [size, size]) }
    var best = 0.0
    for _ in 0..<8 {
        let started = ContinuousClock.now
        parallelFor(copies) { copy in
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(size), Int32(size), Int32(size), 1, a.pointer,
                Int32(size), a.pointer, Int32(size), 0, results[copy].pointer, Int32(size))
        }
        let seconds = (ContinuousClock.now - started).inSeconds
        best = max(best, 2 * Double(size * size * size * copies) / seconds / 1e9)
    }
    return best
}
