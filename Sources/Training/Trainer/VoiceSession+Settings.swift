import Checkpoint
import Foundation

extension VoiceSession {
    nonisolated var settingsFile: URL { voice.directory.appendingPathComponent("voice.toml") }

    nonisolated func settingsText() throws -> String {
        do {
            return try String(contentsOf: settingsFile, encoding: .utf8)
        } catch {
            throw VoiceError.unreadable(file: settingsFile.path, reason: TranscriptFile.reason(of: error))
        }
    }

    nonisolated var hasBegun: Bool {
        let hasSteps = (try? journal.lastStep(branch: CheckpointID.firstBranch)).flatMap { $0 } != nil
        return hasSteps || !((try? store.list()) ?? []).isEmpty
    }

    package nonisolated func settings() async throws -> [SettingState] {
        let (inForce, line, hasBegun) = (settingsInForce, lineSettings, hasBegun)
        let written = try VoiceConfiguration(toml: settingsText(), file: settingsFile.path)
        return VoiceSetting.all.compactMap { setting in
            guard let value = setting.read(inForce) else { return nil }
            let choices: [String] = if case .choice(let all) = setting.kind { all } else { [] }
            let effect: SettingState.Effect =
                switch setting.effect {
                case .nextStep: .nextStep
                case .atOnce: .atOnce
                case .nextStart: .nextStart
                case .beforeTraining: hasBegun ? .fixed : .nextStart
                }
            return SettingState(
                section: setting.section, key: setting.key, meaning: setting.meaning,
                expectation: setting.typedExpectation, choices: choices, value: VoiceSetting.typed(value),
                defaultValue: VoiceSetting.typed(setting.defaultValue(in: inForce) ?? value),
                fileValue: setting.read(written).map(VoiceSetting.typed), effect: effect,
                isOnLine: line[setting.dottedName] != nil)
        }
    }
}
