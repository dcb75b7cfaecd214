import Tensor

/// Clusters vectors with k-means++ seeding (Arthur & Vassilvitskii 2007) and Lloyd's iterations.
///
/// Every sum has one order and every item of a parallel loop owns what it writes: the same bytes at any thread count.
struct KMeans {
    /// Numbers of one vector.
    let width: Int
    /// [count × width]
    let vectors: [Float]
    let count: Int
    private let blockSize = 256

    init(vectors: [Float], width: Int) {
        self.vectors = vectors
        self.width = width
        count = vectors.count / width
    }

    /// Vectors that became centres, each drawn with a probability proportional to its squared distance from the nearest
    /// centre so far: [codes × width]. `progress` is told the centres found; false cancels.
    func seeds(_ codes: Int, random: RandomStream, progress: (Int) -> Bool) throws -> [Float] {
        var centers = [Float]()
        var distances = [Float](repeating: .infinity, count: count)
        var chosen = random.integer(below: count, at: 0)
        for found in 1...codes {
            let center = Array(vectors[chosen * width..<(chosen + 1) * width])
            centers += center
            guard progress(found) else { throw CancellationError() }
            if found == codes { break }
            lower(&distances, towards: center)
            let total = distances.reduce(0.0) { $0 + Double($1) }
            // 2^53 steps: all a double can tell apart.
            var rest = total * Double(random.integer(below: 1 << 53, at: found)) / Double(1 << 53)
            chosen = distances.lastIndex { $0 > 0 } ?? random.integer(below: count, at: found)
            for (index, distance) in distances.enumerated() where distance > 0 {
                rest -= Double(distance)
                if rest < 0 {
                    chosen = index
                    break
                }
            }
        }
        return centers
    }

    private func lower(_ distances: inout [Float], towards center: [Float]) {
        distances.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let slots = buffer
            forEachBlock { range in
                for index in range {
                    var distance: Float = 0
                    for d in 0..<width {
                        let difference = vectors[index * width + d] - center[d]
                        distance += difference * difference
                    }
                    slots[index] = min(slots[index], distance)
                }
            }
        }
    }

    /// Moves centres to the mean of their vectors until no vector changes its centre or `maximumIterations` are done.
    /// `progress` is told the iterations done; false cancels.
    func refined(_ centers: [Float], maximumIterations: Int, progress: (Int) -> Bool) throws -> [Float] {
        var centers = centers
        var before = [Int]()
        for iteration in 1...max(1, maximumIterations) {
            let (labels, distances) = assignment(to: Centers(centers, width: width))
            if labels == before { break }
            before = labels
            centers = means(labels, distances, codes: centers.count / width)
            guard progress(iteration) else { throw CancellationError() }
        }
        return centers
    }

    /// The nearest centre of every vector and the squared distance from it.
    func assignment(to centers: Centers) -> (labels: [Int], distances: [Float]) {
        var labels = [Int](repeating: 0, count: count)
        var distances = [Float](repeating: 0, count: count)
        labels.withUnsafeMutableBufferPointer { labelBuffer in
            distances.withUnsafeMutableBufferPointer { distanceBuffer in
                nonisolated(unsafe) let (labelSlots, distanceSlots) = (labelBuffer, distanceBuffer)
                vectors.withUnsafeBufferPointer { source in
                    forEachBlock { range in
                        var scores = [Float](repeating: 0, count: centers.count)
                        for index in range {
                            let vector = UnsafeBufferPointer(rebasing: source[index * width..<(index + 1) * width])
                            (labelSlots[index], distanceSlots[index]) = centers.nearest(to: vector, scratch: &scores)
                        }
                    }
                }
            }
        }
        return (labels, distances)
    }

    /// The means by label; a centre without a vector takes the one farthest from its own centre, first of equals.
    private func means(_ labels: [Int], _ distances: [Float], codes: Int) -> [Float] {
        var sums = [Double](repeating: 0, count: codes * width)
        var sizes = [Int](repeating: 0, count: codes)
        for (index, label) in labels.enumerated() {
            sizes[label] += 1
            for d in 0..<width { sums[label * width + d] += Double(vectors[index * width + d]) }
        }
        var centers = [Float](repeating: 0, count: codes * width)
        let empty = (0..<codes).filter { sizes[$0] == 0 }
        let farthest =
            empty.isEmpty
            ? []
            : distances.indices.sorted {
                distances[$0] != distances[$1] ? distances[$0] > distances[$1] : $0 < $1
            }
        for code in 0..<codes where sizes[code] > 0 {
            for d in 0..<width { centers[code * width + d] = Float(sums[code * width + d] / Double(sizes[code])) }
        }
        for (code, index) in zip(empty, farthest) {
            for d in 0..<width { centers[code * width + d] = vectors[index * width + d] }
        }
        return centers
    }

    private func forEachBlock(_ body: (Range<Int>) -> Void) {
        parallelFor((count + blockSize - 1) / blockSize) { block in
            body(block * blockSize..<min(count, (block + 1) * blockSize))
        }
    }
}

/// Centres, kept so that the distances to all of them are one loop over centres per dimension.
struct Centers: Sendable {
    let count: Int
    private let width: Int
    /// [width × count]
    private let transposed: [Float]
    /// ‖c‖² / 2
    private let halfNorms: [Float]

    init(_ centers: [Float], width: Int) {
        let count = centers.count / width
        self.count = count
        self.width = width
        transposed = (0..<width).flatMap { d in (0..<count).map { centers[$0 * width + d] } }
        halfNorms = (0..<count).map { code in
            centers[code * width..<(code + 1) * width].reduce(0) { $0 + $1 * $1 } / 2
        }
    }

    /// The nearest centre, the first of equals, and the squared distance from it (never below 0).
    func nearest(to vector: UnsafeBufferPointer<Float>, scratch: inout [Float]) -> (Int, Float) {
        var norm: Float = 0
        return scratch.withUnsafeMutableBufferPointer { scores in
            transposed.withUnsafeBufferPointer { table in
                for code in 0..<count { scores[code] = halfNorms[code] }
                for d in 0..<width {
                    let value = vector[d]
                    let row = table.baseAddress! + d * count
                    norm += value * value
                    for code in 0..<count { scores[code] -= value * row[code] }
                }
            }
            var best = 0
            for code in 1..<max(1, count) where scores[code] < scores[best] { best = code }
            return (best, max(0, norm + 2 * scores[best]))
        }
    }
}
