import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// The audition screen and what lies over it.
@Suite struct AuditionScreenTests {
    static let sizes = Scene.allSizes + [(200, 60)]

    static let scenes = [
        Scene(name: "audition-empty", sizes: [(80, 24), (120, 40), (40, 10)]) {
            var state = Fixture.state().pressing(.character("3"))
            _ = state.reduce(.auditionMaterial(AuditionMaterial(takes: [])))
            return state
        },
        Scene(name: "audition-takes", sizes: sizes + [(300, 80)]) { Fixture.audition() },
        Scene(name: "audition-playing", sizes: sizes) {
            var state = Fixture.audition().pressing(.character("l"), .enter)
            _ = state.reduce(.playMoved(1, seconds: 0.84))
            return state
        },
        Scene(name: "audition-typing", sizes: sizes) {
            var state = Fixture.audition().pressing(.character("a"))
            let text =
                "A sentence so long that it needs more than one line of sight, with 「日本語の文字」, n\u{303} and 👋 in it, "
                + "and still it is one sentence with one cursor, "
            _ = state.reduce(.terminal(.paste(text)))
            return state.pressing(.left, .left, .left, .left)
        },
        Scene(name: "audition-settings", sizes: [(80, 24), (120, 40)]) {
            Fixture.audition().pressing(.tab, .down, .down, .down, .right, .right)
        },
        Scene(name: "audition-making", sizes: sizes) {
            var state = Fixture.audition().pressing(.character("m"), .down, .down, .enter)
            _ = state.reduce(.playFailed(1, "There is no sound device to play on."))
            _ = state.reduce(.auditionProgress(.speaking(0.42)))
            return state
        },
        Scene(name: "audition-series", sizes: [(80, 24), (40, 10)]) { Fixture.audition().pressing(.character("m")) },
        Scene(name: "audition-weights", sizes: [(80, 24), (120, 40)]) {
            Fixture.audition().pressing(.character("w"), .down)
        },
        Scene(name: "audition-reference", sizes: [(80, 24)]) { Fixture.audition().pressing(.character("r")) },
        Scene(name: "audition-blind", sizes: sizes) {
            var state = Fixture.audition()
            _ = state.reduce(.lotDrawn(a: Fixture.takes[0], b: Fixture.takes[5]))
            state = state.pressing("a", "b")
            _ = state.reduce(.playMoved(2, seconds: 1.1))
            return state
        },
        Scene(name: "audition-voted", sizes: sizes) {
            var state = Fixture.audition()
            _ = state.reduce(.lotDrawn(a: Fixture.takes[0], b: Fixture.takes[5]))
            return state.pressing("a", "b", "2")
        },
        Scene(name: "audition-help", sizes: [(80, 24), (120, 40)]) { Fixture.audition().pressing(.character("?")) },
        Scene(name: "audition-unread", sizes: [(80, 24)]) {
            var state = Fixture.audition()
            _ = state.reduce(
                .soundRead("takes/6.wav", .failure(SoundUnread("takes/6.wav ends after 0.31 of 2.04 seconds."))))
            return state
        },
        Scene(name: "audition-block", sizes: [(80, 24)], glyphs: .block) { Fixture.audition() },
        Scene(name: "audition-ascii", sizes: [(80, 24), (120, 40), (40, 10)], glyphs: .ascii) {
            var state = Fixture.audition().pressing(.enter)
            _ = state.reduce(.playMoved(1, seconds: 0.84))
            return state
        },
    ]

    @MainActor @Test(arguments: scenes) func looksAsItDid(scene: Scene) throws { try scene.expectLooksAsItDid() }

    @Test(arguments: scenes) func everySizeIsDrawnWithoutHarm(scene: Scene) {
        scene.expectEverySizeIsDrawnWithoutHarm()
    }
}
