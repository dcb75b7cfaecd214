import VoiceModel

extension VoiceSetting {
    private typealias Path<Value> = WritableKeyPath<VoiceConfiguration, Value> & Sendable

    private static func integer(
        _ section: String, _ key: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ meaning: String
    ) -> VoiceSetting {
        VoiceSetting(
            section: section, key: key, meaning: meaning, kind: .integer(range),
            read: { .integer($0[keyPath: path]) },
            write: { if case .integer(let value) = $1 { $0[keyPath: path] = value } })
    }

    private static func number(
        _ section: String, _ key: String, _ path: Path<Double>, _ range: ClosedRange<Double>, _ meaning: String
    ) -> VoiceSetting {
        VoiceSetting(
            section: section, key: key, meaning: meaning, kind: .number(range),
            read: { .number($0[keyPath: path]) },
            write: { if case .number(let value) = $1 { $0[keyPath: path] = value } })
    }

    private static func text(
        _ section: String, _ key: String, _ path: Path<String>, _ meaning: String
    ) -> VoiceSetting {
        VoiceSetting(
            section: section, key: key, meaning: meaning, kind: .text,
            read: { .text($0[keyPath: path]) },
            write: { if case .text(let value) = $1 { $0[keyPath: path] = value } })
    }

    /// Every key, in the order of the file.
    package static let all: [VoiceSetting] =
        identity + consent + base + lora + data + training + optimizer + loss + sampling + studio

    private static let identity: [VoiceSetting] = [
        text("voice", "name", \.voice.name, "How the voice is called."),
        text(
            "voice", "language", \.voice.language,
            "A language of espeak-ng such as \"en-us\", \"de\" or \"cmn\"; \"graphemes\" reads letters as they are."),
        VoiceSetting(
            section: "voice", key: "preset", meaning: "The size of the model: tiny (for tests), nano, standard or v2.",
            kind: .choice(ModelPreset.allCases.map(\.rawValue)),
            read: { .text($0.voice.preset.rawValue) },
            write: {
                if case .text(let value) = $1, let preset = ModelPreset(rawValue: value) { $0.voice.preset = preset }
            }),
        integer(
            "voice", "seed", \.voice.seed, 0...Int(UInt32.max),
            "The same seed and clips give the same voice, step for step."),
        VoiceSetting(
            section: "voice", key: "symbols",
            meaning: "The letters of a \"graphemes\" voice; their order is part of its weights.", kind: .text,
            read: { $0.voice.symbols.isEmpty ? nil : .text($0.voice.symbols) },
            write: { if case .text(let value) = $1 { $0.voice.symbols = value } }),
        VoiceSetting(
            section: "voice", key: "bert", meaning: "The folder of the BERT that tells the prior what the text means.",
            kind: .text, read: { $0.voice.bert.isEmpty ? nil : .text($0.voice.bert) },
            write: { if case .text(let value) = $1 { $0.voice.bert = value } }),
    ]

    private static func consent(
        _ key: String, _ path: WritableKeyPath<VoiceConfiguration.Consent, String> & Sendable, _ meaning: String
    ) -> VoiceSetting {
        VoiceSetting(
            section: "consent", key: key, meaning: meaning, kind: .text,
            read: { $0.consent.flatMap { $0[keyPath: path].isEmpty ? nil : .text($0[keyPath: path]) } },
            write: { configuration, value in
                guard case .text(let text) = value else { return }
                var changed = configuration.consent ?? .init()
                changed[keyPath: path] = text
                configuration.consent = changed
            })
    }

    private static let consent: [VoiceSetting] = [
        consent("by", \.by, "Who gave it: the speaker, or who may speak for them."),
        consent("how", \.how, "How it was given, e.g. by a signed form or in the public domain."),
        consent("clip", \.clip, "A recording of it, in the voice's folder."),
        consent("clip_digest", \.clipDigest, "The XXH3-128 of that recording."),
        consent("withdrawn", \.withdrawn, "Since when it is withdrawn; nothing is spoken with the voice then."),
    ]

    private static let base: [VoiceSetting] = [
        VoiceSetting(
            section: "base", key: "voice", meaning: "Its path or name.", kind: .text,
            read: { $0.base.map { .text($0.voice) } },
            write: {
                if case .text(let value) = $1 { $0.base = .init(voice: value, checkpoint: $0.base?.checkpoint ?? "") }
            }
        ),
        VoiceSetting(
            section: "base", key: "checkpoint", meaning: "The checkpoint taken from it; the newest when absent.",
            kind: .text,
            read: { $0.base.flatMap { $0.checkpoint.isEmpty ? nil : .text($0.checkpoint) } },
            write: { if case .text(let value) = $1 { $0.base = .init(voice: $0.base?.voice ?? "", checkpoint: value) } }
        ),
    ]

    /// A setting of the speaker stage, which other voices' files and screens do not have.
    private static func ofSpeakers(
        _ section: String, _ key: String, _ meaning: String, _ kind: Kind,
        read: @escaping @Sendable (VoiceConfiguration) -> Value,
        write: @escaping @Sendable (inout VoiceConfiguration, Value) -> Void
    ) -> VoiceSetting {
        VoiceSetting(
            section: section, key: key, meaning: meaning, kind: kind,
            read: { configuration in
                let isUsual = read(configuration) == read(VoiceConfiguration(name: ""))
                return isUsual && !configuration.training.schedule.contains(.speaker) ? nil : read(configuration)
            }, write: write)
    }

    /// Keys of a section that is there or not.
    private static func lora(
        _ key: String, _ meaning: String, _ kind: Kind, read: @escaping @Sendable (VoiceConfiguration.LowRank) -> Value,
        write: @escaping @Sendable (inout VoiceConfiguration.LowRank, Value) -> Void
    ) -> VoiceSetting {
        VoiceSetting(
            section: "lora", key: key, meaning: meaning, kind: kind, read: { $0.lora.map(read) },
            write: { configuration, value in
                var changed = configuration.lora ?? .init()
                write(&changed, value)
                configuration.lora = changed
            })
    }

    private static let lora: [VoiceSetting] = [
        lora("rank", "Rows of each adapter's narrow matrix.", .integer(1...256)) {
            .integer($0.rank)
        } write: {
            if case .integer(let value) = $1 { $0.rank = value }
        },
        lora("alpha", "An adapter counts alpha / rank.", .number(0.001...1024)) {
            .number($0.alpha)
        } write: {
            if case .number(let value) = $1 { $0.alpha = value }
        },
        lora("dropout", "The share of an adapter's input that is dropped.", .number(0...0.9)) {
            .number($0.dropout)
        } write: {
            if case .number(let value) = $1 { $0.dropout = value }
        },
        lora(
            "targets", "Parts of the prior that are adapted, by words of their names.",
            .list(choices: [], isEmptyAllowed: false)
        ) {
            .list($0.targets)
        } write: {
            if case .list(let value) = $1 { $0.targets = value }
        },
        lora(
            "sovits_targets", "Parts of SoVITS, such as \"enc_p\" or \"flow\"; with none it is trained whole.",
            .list(choices: [], isEmptyAllowed: true)
        ) {
            .list($0.sovitsTargets)
        } write: {
            if case .list(let value) = $1 { $0.sovitsTargets = value }
        },
    ]

    private static let data: [VoiceSetting] = [
        VoiceSetting(
            section: "data", key: "held_out", meaning: "Ids of the clips that measure the voice and never train it.",
            kind: .list(choices: [], isEmptyAllowed: true),
            read: { .list($0.data.heldOut) },
            write: { if case .list(let value) = $1 { $0.data.heldOut = value } }),
        ofSpeakers(
            "data", "held_out_speakers", "Of ten speakers or more, the share that never trains; at least two.",
            .number(0.01...0.5)
        ) {
            .number($0.data.heldOutSpeakers)
        } write: {
            if case .number(let value) = $1 { $0.data.heldOutSpeakers = value }
        },
    ]

    private static let training: [VoiceSetting] = [
        integer("training", "batch_size", \.training.batchSize, 1...64, "Clips in one step."),
        ofSpeakers(
            "training", "speaker_batch_size", "Crops of clips in a step of the stage speaker.", .integer(2...512)
        ) {
            .integer($0.training.speakerBatchSize)
        } write: {
            if case .integer(let value) = $1 { $0.training.speakerBatchSize = value }
        },
        VoiceSetting(
            section: "training", key: "schedule",
            meaning: "The stage of each step, repeated: sovits (the acoustic model) or prior (the token model).",
            kind: .list(choices: Stage.allCases.map(\.rawValue), isEmptyAllowed: false),
            read: { .list($0.training.schedule.map(\.rawValue)) },
            write: { if case .list(let value) = $1 { $0.training.schedule = value.compactMap(Stage.init(rawValue:)) } }),
        integer(
            "training", "autosave_steps", \.training.autosaveSteps, 1...1_000_000,
            "Save after this many steps, or after the minutes below, whichever comes first."),
        number(
            "training", "autosave_minutes", \.training.autosaveMinutes, 0.1...1440,
            "Save after this many minutes at the latest: no more than that is ever at risk."),
        number(
            "training", "save_cost_percent", \.training.saveCostPercent, 0.01...100,
            "Save more often, down to once a minute, as long as it costs no more than this share of the time."),
        number(
            "training", "stop_seconds", \.training.stopSeconds, 0.1...3600,
            "After a signal a step may take this long; then the last save stands and the step is done again."),
        integer(
            "training", "validation_steps", \.training.validationSteps, 1...1_000_000,
            "Measure the held-out clips every so many steps."),
        integer(
            "training", "evaluate_steps", \.training.evaluateSteps, 0...1_000_000,
            "Evaluate a new checkpoint every so many steps, beside training; 0 for never."),
        integer(
            "training", "keep_checkpoints", \.training.keepCheckpoints, 0...100_000,
            "Checkpoints to keep besides pinned ones; 0 keeps all."),
        VoiceSetting(
            section: "training", key: "keep_best",
            meaning: "The best checkpoint by each of these figures of held-out clips is kept, too.",
            kind: .list(choices: CheckpointFigure.allCases.map(\.rawValue), isEmptyAllowed: true),
            read: { .list($0.training.keepBest.map(\.rawValue)) },
            write: {
                if case .list(let value) = $1 {
                    $0.training.keepBest = value.compactMap(CheckpointFigure.init(rawValue:))
                }
            }),
        text(
            "training", "tensorboard", \.training.tensorboard,
            "A folder for TensorBoard's files, written while training; empty for none."),
        VoiceSetting(
            section: "training", key: "codebook",
            meaning: "Of preset v2: whether its codebook is learned, or frozen as it was in the base.",
            kind: .choice(VoiceConfiguration.Codebook.allCases.map(\.rawValue)),
            read: { $0.voice.preset.readsRecordedFeatures ? .text($0.training.codebook.rawValue) : nil },
            write: {
                if case .text(let value) = $1, let choice = VoiceConfiguration.Codebook(rawValue: value) {
                    $0.training.codebook = choice
                }
            }),
    ]

    private static let optimizer: [VoiceSetting] = [
        number(
            "optimizer", "sovits_learning_rate", \.optimizer.sovitsLearningRate, 1e-8...0.1,
            "Learning rate of generator and discriminators."),
        number("optimizer", "sovits_decay", \.optimizer.sovitsDecay, 0.5...1, "Factor of that rate per epoch."),
        number(
            "optimizer", "prior_learning_rate", \.optimizer.priorLearningRate, 1e-8...0.1,
            "Peak learning rate of the prior."),
        integer(
            "optimizer", "prior_warmup_steps", \.optimizer.priorWarmupSteps, 0...1_000_000,
            "Steps of the prior until that peak."),
        integer(
            "optimizer", "prior_total_steps", \.optimizer.priorTotalSteps, 1...100_000_000,
            "Steps of the prior until its rate has fallen to a tenth, along a cosine."),
        ofSpeakers(
            "optimizer", "speaker_learning_rate", "Peak learning rate of the stage speaker.", .number(1e-8...0.1)
        ) {
            .number($0.optimizer.speakerLearningRate)
        } write: {
            if case .number(let value) = $1 { $0.optimizer.speakerLearningRate = value }
        },
        ofSpeakers(
            "optimizer", "speaker_total_steps",
            "Steps of the stage speaker until its rate has fallen to a tenth, along a cosine, after it rose for a twentieth.",
            .integer(1...100_000_000)
        ) {
            .integer($0.optimizer.speakerTotalSteps)
        } write: {
            if case .integer(let value) = $1 { $0.optimizer.speakerTotalSteps = value }
        },
        number("optimizer", "weight_decay", \.optimizer.weightDecay, 0...1, "AdamW's weight decay."),
        number(
            "optimizer", "prior_clip_norm", \.optimizer.priorClipNorm, 0.001...1000,
            "The prior's gradient is scaled down to this norm."),
        number(
            "optimizer", "base_text_factor", \.optimizer.baseTextFactor, 0...1,
            "Factor of the SoVITS rate for the text layers of a voice made from a base."),
    ]

    private static let loss: [VoiceSetting] = [
        number("loss", "mel", \.loss.mel, 0...1000, "Mel spectrogram distance (L1)."),
        number("loss", "kl", \.loss.kl, 0...1000, "Divergence of the posterior from the prior encoder, per frame."),
        number("loss", "adversarial", \.loss.adversarial, 0...1000, "Least squares against the discriminators."),
        number(
            "loss", "feature_matching", \.loss.featureMatching, 0...1000, "Distance of the discriminators' features."),
        VoiceSetting(
            section: "loss", key: "commitment",
            meaning: "Of preset v2: distance of the content from its codes, while its codebook is learned.",
            kind: .number(0...1000),
            read: { $0.voice.preset.readsRecordedFeatures ? .number($0.loss.commitment) : nil },
            write: { if case .number(let value) = $1 { $0.loss.commitment = value } }),
    ]

    private static let sampling: [VoiceSetting] = [
        integer("sampling", "top_k", \.sampling.topK, 1...1024, "Choose among this many most probable tokens."),
        number("sampling", "top_p", \.sampling.topP, 0.01...1, "Choose within this share of probability."),
        number("sampling", "temperature", \.sampling.temperature, 0.01...10, "Above 1 is bolder, below 1 safer."),
        number(
            "sampling", "repetition_penalty", \.sampling.repetitionPenalty, 1...10,
            "Makes the last 16 tokens less probable; 1 does not."),
        number("sampling", "noise_scale", \.sampling.noiseScale, 0...2, "Noise in the voice's timbre and pace."),
    ]

    private static let studio: [VoiceSetting] = [
        text("studio", "theme", \.studio.theme, "A theme's name, as in themes/."),
        text("studio", "device", \.studio.device, "The ALSA device that plays takes."),
        text("studio", "microphone", \.studio.microphone, "The ALSA device that records clips."),
    ]
}
