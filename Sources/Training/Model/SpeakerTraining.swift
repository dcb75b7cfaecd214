import Neural
import VoiceModel

/// What the speaker stage has beside SoVITS' speaker encoder: a classifier of the training speakers, and the optimizer of
/// both.
final class SpeakerTraining {
    /// In the order of the classifier's rows.
    let speakers: [String]
    let classifier: SpeakerClassifier
    let optimizer: AdamW

    init(_ speakers: [String], _ sovits: SoVITS, _ configuration: VoiceConfiguration) {
        self.speakers = speakers
        classifier = SpeakerClassifier(speakers: speakers.count, width: sovits.configuration.speakerWidth)
        classifier.initialize(seed: configuration.randomSeed &+ 4)
        optimizer = AdamW(
            sovits.speakerParameters + classifier.parameters,
            settings: .init(
                beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: Float(configuration.optimizer.weightDecay)))
    }
}

/// Where the speaker stage stands.
package struct SpeakerPosition: Sendable, Codable, Equatable {
    package var place = SamplerPosition()
    package var updates = 0
    /// The speakers that train it, in the order of the classifier's rows.
    package var names: [String]
    /// Others that trained it before the voice's clips changed: none of them is held out any more. nil when there are none.
    package var former: [String]?
    /// Of the weights that stand beside it in a checkpoint; nil in memory, and where there were no pairs.
    package var heldOut: HeldOutSpeakers?

    package init(names: [String]) { self.names = names }
}

/// How well an encoder tells speakers apart that never trained it.
package struct HeldOutSpeakers: Sendable, Codable, Equatable {
    package var speakers: Int
    /// Equal error rate over all pairs of their clips, 0 ... 1.
    package var errorRate: Double

    package init(speakers: Int, errorRate: Double) {
        self.speakers = speakers
        self.errorRate = errorRate
    }
}
