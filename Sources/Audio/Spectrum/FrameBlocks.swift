import CKernels
import COpenBLAS
import Tensor

/// Frames one item of a parallel loop takes: fixed, so that the products do not depend on the number of threads.
private let blockFrames = 64

/// Calls `body(item of the batch, first frame, number of frames)` for every block, in parallel.
func forEachFrameBlock(batch: Int, time: Int, _ body: (Int, Int, Int) -> Void) {
    _ = singleThreadedBLAS
    let blocks = (time + blockFrames - 1) / blockFrames
    parallelFor(batch * blocks) { piece in
        let start = piece % blocks * blockFrames
        body(piece / blocks, start, min(blockFrames, time - start))
    }
}

/// Calls `body(item of the batch, first frame, number of frames)` for as many frames as the fast transform takes at a
/// time, in parallel.
func forEachFrameGroup(batch: Int, time: Int, _ body: (Int, Int, Int) -> Void) {
    let group = Int(ck_fourier_lanes), groups = (time + group - 1) / group
    parallelFor(batch * groups) { piece in
        let start = piece % groups * group
        body(piece / groups, start, min(group, time - start))
    }
}

/// c[rows, columns] = a[rows, depth] · b[depth, columns]; a stride is the distance between stored rows.
func multiply(
    rows: Int, columns: Int, depth: Int, _ a: UnsafePointer<Float>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Float>, stride bStride: Int, transposed bTransposed: Bool, into c: UnsafeMutablePointer<Float>,
    stride cStride: Int
) {
    cblas_sgemm(
        CblasRowMajor, aTransposed ? CblasTrans : CblasNoTrans, bTransposed ? CblasTrans : CblasNoTrans, Int32(rows),
        Int32(columns), Int32(depth), 1, a, Int32(aStride), b, Int32(bStride), 0, c, Int32(cStride))
}

/// OpenBLAS keeps to one thread inside our items, also where nobody has chosen a number of threads yet.
private let singleThreadedBLAS: Void = openblas_set_num_threads(1)
