import Neural
import Tensor

/// What a quantizer makes of its input.
package struct Quantization {
    /// The chosen vectors, [B, D, T].
    package let quantized: Tensor
    /// Their indices, row-major [B, T].
    package let codes: [Int]
    /// Mean squared distance of the input from its vectors, a scalar whose gradient reaches the input only; 0 when
    /// nothing is learned.
    package let commitment: Tensor
}

/// The one codebook of the public v2 graph: every frame of [B, D, T] becomes its nearest vector (van den Oord et al.
/// 2017).
///
/// The codebook is state, not trained by an optimizer: while training, each vector follows the mean of the frames that
/// chose it, as an exponential moving average. The first training batch seeds it when no weights were read.
package final class ResidualVectorQuantizer: Module {
    package let codeCount: Int
    package let width: Int
    private let codebook: Codebook

    package init(codes: Int = 1024, width: Int = 768) {
        codeCount = codes
        self.width = width
        codebook = Codebook(codes: codes, width: width)
    }

    /// The vectors, [K, D].
    package var table: Tensor { codebook.vectors }

    /// Quantizes [B, D, T] without learning anything; no gradient goes back.
    package func quantize(_ x: Tensor) -> Quantization {
        let codes = codebook.nearest(rows(x.detached()))
        return Quantization(quantized: decode(codes, batch: x.shape[0]), codes: codes, commitment: .scalar(0))
    }

    /// Quantizes [B, D, T] by the present codebook, then moves it towards the input. The gradient of what comes out
    /// goes to the input unchanged (straight through). `randomness` chooses the frames that seed an empty codebook.
    package func quantizeAndLearn(_ x: Tensor, _ randomness: StepRandomness) -> Quantization {
        // Everybody's frames: each process moves its own copy of the codebook, by all of them.
        let whole = randomness.share?.gathered(x) ?? x.detached(), frames = rows(whole)
        if !codebook.isSeeded { codebook.seed(from: frames, randomness.next("codebook")) }
        let codes = codebook.nearest(frames)
        let all = decode(codes, batch: whole.shape[0]), own = randomness.share?.rows ?? 0..<x.shape[0]
        let chosen = randomness.share == nil ? all : all.items(own)
        codebook.follow(frames, codes)
        let straightThrough = chosen.copied().recorded([x]) { dy in [dy] }
        let length = codes.count / max(1, whole.shape[0])
        return Quantization(
            quantized: straightThrough, codes: Array(codes[own.lowerBound * length..<own.upperBound * length]),
             commitment: (chosen - x).squared().mean())
    }

    /// The vectors of codes, row-major [B, T]: -> [B, D, T].
    package func decode(_ codes: [Int], batch: Int) -> Tensor {
        codebook.vectors.embedding(codes, shape: [batch, codes.count / max(1, batch)]).transposed()
    }

    private func rows(_ x: Tensor) -> Tensor {
        precondition(x.rank == 3 && x.shape[1] == width, "a codebook of width \(width) cannot quantize \(x.shape)")
        return x.transposed().reshaped([-1, width])
    }

    package func collect(_ state: StateCollector) { state.child("_codebook", codebook) }
}

/// K vectors, and the moving averages they are made of.
private final class Codebook: Module {
    let vectors: Tensor
    private let sums, sizes, seeded: Tensor
    private let decay: Float = 0.99
    /// Keeps the vector of a code that nobody chose from being 0 / 0 (Laplace smoothing).
    private let epsilon: Float = 1e-5

    init(codes: Int, width: Int) {
        vectors = .zeros([codes, width])
        sums = .zeros([codes, width])
        sizes = .zeros([codes])
        seeded = .zeros([1])
    }

    var isSeeded: Bool { seeded.item != 0 }

    /// The index of the nearest vector of each row of [M, D]; the first of equals.
    func nearest(_ rows: Tensor) -> [Int] {
        // |x − e|² is smallest where x·e − |e|²/2 is largest.
        let scores = rows.linear(weight: vectors, bias: vectors.squared().sum(axis: 1) * -0.5)
        let count = vectors.shape[0]
        return (0..<rows.shape[0]).map { row in
            let line = scores.pointer + row * count
            var best = 0
            for code in 1..<max(1, count) where line[code] > line[best] { best = code }
            return best
        }
    }

    func seed(from rows: Tensor, _ stream: RandomStream) {
        let (count, width) = (vectors.shape[0], vectors.shape[1])
        // A random order of the frames, taken again from the start when there are fewer of them than codes.
        var order = Array(0..<rows.shape[0])
        for index in stride(from: order.count - 1, to: 0, by: -1) {
            order.swapAt(index, stream.integer(below: index + 1, at: index))
        }
        guard !order.isEmpty else { return }
        for code in 0..<count {
            let source = rows.pointer + order[code % order.count] * width
            (vectors.pointer + code * width).update(from: source, count: width)
        }
        sums.overwrite(vectors)
        sizes.pointer.update(repeating: 1, count: count)
        seeded.pointer[0] = 1
    }

    /// One step of the moving averages; sums in the order of the rows, so that they come out the same every time.
    func follow(_ rows: Tensor, _ codes: [Int]) {
        let (count, width) = (vectors.shape[0], vectors.shape[1])
        let batchSums = Tensor.zeros([count, width]), batchSizes = Tensor.zeros([count])
        for (row, code) in codes.enumerated() {
            let (source, target) = (rows.pointer + row * width, batchSums.pointer + code * width)
            for d in 0..<width { target[d] += source[d] }
            batchSizes.pointer[code] += 1
        }
        sizes.overwrite(sizes * decay + batchSizes * (1 - decay))
        sums.overwrite(sums * decay + batchSums * (1 - decay))
        let total = sizes.sum().item
        let smoothed = (sizes + epsilon) * (total / (total + Float(count) * epsilon))
        vectors.overwrite(sums / smoothed.reshaped([count, 1]))
    }

    func collect(_ state: StateCollector) {
        state.statistic("inited", seeded, 0)
        state.statistic("cluster_size", sizes, 0)
        state.statistic("embed", vectors, 0)
        state.statistic("embed_avg", sums, 0)
    }
}
