import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// The training screen and what lies over it.
@Suite struct ScreenTests {
    static let scenes = [
        Scene(name: "training", sizes: Scene.allSizes + [(200, 60)]) { Fixture.state() },
        Scene(name: "opening", sizes: [(80, 24), (20, 3)]) { StudioState(now: Fixture.now) },
        Scene(name: "preparing", sizes: [(80, 24), (40, 10)]) {
            var state = StudioState(now: Fixture.now)
            let phase = TrainingSnapshot.Phase.preparing("Fitting 512 semantic codes to 14 clips", fraction: 0.42)
            _ = state.reduce(.update(.snapshot(Fixture.snapshot(phase, step: 0, checkpoints: []))))
            return state
        },
        Scene(name: "paused", sizes: [(80, 24)]) { Fixture.state(.paused).pressing(.right, .right) },
        Scene(name: "halted", sizes: Scene.allSizes) {
            Fixture.state(
                .halted("The mel loss of step 140 is not finite. r goes back to a checkpoint, space tries on."))
        },
        Scene(name: "prior-logarithmic", sizes: [(80, 24)]) {
            Fixture.state().pressing(.left, .left, .character("g"))
        },
        Scene(name: "log", sizes: [(80, 24), (40, 10)]) {
            var state = Fixture.state()
            var broken = Fixture.step(141)
            broken.metrics[.mel] = .nan
            _ = state.reduce(.update(.step(broken)))
            _ = state.reduce(
                .update(.event(Fixture.event(.warning, at: 141, "声 ada: 「日本語」の文 – 3 unknown characters."))))
            return state.pressing(.tab, .tab)
        },
        Scene(name: "roll-back", sizes: Scene.allSizes) { Fixture.state().pressing(.down, .character("r")) },
        Scene(name: "audition", sizes: Scene.allSizes) {
            let opened = Fixture.state().pressing(.down, .character("a"), .tab)
            return opened.pressing("H", "ä", "l", "l", "o", " ", "日", "本", "語", "!")
        },
        Scene(name: "learning-rate", sizes: [(80, 24)]) { Fixture.state().pressing(.character("l")) },
        Scene(name: "help", sizes: Scene.allSizes) { Fixture.state().pressing(.character("?")) },
        Scene(name: "leaving", sizes: [(80, 24), (20, 3)]) { Fixture.state().pressing(.character("q")) },
        Scene(name: "take", sizes: [(80, 24)]) {
            var state = Fixture.state()
            _ = state.reduce(.auditioned(Fixture.take()))
            return state
        },
        Scene(name: "training-block", sizes: [(80, 24)], glyphs: .block) { Fixture.state() },
        Scene(name: "training-ascii", sizes: [(80, 24), (40, 10)], glyphs: .ascii) { Fixture.state() },
    ]

    @MainActor @Test(arguments: scenes) func looksAsItDid(scene: Scene) throws { try scene.expectLooksAsItDid() }

    @Test(arguments: scenes) func everySizeIsDrawnWithoutHarm(scene: Scene) {
        scene.expectEverySizeIsDrawnWithoutHarm()
    }
}
