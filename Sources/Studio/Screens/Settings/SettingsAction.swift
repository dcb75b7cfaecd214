import TerminalKit

/// What the keys of the settings screen ask for.
package enum SettingsAction: Sendable, Hashable {
    case edit, takeBack, chooseTheme, toggleChanged
    case nextSection, previousSection
}

extension SettingsAction {
    static let bindings: [KeyBinding] = [
        KeyBinding([.settings], [.enter, .character("e")], .settings(.edit), "change the chosen setting", hint: "edit"),
        KeyBinding(
            [.settings], [.delete, .character("d")], .settings(.takeBack), "take a change back: the default again",
            hint: "default"),
        KeyBinding([.settings], [.character("t")], .settings(.chooseTheme), "choose a theme, seeing it", hint: "theme"),
        KeyBinding(
            [.settings], [.character("c")], .settings(.toggleChanged), "show only what is changed, or everything",
            hint: "changed"),
        KeyBinding([.settings], [.tab, .right], .settings(.nextSection), "the next section"),
        KeyBinding([.settings], [.backTab, .left], .settings(.previousSection), "the section before"),
    ]
}
