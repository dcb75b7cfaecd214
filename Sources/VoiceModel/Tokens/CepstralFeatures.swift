import Foundation
import Tensor

/// Mel-cepstral coefficients of log mel frames: an orthonormal DCT-II over the bands, its first coefficients kept.
///
/// Plain loops in one order, so that the same mel gives the same bits on every machine.
struct CepstralFeatures: Sendable {
    static let bands = 80
    static let coefficients = 20
    /// Frames of one token: 2 × 20 ms.
    static let framesPerToken = 2
    /// Numbers of one token.
    static let width = coefficients * framesPerToken

    /// [coefficients × bands]
    private let basis: [Float]

    init() {
        let bands = Double(Self.bands)
        basis = (0..<Self.coefficients).flatMap { k in
            (0..<Self.bands).map { band in
                let scale = (k == 0 ? 1 / bands : 2 / bands).squareRoot()
                return Float(scale * cos(.pi * Double(k) * (Double(band) + 0.5) / bands))
            }
        }
    }

    /// [80, T] or [1, 80, T] -> T / 2 stacked pairs of frames, `width` numbers each, earlier frame first.
    func callAsFunction(_ mel: Tensor) -> [Float] {
        let (bands, coefficients, width) = (Self.bands, Self.coefficients, Self.width)
        precondition(
            mel.rank >= 2 && mel.shape[mel.rank - 2] == bands && mel.count == bands * mel.shape[mel.rank - 1],
            "tokens are made of [\(bands), T], this has a shape of \(mel.shape)")
        let frames = mel.shape[mel.rank - 1]
        let used = frames / Self.framesPerToken * Self.framesPerToken
        var features = [Float](repeating: 0, count: used / Self.framesPerToken * width)
        features.withUnsafeMutableBufferPointer { out in
            for band in 0..<bands {
                let row = mel.pointer + band * frames
                for frame in 0..<used {
                    for k in 0..<coefficients { out[frame * coefficients + k] += basis[k * bands + band] * row[frame] }
                }
            }
        }
        return features
    }
}

/// Mean and deviation of every cepstral coefficient over a voice.
struct FeatureScale: Sendable, Equatable {
    let mean: [Float]
    let deviation: [Float]

    init(mean: [Float], deviation: [Float]) {
        self.mean = mean
        self.deviation = deviation
    }

    /// Measured on stacked frames.
    init(of features: [Float]) {
        let width = CepstralFeatures.coefficients
        let frames = features.count / width
        var sums = [Double](repeating: 0, count: width)
        var squares = sums
        for (index, value) in features.enumerated() { sums[index % width] += Double(value) }
        let means = sums.map { $0 / Double(max(1, frames)) }
        for (index, value) in features.enumerated() {
            let difference = Double(value) - means[index % width]
            squares[index % width] += difference * difference
        }
        mean = means.map { Float($0) }
        // A coefficient that never moves stays as it is.
        deviation = squares.map { $0 > 0 ? Float(($0 / Double(frames)).squareRoot()) : 1 }
    }

    func standardize(_ features: [Float]) -> [Float] {
        var result = features
        let width = mean.count
        for index in result.indices { result[index] = (result[index] - mean[index % width]) / deviation[index % width] }
        return result
    }
}
