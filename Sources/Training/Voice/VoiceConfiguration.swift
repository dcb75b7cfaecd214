import VoiceModel

/// All that voice.toml says. Every key, its meaning and its range stand in `VoiceSetting.all`.
package struct VoiceConfiguration: Sendable, Codable, Equatable {
    package var voice: Identity
    package var data: Data
    package var training: Training
    package var optimizer: Optimizer
    package var loss: Loss
    package var sampling: Sampling
    package var studio: Studio
    /// The voice this one started from; nil when it started from nothing.
    package var base: Base?
    /// nil trains every weight.
    package var lora: LowRank?
    /// nil where nobody wrote it down.
    package var consent: Consent?

    package struct Identity: Sendable, Codable, Equatable {
        package var name: String
        /// A language of espeak-ng, or "graphemes".
        package var language = "en-us"
        package var preset = ModelPreset.nano
        package var seed = 1
        /// The letters of a "graphemes" voice, in the order of their ids; empty otherwise.
        package var symbols = ""
        /// The folder of the BERT that reads the texts; empty for none.
        package var bert = ""
    }

    package struct Data: Sendable, Codable, Equatable {
        /// Ids of the clips that are never trained on.
        package var heldOut: [String] = []
        /// Of ten speakers or more, the share that never trains.
        package var heldOutSpeakers = 0.1
    }

    package struct Training: Sendable, Codable, Equatable {
        package var batchSize = 8
        /// Clips in a step of the speaker stage: short crops, and better many.
        package var speakerBatchSize = 32
        /// The stage of each step, repeated.
        package var schedule: [Stage] = [.sovits, .sovits, .sovits, .prior]
        package var autosaveSteps = 1000
        package var autosaveMinutes = 10.0
        /// Share of the wall time that saving may take, in percent.
        package var saveCostPercent = 1.0
        /// Seconds that a step may still take after a signal.
        package var stopSeconds = 10.0
        package var validationSteps = 200
        /// Steps from one automatic evaluation of a checkpoint to the next; 0 for none.
        package var evaluateSteps = 0
        /// Checkpoints that pruning leaves; 0 keeps all.
        package var keepCheckpoints = 20
        /// The best checkpoint by each of these figures stays, too.
        package var keepBest: [CheckpointFigure] = [.mel, .crossEntropy, .topThree, .characterError]
        /// Where TensorBoard's files are written while training, from the voice's folder; empty for nowhere.
        package var tensorboard = ""
        /// Whether v2's codebook follows the voice; frozen on a base, as the prior knows its codes.
        package var codebook = Codebook.learned
    }

    package enum Codebook: String, Sendable, Codable, CaseIterable {
        case learned, frozen
    }

    package struct Optimizer: Sendable, Codable, Equatable {
        package var sovitsLearningRate = Self.sovitsLearningRateFromScratch
        /// Factor of the SoVITS rate per epoch.
        package var sovitsDecay = 0.999875
        package var priorLearningRate = 3e-4
        package var priorWarmupSteps = 200
        package var priorTotalSteps = 20000
        package var speakerLearningRate = 1e-3
        package var speakerTotalSteps = 5000
        package var weightDecay = 0.01
        package var priorClipNorm = 1.0
        /// Factor of the SoVITS rate for text embedding, text encoder and MRTE of a voice made from a base.
        package var baseTextFactor = 0.4

        package static let sovitsLearningRateFromScratch = 2e-4
        package static let sovitsLearningRateOnBase = 1e-4
    }

    /// The weights λ of the generator's loss.
    package struct Loss: Sendable, Codable, Equatable {
        package var mel = 45.0
        package var kl = 1.0
        package var adversarial = 1.0
        package var featureMatching = 1.0
        package var commitment = 1.0
    }

    package struct Sampling: Sendable, Codable, Equatable {
        package var topK = 15
        package var topP = 1.0
        package var temperature = 1.0
        package var repetitionPenalty = 1.35
        /// Scale of the noise added to the prior encoder's mean at synthesis.
        package var noiseScale = 0.5
    }

    package struct Studio: Sendable, Codable, Equatable {
        package var theme = "dark"
        /// The ALSA device that plays.
        package var device = "default"
        /// The ALSA device that records.
        package var microphone = "default"
    }

    /// Adapters on frozen weights (Hu et al. 2021) instead of training every weight.
    package struct LowRank: Sendable, Codable, Equatable {
        package var rank = 8
        package var alpha = 16.0
        package var dropout = 0.0
        /// Parts of the prior that are adapted, by the words of their names.
        package var targets = ["in_proj", "out_proj", "linear1", "linear2"]
        /// Parts of SoVITS; with none of them it is trained whole.
        package var sovitsTargets: [String] = []

        package init() {}
    }

    /// Who allowed that this voice is made and used, and how that is known.
    package struct Consent: Sendable, Codable, Equatable {
        package var by = ""
        package var how = ""
        /// A recording of the consent in the voice's folder, and the XXH3-128 of its bytes.
        package var clip = ""
        package var clipDigest = ""
        /// Since when the consent is withdrawn, as a date; empty while it holds.
        package var withdrawn = ""

        package init() {}
    }

    package struct Base: Sendable, Codable, Equatable {
        /// A path or a name, as `reprise new --base` was given it.
        package var voice: String
        /// A checkpoint's ID; empty for the newest.
        package var checkpoint = ""

        package init(voice: String, checkpoint: String = "") {
            self.voice = voice
            self.checkpoint = checkpoint
        }
    }

    /// The defaults, with the learning rate that a base asks for.
    package init(
        name: String, language: String = "en-us", preset: ModelPreset = .nano, symbols: String = "", bert: String = "",
        base: Base? = nil
    ) {
        voice = Identity(name: name, language: language, preset: preset, symbols: symbols, bert: bert)
        data = Data()
        training = Training()
        optimizer = Optimizer()
        loss = Loss()
        sampling = Sampling()
        studio = Studio()
        self.base = base
        if base != nil {
            optimizer.sovitsLearningRate = Optimizer.sovitsLearningRateOnBase
            training.codebook = .frozen
        }
    }
}
