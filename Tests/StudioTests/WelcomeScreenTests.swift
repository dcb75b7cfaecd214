import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// The first screen as pictures.
@MainActor @Suite struct WelcomeScreenTests {
    nonisolated static let offer = VoiceOffer(
        voices: [
            .init(name: "ada", path: "/home/u/.local/share/reprise/ada", detail: "212 clips, trained to step 23000"),
            .init(name: "声の見本", path: "/home/u/.local/share/reprise/声の見本", detail: "40 clips"),
        ],
        samples: [
            .init(name: "slt", path: "/r/samples/slt", detail: "16 clips"),
            .init(name: "rms", path: "/r/samples/rms", detail: "16 clips"),
        ], unfinished: [.init(name: "me", path: "/home/u/.local/share/reprise/.recording-me", detail: "3 clips")],
        home: "/home/u/.local/share/reprise", sampleFolders: ["/r/samples"])

    nonisolated private static func welcome(_ offer: VoiceOffer? = offer, _ keys: [Key] = [], problem: String? = nil)
        -> WelcomeState
    {
        var state = WelcomeState(problem: problem)
        if let offer { _ = state.reduce(.offered(offer)) }
        for key in keys { _ = state.reduce(.terminal(.key(key))) }
        return state
    }

    nonisolated private static let made = MadeVoice(
        path: "/home/u/.local/share/reprise/bea",
        report: [
            "bea: 210 clips, 14 min 10 s of speech, in /home/u/.local/share/reprise/bea",
            "  to train on: 199 clips, 13 min 22 s", "  held out: b_07, b_19", "  not used: 2",
            "    b_101: silent", "    b_140: clipped: 2.1 % of it is at full scale",
        ], isWithoutRemarks: false)

    /// Name, sizes and state of every picture.
    nonisolated static let pictures: [(name: String, state: @Sendable () -> WelcomeState)] = [
        ("welcome", { welcome(offer, [.down]) }),
        ("welcome-looking", { welcome(nil) }),
        (
            "welcome-nothing",
            {
                welcome(
                    VoiceOffer(
                        voices: [], samples: [], home: "/home/u/.local/share/reprise",
                        sampleFolders: ["/u/samples", "/usr/local/share/reprise/samples"]))
            }
        ),
        (
            "welcome-problem",
            {
                welcome(
                    problem:
                        "There is no voice \"aad\" (looked for /u/aad and /home/u/.local/share/reprise/aad); make one "
                        + "with \"reprise new aad --from DIR\".")
            }
        ),
        (
            "welcome-folder",
            {
                var state = welcome(offer, [.end, .up, .enter, "~", "/", "r"])
                _ = state.reduce(.completed(["~/recordings/", "~/recent/", "~/reprise.list"]))
                return state
            }
        ),
        (
            "welcome-importing",
            {
                var state = welcome(offer, [.end, .up, .enter, "x", .enter])
                _ = state.reduce(.named("bea", from: "~/recordings"))
                _ = state.reduce(.terminal(.key(.enter)))
                _ = state.reduce(.progress(done: 80, total: 210, id: "b_081"))
                return state
            }
        ),
        (
            "welcome-report",
            {
                var state = welcome()
                _ = state.reduce(.made(made))
                return state
            }
        ),
        (
            "welcome-recording",
            {
                var state = welcome()
                _ = state.reduce(
                    .canRecord(sentences: ClipFixture.listing.prompts, kept: 1, name: "me", language: "en-us"))
                return state
            }
        ),
        ("welcome-help", { welcome(offer, ["?"]) }),
    ]
    nonisolated private static let sizes = [(80, 24), (120, 40), (200, 60), (40, 10), (20, 3)]

    @Test(arguments: pictures.indices) func looksAsItDid(index: Int) throws {
        let picture = Self.pictures[index]
        for (columns, rows) in picture.name == "welcome" ? Self.sizes : [(80, 24), (40, 10)] {
            try expectKept(
                picture.name,
                drawWelcome(picture.state(), size: TerminalSize(columns: columns, rows: rows), glyphs: .braille))
        }
    }

    @Test(arguments: pictures.indices) func everySizeIsDrawnWithoutHarm(index: Int) {
        let state = Self.pictures[index].state()
        for columns in [1, 2, 5, 12, 29, 30, 40, 41, 80, 200] {
            for rows in [1, 2, 3, 7, 8, 10, 24, 60] {
                let grid = drawWelcome(state, size: TerminalSize(columns: columns, rows: rows), glyphs: .braille)
                if let cursor = grid.cursor { #expect(cursor.row < rows && cursor.column < columns) }
            }
        }
        let grid = drawWelcome(state, size: TerminalSize(columns: 120, rows: 40), glyphs: .ascii).asciiOnly()
        #expect(grid.cells.allSatisfy { $0.scalar.value < 0x7F && $0.marks.isEmpty })
    }
}
