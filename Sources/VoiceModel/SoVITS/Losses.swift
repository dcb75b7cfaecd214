import Tensor

/// The terms of SoVITS' loss, unweighted (VITS eq. 3-4, HiFi-GAN eq. 1-3).
package enum SoVITSLoss {
    /// KL of the posterior's flowed sample against the prior, per frame: m, log s of both [B, C, T], mask [B, 1, T].
    package static func kl(flowed: Tensor, posteriorLogDeviation: Tensor, prior: FrameDistribution, mask: Tensor)
        -> Tensor
    {
        let distance = (flowed - prior.mean).squared() * (prior.logDeviation * -2).exponential()
        let terms = prior.logDeviation - posteriorLogDeviation - 0.5 + distance * 0.5
        return (terms * mask).sum() / mask.detached().sum().item
    }

    /// Least squares: real scores to 1, generated ones to 0.
    package static func discriminator(real: [Judgement], generated: [Judgement]) -> Tensor {
        zip(real, generated).map { ($0.score - 1).squared().mean() + $1.score.squared().mean() }.total
    }

    /// Least squares: generated scores to 1.
    package static func adversarial(_ generated: [Judgement]) -> Tensor {
        generated.map { ($0.score - 1).squared().mean() }.total
    }

    /// Twice the mean distance of all feature maps; the real ones are detached.
    package static func featureMatching(real: [Judgement], generated: [Judgement]) -> Tensor {
        zip(real, generated).flatMap { r, g in
            zip(r.features, g.features).map { $1.meanAbsoluteDifference($0.detached()) }
        }.total * 2
    }

    /// Mean absolute distance of two log mel spectrograms.
    package static func mel(_ generated: Tensor, _ target: Tensor) -> Tensor {
        generated.meanAbsoluteDifference(target)
    }
}

extension [Tensor] {
    /// The sum of scalars, in order.
    fileprivate var total: Tensor { dropFirst().reduce(first ?? .scalar(0)) { $0 + $1 } }
}
