import Foundation

/// A sentence to hear.
package struct AuditionRequest: Sendable, Equatable {
    package var text: String
    /// A checkpoint's ID, or nil for the weights of this moment.
    package var checkpoint: String?
    package var seed: UInt64
    /// True to resynthesize a held-out clip from its own tokens instead of asking the prior.
    package var fromHeldOutClip: Bool

    package init(text: String, checkpoint: String?, seed: UInt64, fromHeldOutClip: Bool) {
        self.text = text
        self.checkpoint = checkpoint
        self.seed = seed
        self.fromHeldOutClip = fromHeldOutClip
    }
}

/// One synthesized utterance with all that made it.
package struct Take: Sendable, Codable, Equatable {
    package var path: String
    package var text: String
    package var checkpoint: String
    package var step: Int
    package var seed: UInt64
    /// "prior", or the held-out clip's id whose own tokens were resynthesized.
    package var source: String
    package var date: Date
    package var sampleRate: Int
    package var sampleCount: Int

    package init(
        path: String, text: String, checkpoint: String, step: Int, seed: UInt64, source: String, date: Date,
        sampleRate: Int, sampleCount: Int
    ) {
        self.path = path
        self.text = text
        self.checkpoint = checkpoint
        self.step = step
        self.seed = seed
        self.source = source
        self.date = date
        self.sampleRate = sampleRate
        self.sampleCount = sampleCount
    }
}
