import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// The log screen.
@Suite struct LogScreenTests {
    /// A run with something of every kind in it.
    static func state() -> StudioState {
        var state = Fixture.state()
        for (kind, step, text) in [
            (JournalEvent.Kind.setting, 140, "From step 141: loss.mel = 30"),
            (.validation, 140, "Held-out mel 0.61, the best so far"),
            (.take, 140, "Spoke “Guten Morgen, 世界.” with main@140: takes/0003.wav"),
            (.library, 140, "ALSA lib pcm.c:2664:(snd_pcm_open_noupdate) Unknown PCM default"),
        ] { _ = state.reduce(.update(.event(Fixture.event(kind, at: step, text)))) }
        var broken = Fixture.step(141)
        broken.metrics[.mel] = .nan
        _ = state.reduce(.update(.step(broken)))
        _ = state.reduce(
            .update(
                .event(
                    Fixture.event(
                        .warning, at: 141,
                        "声 ada: 「日本語」の文 – 3 unknown characters. They are left out of what is spoken; write them in "
                            + "letters that the voice knows, or make a voice with a language that has them."))))
        _ = state.reduce(.terminal(.key("5")))
        state.notice = nil
        return state
    }

    static let scenes = [
        Scene(name: "log-screen", sizes: Scene.allSizes + [(200, 60)], state: state),
        Scene(name: "log-step", sizes: [(80, 24), (120, 40), (200, 60)]) { state().pressing(.up) },
        Scene(name: "log-detail", sizes: [(40, 10)]) { state().pressing(.enter) },
        Scene(name: "log-search", sizes: [(80, 24), (120, 40), (200, 60), (40, 10)]) {
            state().pressing("/", "m", "E", "l", .enter)
        },
        Scene(name: "log-search-prompt", sizes: [(80, 24), (20, 3)]) { state().pressing("/", "3") },
        Scene(name: "log-warnings", sizes: [(80, 24), (120, 40), (40, 10)]) { state().pressing("w") },
        Scene(name: "log-output", sizes: [(80, 24), (200, 60)]) { state().pressing("F") },
        Scene(name: "log-nothing", sizes: [(80, 24), (40, 10)]) {
            var state = StudioState(now: Fixture.now, timeZone: Fixture.timeZone)
            _ = state.reduce(.update(.snapshot(Fixture.snapshot(step: 0, checkpoints: []))))
            let effects = state.reduce(.terminal(.key("5")))
            for case .loadLog(let request) in effects {
                _ = state.reduce(.logPage(LogPage(lines: [], goesOn: false), request))
            }
            return state
        },
        Scene(name: "log-ascii", sizes: [(80, 24)], glyphs: .ascii, state: state),
        Scene(name: "log-help", sizes: [(80, 24)]) { state().pressing("?") },
    ]

    @MainActor @Test(arguments: scenes) func looksAsItDid(scene: Scene) throws { try scene.expectLooksAsItDid() }

    @Test(arguments: scenes) func everySizeIsDrawnWithoutHarm(scene: Scene) {
        scene.expectEverySizeIsDrawnWithoutHarm()
    }

    @MainActor @Test(arguments: ["dark", "light", "okabe-ito", "mono"])
    func coloursAreAsTheyWere(theme: String) throws {
        let depths: [ColorDepth] = theme == "mono" ? [.mono] : [.direct, .indexed, .sixteen, .eight, .mono]
        for name in ["log-screen", "log-search"] {
            let scene = try #require(Self.scenes.first { $0.name == name })
            try scene.expectColoursAsTheyWere(theme: theme, depths: depths, columns: 80, rows: 24)
        }
    }
}
