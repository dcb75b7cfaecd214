/// One setting as the studio shows it: what it means, what it may be, and what it is.
package struct SettingState: Sendable, Equatable, Identifiable {
    package enum Effect: Sendable, Equatable {
        case nextStep, atOnce, nextStart
        /// The weights are made for it: it cannot be changed any more.
        case fixed
    }

    package var section: String
    package var key: String
    package var meaning: String
    /// "a number from 0 to 1000".
    package var expectation: String
    /// What to choose from; empty when it is typed.
    package var choices: [String]
    /// In force, as a person would type it.
    package var value: String
    package var defaultValue: String
    /// What voice.toml says now; differs when it was changed on this line alone, or waits for the next start.
    package var fileValue: String
    package var effect: Effect
    /// True when it was changed on this line of training.
    package var isOnLine: Bool

    package init(
        section: String, key: String, meaning: String, expectation: String, choices: [String] = [], value: String,
        defaultValue: String, fileValue: String? = nil, effect: Effect, isOnLine: Bool = false
    ) {
        self.section = section
        self.key = key
        self.meaning = meaning
        self.expectation = expectation
        self.choices = choices
        self.value = value
        self.defaultValue = defaultValue
        self.fileValue = fileValue ?? value
        self.effect = effect
        self.isOnLine = isOnLine
    }

    /// "loss.mel".
    package var id: String { "\(section).\(key)" }
    package var isDefault: Bool { value == defaultValue }
    /// What the next start will bring; nil when nothing changes then.
    package var waiting: String? { !isOnLine && fileValue != value ? fileValue : nil }
}
