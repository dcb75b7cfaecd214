import Foundation

/// The part of the training state that is not tensors: where training stands, exactly.
struct TrainingPosition: Sendable, Codable, Equatable {
    /// Steps done since the voice began; never resets.
    var step = 0
    var seed: UInt64
    var sovits = SamplerPosition()
    var prior = SamplerPosition()
    var updates = OptimizerCounts()
    /// A stage that replaces the schedule, by the user's wish.
    var stageOverride: Stage?
    /// Multiplies every learning rate, by the user's wish.
    var learningRateFactor = 1.0
    var preset: String
    var symbolCount: Int
    var codeCount: Int
    /// Semantic tokens per symbol of text: what limits a sentence's length in synthesis.
    var tokensPerSymbol: Double
}
