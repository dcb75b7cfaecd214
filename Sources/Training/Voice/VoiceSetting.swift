import VoiceModel

/// One key of voice.toml: what it means, what it may be, and where it lives in `VoiceConfiguration`.
///
/// This table is the only list of keys: it drives parsing, validation, writing and the settings screen.
package struct VoiceSetting: Sendable {
    package enum Kind: Sendable, Equatable {
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case text
        case choice([String])
        /// A list of texts, each of the choices when there are any.
        case list(choices: [String], isEmptyAllowed: Bool)
    }

    package enum Value: Sendable, Equatable {
        case integer(Int)
        case number(Double)
        case text(String)
        case list([String])
    }

    package let section: String
    package let key: String
    /// One line for the file's comment and the settings screen.
    package let meaning: String
    package let kind: Kind
    /// nil when the key is absent from this configuration.
    package let read: @Sendable (VoiceConfiguration) -> Value?
    /// Takes a value that `kind` allows; ignores any other.
    package let write: @Sendable (inout VoiceConfiguration, Value) -> Void

    /// "[training] batch_size".
    package var name: String { "[\(section)] \(key)" }

    /// What is expected, for error sentences: "a whole number from 1 to 64".
    package var expectation: String {
        switch kind {
        case .integer(let range):
            return "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range):
            return "a number from \(Self.format(range.lowerBound)) to \(Self.format(range.upperBound))"
        case .text:
            return "a text in quotes"
        case .choice(let choices):
            return "one of " + choices.map { "\"\($0)\"" }.joined(separator: ", ")
        case .list(let choices, let isEmptyAllowed):
            let things = choices.isEmpty ? "texts in quotes" : Self.listed(choices.map { "\"\($0)\"" })
            return "a list of \(things)" + (isEmptyAllowed ? "" : " that is not empty")
        }
    }

    /// "sovits, prior and speaker".
    static func listed(_ words: [String]) -> String {
        words.dropLast().joined(separator: ", ") + (words.count > 1 ? " and " : "") + (words.last ?? "")
    }

    /// What this key of a voice begins with; nil where the voice does not have it.
    package func defaultValue(in configuration: VoiceConfiguration) -> Value? {
        var plain = configuration.defaults
        // Which settings there are depends on the stages.
        if dottedName != "training.schedule" { plain.training.schedule = configuration.training.schedule }
        return read(plain)
    }

    /// True when the value has the kind's type and lies in its range.
    package func allows(_ value: Value) -> Bool {
        switch (kind, value) {
        case (.integer(let range), .integer(let number)): return range.contains(number)
        case (.number(let range), .number(let number)): return range.contains(number)
        case (.text, .text(let text)): return !text.contains("\0")
        case (.choice(let choices), .text(let text)): return choices.contains(text)
        case (.list(let choices, let isEmptyAllowed), .list(let texts)):
            return (isEmptyAllowed || !texts.isEmpty) && (choices.isEmpty || texts.allSatisfy(choices.contains))
        default: return false
        }
    }

    /// The shortest decimal, without a needless ".0".
    package static func format(_ number: Double) -> String {
        let text = "\(number)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// What each section is for, in the file's order.
    package static let sections: [(name: String, meaning: String)] = [
        ("voice", "Who speaks. Language, preset, seed and symbols are fixed once training has begun."),
        ("consent", "Who allowed that this voice is made and used."),
        ("base", "The voice this one was made from."),
        ("lora", "Small adapters are trained, and the base stays as it is."),
        ("data", "Which clips are only listened to."),
        ("training", "How steps follow one another and when they are saved."),
        ("optimizer", "How far each step goes."),
        ("loss", "The weight of each term of the generator's loss."),
        ("sampling", "How the prior chooses tokens, and how lively the voice is."),
        ("studio", "The screen, the loudspeaker and the microphone."),
    ]

    /// The setting of a section and key.
    package static func find(_ section: String, _ key: String) -> VoiceSetting? {
        all.first { $0.section == section && $0.key == key }
    }
}
