import Foundation
import Studio
import TerminalKit
import Testing
import Training

@Suite struct SettingsStateTests {
    private let state = SettingsScreenTests.state()

    /// The state on a setting.
    private func choosing(_ id: String) -> StudioState {
        var state = state
        while state.settings.chosen?.id != id, state.settings.selection.index < Fixture.settings.count - 1 {
            state = state.pressing(.down)
        }
        return state
    }

    @Test func theScreenAsksForTheSettingsOnceAndAgainWhenOneChanged() {
        var state = Fixture.state()
        #expect(state.reduce(.terminal(.key("6"))) == [.loadSettings])
        #expect(state.reduce(.settings(Fixture.settings)).isEmpty)
        #expect(state.reduce(.tick).isEmpty)
        let event = Fixture.event(.setting, at: 140, "From step 141: loss.mel = 30")
        #expect(state.reduce(.update(.event(event))) == [.loadSettings])
    }

    @Test func aTypedValueIsAskedForAndItsAnswerSaid() {
        var state = choosing("loss.kl").pressing(.enter, .backspace, "2")
        #expect(state.reduce(.terminal(.key(.enter))) == [.change("loss.kl", to: "2")])
        #expect(state.overlay == nil)
        #expect(state.reduce(.settingChanged("[loss] kl = 2 from step 141 on.")) == [.loadSettings])
        #expect(state.notice?.text == "[loss] kl = 2 from step 141 on.")
        _ = state.reduce(.settingRefused("No."))
        #expect(state.notice?.text == "No.")
    }

    @Test func whatIsLeftAsItWasChangesNothing() {
        var state = choosing("loss.kl").pressing(.enter)
        #expect(state.reduce(.terminal(.key(.enter))).isEmpty)
        state = choosing("loss.kl")
        #expect(state.reduce(.terminal(.key("d"))).isEmpty)
    }

    @Test func aChangeOfTheLineIsTakenBackAndAnotherBecomesTheDefault() {
        var state = choosing("loss.mel")
        #expect(state.reduce(.terminal(.key("d"))) == [.change("loss.mel", to: nil)])
        state = choosing("training.autosave_minutes")
        #expect(state.reduce(.terminal(.key("d"))) == [.change("training.autosave_minutes", to: "10")])
    }

    @Test func theWeightsOwnSettingsAreNotEdited() {
        var state = choosing("voice.preset")
        #expect(state.reduce(.terminal(.key(.enter))).isEmpty)
        #expect(state.overlay == nil)
        #expect(state.notice?.text.contains("part of the weights") == true)
    }

    @Test func sectionsAreJumpedTo() {
        var state = state.pressing(.tab)
        #expect(state.settings.chosen?.id == "training.batch_size")
        state = state.pressing(.tab, .down, .backTab)
        #expect(state.settings.chosen?.id == "loss.mel")
        state = state.pressing(.backTab)
        #expect(state.settings.chosen?.id == "training.batch_size")
    }

    @Test func aThemeIsSeenBeforeItIsKept() {
        var state = state.pressing("t")
        #expect(state.reduce(.terminal(.key(.down))) == [.showTheme("light")])
        #expect(state.reduce(.terminal(.key(.escape))) == [.showTheme("dark")])
        state = state.pressing("t", .down, .down)
        #expect(state.reduce(.terminal(.key(.enter))) == [.change("studio.theme", to: "mono")])
        #expect(state.themes.name == "mono")
    }

    @Test func aSavedThemeIsShownAndAWrongOneNamed() {
        var state = state
        #expect(state.reduce(.themesChanged) == [.showTheme("dark")])
        _ = state.reduce(.themeFailed("Theme dark.toml, line 3: \"#12\" is not a colour; write #rrggbb."))
        #expect(state.notice?.text == "Theme dark.toml, line 3: \"#12\" is not a colour; write #rrggbb.")
    }
}

/// Files of themes that are written while the studio is open.
@MainActor @Suite(.timeLimit(.minutes(10))) struct ThemeReloadTests {
    @Test func aSavedFileIsShownAtOnceAndAnErrorIsOneSentence() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("themes-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("mine.toml")
        func write(_ color: String) throws {
            try "name = \"mine\"\n[colors]\ntext = \"\(color)\"\n".write(to: file, atomically: true, encoding: .utf8)
        }
        try write("#111111")
        let library = ThemeLibrary(folders: [folder])
        let backend = MemoryBackend(size: TerminalSize(columns: 80, rows: 24))
        let session = ScriptedSession { command in
            command == .stop ? [.snapshot(Fixture.snapshot(.stopped))] : []
        }
        session.script.yield(.snapshot(Fixture.snapshot()))
        let app = StudioApp(
            session: session, backend: backend, theme: try library.theme(named: "mine"), player: ListPlayer(),
            themes: library, themeName: "mine", timeZone: Fixture.timeZone, clock: { Fixture.now })
        let running = Task { try await app.run() }
        _ = await backend.picture { $0.text.contains("● training") }
        try write("#222")
        _ = await backend.picture { $0.text.contains("Theme mine.toml, line 3:") }
        #expect(backend.theme[.text].rgb == 0x111111)
        try write("#333333")
        await backend.theme(where: { $0[.text].rgb == 0x333333 })
        backend.press("q")
        #expect(try await running.value == .finished)
    }
}
