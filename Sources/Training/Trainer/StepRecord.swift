import Foundation

/// What one step trains.
package enum Stage: String, Sendable, Codable, CaseIterable {
    /// SoVITS: discriminators, then generator.
    case sovits
    /// The GPT over semantic tokens.
    case prior
    /// The speaker encoder alone, told by many speakers' clips; only where it is asked for.
    case speaker

    /// What every voice can train.
    package static let ofEveryVoice: [Stage] = [.sovits, .prior]

    /// The loss that a curve of the stage is drawn of.
    package var headline: Metric {
        switch self {
        case .sovits: .mel
        case .prior: .crossEntropy
        case .speaker: .speakerLoss
        }
    }
}

/// A figure of one step; the raw values are the journal's and the JSON's names.
package enum Metric: String, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
    // sovits: each unweighted, except `total`, the weighted sum the generator descends
    case mel, kl, adversarial, total, discriminator
    case featureMatching = "feature_matching"
    /// v2's codebook, while it is learned.
    case commitment
    case generatorGradientNorm = "generator_gradient_norm"
    case discriminatorGradientNorm = "discriminator_gradient_norm"
    // prior: nats per token, share of tokens among the three most probable
    case crossEntropy = "cross_entropy"
    case topThreeAccuracy = "top3_accuracy"
    case priorGradientNorm = "prior_gradient_norm"
    // speaker: nats per crop with the margin, share of crops whose own speaker is the nearest
    case speakerLoss = "speaker_loss"
    case speakerAccuracy = "speaker_accuracy"
    case speakerGradientNorm = "speaker_gradient_norm"
    // held-out clips
    case validationMel = "validation_mel"
    case validationCrossEntropy = "validation_cross_entropy"
    case validationTopThree = "validation_top3_accuracy"
    /// Equal error rate over pairs of held-out speakers' clips.
    case validationSpeakerError = "validation_speaker_error"

    /// Those of held-out clips, which only some steps measure.
    package static let heldOut: [Metric] = [
        .validationMel, .validationCrossEntropy, .validationTopThree, .validationSpeakerError,
    ]
}

/// One step as the journal keeps it and `--json` prints it.
package struct StepRecord: Sendable, Codable, Equatable {
    package var branch: String
    /// The global step this record ends; the first is 1.
    package var step: Int
    package var stage: Stage
    /// Pass over the clips of this stage, from 0, and the batch inside it, from 0.
    package var epoch: Int
    package var batch: Int
    package var learningRate: Double
    package var metrics: [Metric: Float]
    /// Wall time of the step in seconds.
    package var seconds: Double
    /// Where several processes did it; the journal does not keep it.
    package var exchange: ExchangeFigures?

    package init(
        branch: String, step: Int, stage: Stage, epoch: Int, batch: Int, learningRate: Double,
        metrics: [Metric: Float], seconds: Double, exchange: ExchangeFigures? = nil
    ) {
        self.branch = branch
        self.step = step
        self.stage = stage
        self.epoch = epoch
        self.batch = batch
        self.learningRate = learningRate
        self.metrics = metrics
        self.seconds = seconds
        self.exchange = exchange
    }
}

/// Something that happened, in words a person reads: kept in the journal and shown in the log.
package struct JournalEvent: Sendable, Codable, Equatable {
    package enum Kind: String, Sendable, Codable {
        case started, resumed, paused, checkpoint, rolledBack, setting, validation, warning, failure, stopped, take
        /// A line that a library wrote to standard output or error while the studio was open.
        case library
    }
    package var date: Date
    package var branch: String
    package var step: Int
    package var kind: Kind
    package var message: String

    package init(date: Date, branch: String, step: Int, kind: Kind, message: String) {
        self.date = date
        self.branch = branch
        self.step = step
        self.kind = kind
        self.message = message
    }
}
