import TerminalKit
import Training

/// What the settings screen shows.
package struct SettingsState: Sendable, Equatable {
    /// Every setting, in the order of voice.toml; empty until they were read.
    package var rows: [SettingState] = []
    package var onlyChanged = false
    package private(set) var selection = ListSelection()
    /// True when what is in force may be another thing than `rows` say.
    package var isOutdated = true

    package init() {}

    /// The settings in the list.
    package var shown: [SettingState] {
        onlyChanged ? rows.filter { !$0.isDefault || $0.waiting != nil || $0.isOnLine } : rows
    }

    package var chosen: SettingState? {
        let all = shown
        return all.isEmpty ? nil : all[min(selection.index, all.count - 1)]
    }

    mutating func choose(_ index: Int) { selection = ListSelection(index: index) }

    mutating func move(by lines: Int) {
        let count = shown.count
        selection = ListSelection(index: min(selection.index, max(0, count - 1)))
        if count > 0 { selection.move(by: lines, count: count) }
    }

    /// To the first setting of the next section, or of this one and then the one before.
    mutating func moveSection(_ direction: Int) {
        let all = shown
        guard let chosen, let index = all.firstIndex(of: chosen) else { return }
        if direction > 0 {
            let next = all[index...].firstIndex { $0.section != chosen.section }
            choose(next ?? all.count - 1)
        } else {
            let first = all.firstIndex { $0.section == chosen.section } ?? 0
            guard first == index, index > 0 else { return choose(first) }
            let section = all[index - 1].section
            choose(all.firstIndex { $0.section == section } ?? 0)
        }
    }
}

extension StudioState {
    mutating func perform(_ action: SettingsAction) -> [StudioEffect] {
        switch action {
        case .edit: return editSetting()
        case .takeBack: return takeSettingBack()
        case .chooseTheme: return chooseTheme()
        case .toggleChanged:
            settings.onlyChanged.toggle()
            settings.choose(0)
        case .nextSection: settings.moveSection(1)
        case .previousSection: settings.moveSection(-1)
        }
        return []
    }

    mutating func moveInSettings(_ movement: Movement) { settings.move(by: movement.lines) }

    private mutating func editSetting() -> [StudioEffect] {
        guard let setting = settings.chosen else { return [] }
        if setting.id == "studio.theme" { return chooseTheme() }
        if let refusal = refusesChanges() { return refusal }
        if setting.effect == .fixed {
            return say("\(setting.key) is part of the weights since training began; make a new voice for another.")
        }
        var lines = [setting.meaning, "\(setting.expectation); default \(SettingsWording.text(setting.defaultValue))"]
        lines.append(SettingsWording.effect(setting))
        overlay = .prompt(
            Prompt(
                .setting(setting.id), title: "[\(setting.section)] \(setting.key)", label: "=",
                lines: lines.flatMap { CellGrid.wrap($0, columns: 66) },
                text: setting.waiting ?? setting.value))
        return []
    }

    private mutating func takeSettingBack() -> [StudioEffect] {
        guard let setting = settings.chosen else { return [] }
        if let refusal = refusesChanges() { return refusal }
        if setting.isOnLine { return [.change(setting.id, to: nil)] }
        if setting.isDefault, setting.waiting == nil { return say("\(setting.key) has its default already.") }
        if setting.effect == .fixed { return editSetting() }
        if setting.id == "studio.theme" {
            themes.name = setting.defaultValue
            return [.change(setting.id, to: setting.defaultValue)]
        }
        return [.change(setting.id, to: setting.defaultValue)]
    }

    /// Takes what was typed for a setting. What is wrong with it is said where it is known what is right, by the trainer.
    mutating func answer(setting id: String, _ text: String) -> [StudioEffect] {
        overlay = nil
        guard let setting = settings.rows.first(where: { $0.id == id }) else { return [] }
        if text == (setting.waiting ?? setting.value) { return say("\(setting.key) stays as it is.") }
        return [.change(id, to: text)]
    }
}
