import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// The studio as text, kept in Screens/: what is drawn now must be what was looked at then.
/// To take a new picture, delete its file and run the test once.
@Suite struct ScreenTests {
    struct Scene: Sendable, CustomTestStringConvertible {
        let name: String
        let sizes: [(columns: Int, rows: Int)]
        var glyphs = ChartGlyphs.braille
        let state: @Sendable () -> StudioState
        var testDescription: String { name }
    }

    private static let allSizes = [(80, 24), (120, 40), (40, 10), (20, 3)]

    static let scenes = [
        Scene(name: "training", sizes: allSizes + [(200, 60)]) { Fixture.state() },
        Scene(name: "opening", sizes: [(80, 24), (20, 3)]) { StudioState(now: Fixture.now) },
        Scene(name: "preparing", sizes: [(80, 24), (40, 10)]) {
            var state = StudioState(now: Fixture.now)
            let phase = TrainingSnapshot.Phase.preparing("Fitting 512 semantic codes to 14 clips", fraction: 0.42)
            _ = state.reduce(.update(.snapshot(Fixture.snapshot(phase, step: 0, checkpoints: []))))
            return state
        },
        Scene(name: "paused", sizes: [(80, 24)]) { pressing(Fixture.state(.paused), .right, .right) },
        Scene(name: "halted", sizes: allSizes) {
            Fixture.state(
                .halted("The mel loss of step 140 is not finite. r goes back to a checkpoint, space tries on."))
        },
        Scene(name: "prior-logarithmic", sizes: [(80, 24)]) {
            pressing(Fixture.state(), .left, .left, .character("g"))
        },
        Scene(name: "log", sizes: [(80, 24), (40, 10)]) {
            var state = Fixture.state()
            var broken = Fixture.step(141)
            broken.metrics[.mel] = .nan
            _ = state.reduce(.update(.step(broken)))
            _ = state.reduce(
                .update(.event(Fixture.event(.warning, at: 141, "声 ada: 「日本語」の文 – 3 unknown characters."))))
            return pressing(state, .tab, .tab)
        },
        Scene(name: "roll-back", sizes: allSizes) { pressing(Fixture.state(), .down, .character("r")) },
        Scene(name: "audition", sizes: allSizes) {
            let opened = pressing(Fixture.state(), .down, .character("a"), .tab)
            return pressing(opened, "H", "ä", "l", "l", "o", " ", "日", "本", "語", "!")
        },
        Scene(name: "learning-rate", sizes: [(80, 24)]) { pressing(Fixture.state(), .character("l")) },
        Scene(name: "help", sizes: allSizes) { pressing(Fixture.state(), .character("?")) },
        Scene(name: "leaving", sizes: [(80, 24), (20, 3)]) { pressing(Fixture.state(), .character("q")) },
        Scene(name: "take", sizes: [(80, 24)]) {
            var state = Fixture.state()
            _ = state.reduce(.auditioned(Fixture.take()))
            return state
        },
        Scene(name: "training-block", sizes: [(80, 24)], glyphs: .block) { Fixture.state() },
        Scene(name: "training-ascii", sizes: [(80, 24), (40, 10)], glyphs: .ascii) { Fixture.state() },
    ]

    private static func pressing(_ start: StudioState, _ keys: Key...) -> StudioState {
        var state = start
        for key in keys { _ = state.reduce(.terminal(.key(key))) }
        return state
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Screens")

    @MainActor @Test(arguments: scenes)
    func looksAsItDid(scene: Scene) throws {
        for size in scene.sizes {
            let backend = MemoryBackend(
                size: TerminalSize(columns: size.columns, rows: size.rows), glyphs: scene.glyphs)
            backend.present(drawStudio(scene.state(), size: backend.size, glyphs: backend.glyphs))
            let drawn = try #require(backend.pictures.last).text + "\n"
            let file = Self.folder.appendingPathComponent("\(scene.name)-\(size.columns)x\(size.rows).txt")
            guard FileManager.default.fileExists(atPath: file.path) else {
                try drawn.write(to: file, atomically: true, encoding: .utf8)
                Issue.record("\(file.lastPathComponent) is new; look at it, then keep it.")
                continue
            }
            let kept = try String(contentsOf: file, encoding: .utf8)
            #expect(drawn == kept, "\(file.lastPathComponent) has changed:\n\(drawn)")
        }
    }

    @Test func everySizeIsDrawnWithoutHarm() {
        for scene in Self.scenes {
            let state = scene.state()
            for columns in [1, 2, 5, 12, 39, 40, 41, 79, 80, 81, 200, 400] {
                for rows in [1, 2, 3, 9, 10, 11, 23, 24, 25, 60, 120] {
                    let size = TerminalSize(columns: columns, rows: rows)
                    let grid = drawStudio(state, size: size, glyphs: scene.glyphs)
                    #expect(grid.size == size)
                    if let cursor = grid.cursor { #expect(cursor.row < rows && cursor.column < columns) }
                }
            }
        }
    }

    @Test func withoutUTF8NoCharacterIsAboveASCII() {
        for scene in Self.scenes {
            let grid = drawStudio(scene.state(), size: TerminalSize(columns: 120, rows: 40), glyphs: .ascii).asciiOnly()
            #expect(grid.cells.allSatisfy { $0.scalar.value < 0x7F && $0.marks.isEmpty })
        }
    }
}

extension Key: ExpressibleByExtendedGraphemeClusterLiteral {
    package init(extendedGraphemeClusterLiteral value: Character) { self = .character(value) }
}
