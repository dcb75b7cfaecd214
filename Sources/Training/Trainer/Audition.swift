import Foundation

/// A sentence to hear.
package struct AuditionRequest: Sendable, Equatable {
    package var text: String
    /// A checkpoint's ID, or nil for the weights of this moment.
    package var checkpoint: String?
    package var seed: UInt64
    /// True to resynthesize a held-out clip from its own tokens instead of asking the prior.
    package var fromHeldOutClip: Bool
    /// The clip whose style is taken, by its ID; nil for the voice's default.
    package var reference: String?
    /// nil draws as voice.toml says.
    package var sampling: AuditionSampling?

    package init(
        text: String, checkpoint: String?, seed: UInt64, fromHeldOutClip: Bool, reference: String? = nil,
        sampling: AuditionSampling? = nil
    ) {
        self.text = text
        self.checkpoint = checkpoint
        self.seed = seed
        self.fromHeldOutClip = fromHeldOutClip
        self.reference = reference
        self.sampling = sampling
    }
}

/// How tokens are drawn for one take, in the words of voice.toml's [sampling].
package struct AuditionSampling: Sendable, Codable, Equatable {
    package var topK: Int
    package var topP: Double
    package var temperature: Double
    package var repetitionPenalty: Double

    package init(topK: Int = 15, topP: Double = 1, temperature: Double = 1, repetitionPenalty: Double = 1.35) {
        self.topK = topK
        self.topP = topP
        self.temperature = temperature
        self.repetitionPenalty = repetitionPenalty
    }
}

/// How far a take is.
package enum AuditionProgress: Sendable, Equatable {
    /// Until the step in hand is done: only then are the weights of this moment whole.
    case waitingForStep
    case loadingWeights
    /// About this share of it is made, 0 ... 1.
    case speaking(Double)
}

/// What the audition offers to choose from.
package struct AuditionMaterial: Sendable, Equatable {
    /// A clip whose style can be taken.
    package struct Reference: Sendable, Equatable, Identifiable {
        package var id: String
        package var text: String
        /// Its length; nil when the file does not say.
        package var seconds: Double?

        package init(id: String, text: String, seconds: Double?) {
            self.id = id
            self.text = text
            self.seconds = seconds
        }
    }

    /// All takes of the voice, the newest last.
    package var takes: [Take]
    /// The oldest first.
    package var votes: [TakeVote]
    package var references: [Reference]
    /// What voice.toml says.
    package var sampling: AuditionSampling

    package init(
        takes: [Take], votes: [TakeVote] = [], references: [Reference] = [],
        sampling: AuditionSampling = AuditionSampling()
    ) {
        self.takes = takes
        self.votes = votes
        self.references = references
        self.sampling = sampling
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
    /// The clip whose style was taken; nil for the voice's default, and for takes that do not say.
    package var reference: String?
    /// nil for takes that do not say.
    package var sampling: AuditionSampling?

    package init(
        path: String, text: String, checkpoint: String, step: Int, seed: UInt64, source: String, date: Date,
        sampleRate: Int, sampleCount: Int, reference: String? = nil, sampling: AuditionSampling? = nil
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
        self.reference = reference
        self.sampling = sampling
    }

    /// Seconds.
    package var duration: Double { sampleRate > 0 ? Double(sampleCount) / Double(sampleRate) : 0 }

    /// True when making this request again would give these very samples.
    ///
    /// - Parameter defaults: the voice's own way to draw, which a request without one takes.
    package func answers(_ request: AuditionRequest, defaults: AuditionSampling) -> Bool {
        guard checkpoint == request.checkpoint, seed == request.seed, reference == request.reference else {
            return false
        }
        if request.fromHeldOutClip { return source != "prior" }
        return source == "prior" && text == request.text && sampling == (request.sampling ?? defaults)
    }
}
