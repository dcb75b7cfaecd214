import Checkpoint
import Foundation

/// What was changed since a voice was opened, to be read from any thread.
struct SettingChanges: Sendable {
    /// On the line of training, by dotted name as typed; nil when nothing is.
    var line: [String: String]?
    /// Of how training is looked after.
    var care: [String: String] = [:]
}

// Settings that are changed while the voice is open.
extension Trainer {
    /// voice.toml as it was read, with all that was changed since.
    package nonisolated var settingsInForce: VoiceConfiguration {
        let (line, care) = changes.withLock { ($0.line, $0.care) }
        return voice.configuration.changed(by: care).changed(by: line)
    }

    package nonisolated var lineSettings: [String: String] { changes.withLock { $0.line } ?? [:] }

    package nonisolated func change(_ name: String, to text: String?) async throws -> String {
        guard let setting = VoiceSetting.find(dotted: name) else { throw SettingError.unknown(name) }
        switch setting.effect {
        case .nextStep: return try await changeLine(setting, to: text)
        case .atOnce:
            let value = try write(setting, text)
            changes.withLock { $0.care[name] = VoiceSetting.typed(value) }
            await lookAfter(setting, value)
            return "\(setting.name) = \(VoiceSetting.typed(value)) from now on; voice.toml has it too."
        case .nextStart, .beforeTraining:
            if setting.effect == .beforeTraining, hasBegun { throw SettingError.fixed(setting: setting.name) }
            let value = try write(setting, text)
            await note("voice.toml: \(name) = \(VoiceSetting.typed(value)), from the next start on")
            return
                "\(setting.name) = \(VoiceSetting.typed(value)) stands in voice.toml and holds from the next start on."
        }
    }

    /// Writes a value into voice.toml, durably; nil writes the default.
    private nonisolated func write(_ setting: VoiceSetting, _ text: String?) throws -> VoiceSetting.Value {
        let value =
            if let text {
                try setting.value(typed: text)
            } else {
                setting.defaultValue(in: settingsInForce) ?? .text("")
            }
        if case .list(let ids) = value, setting.dottedName == "data.held_out" {
            let known = Set(voice.clips.map(\.id))
            if let stranger = ids.first(where: { !known.contains($0) }) {
                throw SettingError.together("There is no clip “\(stranger)”; [data] held_out stays as it is.")
            }
        }
        // One after another, so that no change is written over.
        try changes.withLock { _ in
            let changed = try VoiceFile.changing(setting, to: value, in: settingsText(), file: settingsFile.path)
            try FileSystem().replaceFile(settingsFile.path, with: Array(changed.utf8))
        }
        return value
    }

    private func note(_ sentence: String) { log(.setting, sentence) }

    private func lookAfter(_ setting: VoiceSetting, _ value: VoiceSetting.Value) {
        let training = settingsInForce.training
        pace.change(budget: training.saveCostPercent / 100, longest: training.autosaveMinutes * 60)
        if setting.section != "studio" {
            log(.setting, "From now on: \(setting.dottedName) = \(VoiceSetting.typed(value))")
        }
        if setting.dottedName == "training.evaluate_steps" { sayIfNothingCanBeEvaluated() }
        publish()
    }

    // MARK: On the line

    /// A setting of the steps themselves; nil goes back to voice.toml.
    private func changeLine(_ setting: VoiceSetting, to text: String?) throws -> String {
        guard let engine else { throw SessionError.notReady }
        var changed = engine.position.settings ?? [:]
        let value = try text.map(setting.value(typed:)).map(VoiceSetting.typed)
        changed[setting.dottedName] = value
        // Rules that join several settings, such as a warm-up that must end before the whole.
        let wanted = engine.written.changed(by: changed)
        if let refusal = wanted.training.schedule.lazy.compactMap(engine.refusal).first { throw refusal }
        do {
            _ = try VoiceConfiguration(toml: wanted.toml, file: "voice.toml")
        } catch VoiceError.configuration(_, let problem) {
            throw SettingError.together("\(problem).")
        }
        try set(setting.dottedName, value ?? Self.asWritten)
        publish()
        let now = setting.read(engine.configuration).map(VoiceSetting.typed) ?? ""
        return "\(setting.name) = \(now) from step \(currentStep + 1) on, on this line"
            + (value == nil ? ", as in voice.toml." : "; voice.toml stays as it is.")
    }

    /// What the journal says for a change that is taken back.
    static let asWritten = "as in voice.toml"

    func applyToLine(_ setting: JournalSetting) {
        guard let engine else { return }
        var settings = engine.position.settings ?? [:]
        settings[setting.name] = setting.value == Self.asWritten ? nil : setting.value
        engine.position.settings = settings.isEmpty ? nil : settings
    }

    // MARK: The log

    package nonisolated func record(output lines: [String]) {
        let standing = standing.withLock { $0 }
        let date = Date()
        let events = lines.map {
            JournalEvent(date: date, branch: standing.branch, step: standing.step, kind: .library, message: $0)
        }
        for event in events { continuation.yield(.event(event)) }
        // Whoever looks at the screen has them even when the journal's disk takes nothing more.
        try? journal.append(events)
    }
}
