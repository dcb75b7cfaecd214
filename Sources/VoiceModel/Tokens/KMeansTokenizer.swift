import Foundation
import Tensor

/// Tokens as k-means clusters of stacked mel-cepstral frames of one voice.
package struct KMeansTokenizer: SemanticTokenizer, Equatable {
    /// [K × 40]
    private let centroids: [Float]
    private let scale: FeatureScale
    private let centers: Centers
    private let features: CepstralFeatures

    /// The least codes a voice may have.
    package static let minimumCodes = 8
    /// Tokens that every code should stand for.
    package static let vectorsPerCode = 12
    private static let maximumIterations = 100

    /// The most codes of a preset.
    package static func codeLimit(_ preset: ModelPreset) -> Int {
        switch preset {
        case .tiny: 64
        case .nano: 512
        case .standard, .v2: 1024
        }
    }

    /// How far `fit` is.
    package enum FittingProgress: Sendable, Equatable {
        /// Centres found of those wanted.
        case seeding(found: Int, of: Int)
        /// Iterations done of those allowed; it may end earlier.
        case refining(iteration: Int, of: Int)
    }

    /// Finds min(`limit`, tokens / 12) codes in a voice.
    ///
    /// - Parameters:
    ///   - mels: log mel spectrograms at 50 frames per second, each [80, T] or [1, 80, T].
    ///   - limit: see `codeLimit`.
    ///   - progress: told how far it is; false ends it with `CancellationError`.
    /// - Throws: `TokenizerError` when there is too little speech, `CancellationError`.
    package static func fit(
        _ mels: [Tensor], limit: Int, seed: UInt64, progress: ((FittingProgress) -> Bool)? = nil
    ) throws -> KMeansTokenizer {
        let features = CepstralFeatures()
        let raw = mels.flatMap { features($0) }
        let vectors = raw.count / CepstralFeatures.width
        let needed = minimumCodes * vectorsPerCode
        guard vectors >= needed else {
            throw TokenizerError.tooLittleSpeech(found: Double(vectors) / 25, needed: Double(needed) / 25)
        }
        guard raw.allSatisfy(\.isFinite) else { throw TokenizerError.nonFinite }
        let codes = min(limit, vectors / vectorsPerCode)
        let scale = FeatureScale(of: raw)
        let clusters = KMeans(vectors: scale.standardize(raw), width: CepstralFeatures.width)
        let seeds = try clusters.seeds(codes, random: RandomStream(seed: seed, name: "k-means")) {
            progress?(.seeding(found: $0, of: codes)) ?? true
        }
        let centroids = try clusters.refined(seeds, maximumIterations: maximumIterations) {
            progress?(.refining(iteration: $0, of: maximumIterations)) ?? true
        }
        return KMeansTokenizer(centroids: centroids, scale: scale)
    }

    private init(centroids: [Float], scale: FeatureScale) {
        self.centroids = centroids
        self.scale = scale
        centers = Centers(centroids, width: CepstralFeatures.width)
        features = CepstralFeatures()
    }

    package var codeCount: Int { centers.count }

    package func tokens(of mel: Tensor) -> [Int] {
        KMeans(vectors: scale.standardize(features(mel)), width: CepstralFeatures.width).assignment(to: centers).labels
    }

    package static func == (a: KMeansTokenizer, b: KMeansTokenizer) -> Bool {
        a.centroids == b.centroids && a.scale == b.scale
    }
}

extension KMeansTokenizer {
    package var state: [(name: String, tensor: Tensor)] {
        [
            ("centroids", Tensor(centroids, shape: [codeCount, CepstralFeatures.width])),
            ("mean", Tensor(scale.mean, shape: [scale.mean.count])),
            ("deviation", Tensor(scale.deviation, shape: [scale.deviation.count])),
        ]
    }

    /// The tokenizer that had this `state`.
    ///
    /// - Throws: `TokenizerError.unreadableState`.
    package init(state tensor: (String) -> Tensor?) throws {
        func read(_ name: String, width: Int, rank: Int) throws -> [Float] {
            guard let found = tensor(name), found.rank == rank, found.shape[rank - 1] == width, found.count > 0 else {
                throw TokenizerError.unreadableState(tensor: name)
            }
            return found.values
        }
        self.init(
            centroids: try read("centroids", width: CepstralFeatures.width, rank: 2),
            scale: FeatureScale(
                mean: try read("mean", width: CepstralFeatures.coefficients, rank: 1),
                deviation: try read("deviation", width: CepstralFeatures.coefficients, rank: 1)))
    }
}
