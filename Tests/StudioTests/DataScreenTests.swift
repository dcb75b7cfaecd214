import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// The data screen, the recorder and the welcome screen as pictures.
@Suite struct DataScreenTests {
    private static let wide = [(80, 24), (120, 40), (200, 60), (40, 10), (20, 3)]

    private static func recorder(_ messages: [RecorderState.Message], keys: [Key] = [" "]) -> StudioState {
        var state = ClipFixture.state().pressing("n")
        for key in keys { _ = state.reduce(.terminal(.key(key))) }
        for message in messages { _ = state.reduce(.data(.recorder(message))) }
        return state
    }

    static let scenes = [
        Scene(name: "data", sizes: wide) { ClipFixture.state().pressing(.down, .down) },
        Scene(name: "data-coverage", sizes: [(80, 24), (40, 10)]) { ClipFixture.state().pressing(.tab) },
        Scene(name: "data-ascii", sizes: [(120, 40)], glyphs: .ascii) {
            ClipFixture.state().pressing(.down, .down, .down)
        },
        Scene(name: "data-reading", sizes: [(80, 24)]) {
            var state = Fixture.state().pressing("4")
            _ = state.reduce(.data(.listed(ClipFixture.listing)))
            _ = state.reduce(.data(.inspected(Array(ClipFixture.inspections.prefix(2)))))
            return state
        },
        Scene(name: "data-opening", sizes: [(80, 24)]) { Fixture.state().pressing("4") },
        Scene(name: "data-problem", sizes: [(80, 24)]) {
            var state = Fixture.state().pressing("4")
            _ = state.reduce(.data(.notListed("/v/metadata.csv, line 3: it has 1 field, where id|text is expected.")))
            return state
        },
        Scene(name: "data-search", sizes: [(80, 24)]) {
            ClipFixture.state().pressing("/").pressing("o", "u", "t")
        },
        Scene(name: "data-transcript", sizes: [(80, 24), (20, 3)]) { ClipFixture.state().pressing("t") },
        Scene(name: "data-changed", sizes: [(80, 24)]) {
            var state = ClipFixture.state()
            let change = ClipChange.phonemes("ada_01", "ðə")
            _ = state.reduce(.data(.changed(change, from: .phonemes("ada_01", nil), isTakingBack: false)))
            return state
        },
        Scene(name: "recorder", sizes: [(80, 24), (120, 40), (40, 10), (20, 3)]) { recorder([], keys: []) },
        Scene(name: "recorder-recording", sizes: [(80, 24), (40, 10), (20, 3)]) {
            recorder((1...60).map { .meter(seconds: Double($0) / 20, peak: abs(sin(Float($0) / 5)) * 0.7) })
        },
        Scene(name: "recorder-review", sizes: [(80, 24), (40, 10)]) {
            recorder([.prepared(ClipFixture.draft)], keys: [" ", " "])
        },
        Scene(name: "recorder-refused", sizes: [(80, 24), (40, 10)]) {
            var draft = ClipFixture.draft
            draft.refusal = "0.42 s after trimming, under 0.8 s"
            return recorder([.prepared(draft)], keys: [" ", " "])
        },
        Scene(name: "recorder-no-microphone", sizes: [(80, 24), (40, 10)]) {
            recorder([
                .failed(
                    "The microphone \"default\" cannot be opened: there is no such device; plug one in or name another "
                        + "ALSA device with --microphone.")
            ])
        },
    ]

    @MainActor @Test(arguments: scenes) func looksAsItDid(scene: Scene) throws { try scene.expectLooksAsItDid() }

    @Test(arguments: scenes) func everySizeIsDrawnWithoutHarm(scene: Scene) {
        scene.expectEverySizeIsDrawnWithoutHarm()
    }
}
