import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// The settings screen and the themes over it.
@Suite struct SettingsScreenTests {
    static func state() -> StudioState {
        var state = Fixture.state()
        _ = state.reduce(.themesFound(["dark", "light", "mono", "okabe-ito"], current: "dark"))
        _ = state.reduce(.terminal(.key("6")))
        _ = state.reduce(.settings(Fixture.settings))
        return state
    }

    static let scenes = [
        Scene(name: "settings", sizes: Scene.allSizes + [(200, 60)], state: state),
        Scene(name: "settings-line", sizes: [(80, 24), (120, 40), (40, 10)]) {
            state().pressing(.down, .down, .down, .down, .down)
        },
        Scene(name: "settings-changed", sizes: [(80, 24), (120, 40)]) { state().pressing("c") },
        Scene(name: "settings-edit", sizes: Scene.allSizes) {
            state().pressing(.down, .down, .down, .down, .down, .enter)
        },
        Scene(name: "settings-refused", sizes: [(80, 24)]) {
            var refused = state()
            _ = refused.reduce(.settingRefused("\(ScriptedSession.SettingRefused())"))
            return refused
        },
        Scene(name: "settings-reading", sizes: [(80, 24), (40, 10)]) { Fixture.state().pressing("6") },
        Scene(name: "themes", sizes: [(80, 24), (120, 40), (200, 60), (40, 10)]) { state().pressing("t", .down) },
        Scene(name: "settings-ascii", sizes: [(80, 24)], glyphs: .ascii, state: state),
    ]

    @MainActor @Test(arguments: scenes) func looksAsItDid(scene: Scene) throws { try scene.expectLooksAsItDid() }

    @Test(arguments: scenes) func everySizeIsDrawnWithoutHarm(scene: Scene) {
        scene.expectEverySizeIsDrawnWithoutHarm()
    }

    @MainActor @Test(arguments: ["dark", "light", "okabe-ito", "mono"])
    func coloursAreAsTheyWere(theme: String) throws {
        let depths: [ColorDepth] = theme == "mono" ? [.mono] : [.direct, .indexed, .sixteen, .eight, .mono]
        for name in ["settings-line", "themes"] {
            let scene = try #require(Self.scenes.first { $0.name == name })
            try scene.expectColoursAsTheyWere(theme: theme, depths: depths, columns: 80, rows: 24)
        }
    }
}
