import VoiceModel

/// When a changed setting is obeyed.
package enum SettingEffect: Sendable, Equatable {
    /// It changes what the steps compute: from the next step on, as part of the line, and replayed with it.
    case nextStep
    /// It changes only how training is looked after: at once, and kept in voice.toml.
    case atOnce
    /// Kept in voice.toml and read when the voice is opened the next time.
    case nextStart
    /// As `nextStart`, until the first step is done; the weights are made for it afterwards.
    case beforeTraining
}

extension VoiceSetting {
    private static let onTheLine: Set<String> = [
        "training.schedule", "training.validation_steps", "optimizer.sovits_learning_rate", "optimizer.sovits_decay",
        "optimizer.prior_learning_rate", "optimizer.prior_warmup_steps", "optimizer.prior_total_steps",
        "optimizer.prior_clip_norm", "optimizer.speaker_learning_rate", "optimizer.speaker_total_steps", "loss.mel",
        "loss.kl", "loss.adversarial", "loss.feature_matching",
        "loss.commitment",
    ]
    private static let careOfTraining: Set<String> = [
        "training.autosave_steps", "training.autosave_minutes", "training.save_cost_percent",
        "training.keep_checkpoints", "training.keep_best", "training.evaluate_steps", "studio.theme",
    ]
    private static let ofTheWeights: Set<String> = [
        "voice.language", "voice.preset", "voice.seed", "voice.symbols", "base.voice", "base.checkpoint",
        "lora.rank", "lora.alpha", "lora.dropout", "lora.targets", "lora.sovits_targets",
    ]

    /// "training.batch_size", as the journal and checkpoints call it.
    package var dottedName: String { "\(section).\(key)" }

    package static func find(dotted name: String) -> VoiceSetting? { all.first { $0.dottedName == name } }

    package var effect: SettingEffect {
        if Self.onTheLine.contains(dottedName) { return .nextStep }
        if Self.careOfTraining.contains(dottedName) { return .atOnce }
        return Self.ofTheWeights.contains(dottedName) ? .beforeTraining : .nextStart
    }

    /// What a person types, as a value that is allowed. Texts need no quotes; lists are words between commas or spaces.
    ///
    /// - Throws: `SettingError.notAllowed`.
    package func value(typed text: String) throws -> Value {
        let trimmed = String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        let value: Value? =
            switch kind {
            case .integer: Int(trimmed).map(Value.integer)
            case .number: Double(trimmed.replacing(",", with: ".")).map(Value.number)
            case .text, .choice: .text(trimmed)
            case .list:
                .list(trimmed.split { $0 == "," || $0.isWhitespace || "[]\"".contains($0) }.map(String.init))
            }
        guard let value, allows(value) else {
            throw SettingError.notAllowed(setting: name, expected: typedExpectation, found: trimmed)
        }
        return value
    }

    /// A value as a person would type it.
    package static func typed(_ value: Value) -> String {
        switch value {
        case .integer(let number): "\(number)"
        case .number(let number): format(number)
        case .text(let text): text
        case .list(let texts): texts.joined(separator: ", ")
        }
    }

    /// What may be typed: "a whole number from 1 to 64", "a list of sovits, prior and speaker, not empty".
    package var typedExpectation: String {
        switch kind {
        case .integer, .number: expectation
        case .text: "a text"
        case .choice(let choices): "one of " + choices.joined(separator: ", ")
        case .list(let choices, let isEmptyAllowed):
            (choices.isEmpty ? "words between commas" : "a list of " + Self.listed(choices))
                + (isEmptyAllowed ? "" : ", not empty")
        }
    }
}

/// Why a setting stays as it is; each description is one sentence.
package enum SettingError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknown(String)
    case notAllowed(setting: String, expected: String, found: String)
    case fixed(setting: String)
    case together(String)

    package var description: String {
        switch self {
        case .unknown(let name): "There is no setting \(name)."
        case .notAllowed(let setting, let expected, let found):
            "\(setting) must be \(expected), not \(found.isEmpty ? "nothing" : "\u{201C}\(found.prefix(40))\u{201D}")."
        case .fixed(let setting):
            "\(setting) is part of the weights and cannot be changed once training has begun; make a new voice for it."
        case .together(let sentence): sentence
        }
    }
}

extension VoiceConfiguration {
    /// With settings of a line, by dotted name as typed; what cannot be read is passed over.
    package func changed(by settings: [String: String]?) -> VoiceConfiguration {
        var result = self
        for (name, text) in settings ?? [:] {
            guard let setting = VoiceSetting.find(dotted: name), let value = try? setting.value(typed: text) else {
                continue
            }
            setting.write(&result, value)
        }
        return result
    }

    /// What a new voice of this preset and base begins with.
    package var defaults: VoiceConfiguration {
        var result = VoiceConfiguration(
            name: voice.name, language: voice.language, preset: voice.preset, symbols: voice.symbols, base: base)
        result.data = data
        return result
    }
}
