import Foundation

/// The part of the training state that is not tensors: where training stands, exactly.
package struct TrainingPosition: Sendable, Codable, Equatable {
    /// Steps done since the voice began; never resets.
    package var step = 0
    package var seed: UInt64
    package var sovits = SamplerPosition()
    package var prior = SamplerPosition()
    package var updates = OptimizerCounts()
    /// nil before the first step of the speaker stage, so that a state without one is the same bytes as ever.
    package var speakers: SpeakerPosition?
    /// A stage that replaces the schedule, by the user's wish.
    package var stageOverride: Stage?
    /// Multiplies every learning rate, by the user's wish.
    package var learningRateFactor = 1.0
    /// What the user changed of voice.toml while training, by the setting's dotted name, written as there; nil when
    /// nothing is changed, so that such a state is the same bytes as ever.
    package var settings: [String: String]?
    /// The adapters that are trained, as they were first set; nil when every weight is trained.
    package var lora: VoiceConfiguration.LowRank?
    package var preset: String
    package var symbolCount: Int
    package var codeCount: Int
    /// Semantic tokens per symbol of text: what limits a sentence's length in synthesis.
    package var tokensPerSymbol: Double
}

extension TrainingPosition {
    /// Where a stage stands in its clips.
    package func place(of stage: Stage) -> SamplerPosition {
        switch stage {
        case .sovits: sovits
        case .prior: prior
        case .speaker: speakers?.place ?? SamplerPosition()
        }
    }

    mutating func move(_ stage: Stage, to place: SamplerPosition) {
        switch stage {
        case .sovits: sovits = place
        case .prior: prior = place
        case .speaker: speakers?.place = place
        }
    }
}
