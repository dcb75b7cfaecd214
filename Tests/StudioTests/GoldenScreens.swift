import Foundation
import Studio
import TerminalKit
import Testing

/// A state of the studio, drawn as text in some sizes and kept in Screens/: what is drawn now must be what was looked
/// at then. To take a new picture, delete its file and run the test once.
struct Scene: Sendable, CustomTestStringConvertible {
    let name: String
    let sizes: [(columns: Int, rows: Int)]
    var glyphs = ChartGlyphs.braille
    let state: @Sendable () -> StudioState
    var testDescription: String { name }

    static let allSizes = [(80, 24), (120, 40), (40, 10), (20, 3)]

    /// Compares every size with its kept picture.
    @MainActor func expectLooksAsItDid() throws {
        for size in sizes {
            let backend = MemoryBackend(size: TerminalSize(columns: size.columns, rows: size.rows), glyphs: glyphs)
            backend.present(drawStudio(state(), size: backend.size, glyphs: backend.glyphs))
            let drawn = try #require(backend.pictures.last)
            try expectKept(name, drawn)
        }
    }

    /// Draws it in many sizes and without UTF-8: nothing may be written outside, nor above ASCII there.
    func expectEverySizeIsDrawnWithoutHarm() {
        let state = state()
        for columns in [1, 2, 5, 12, 39, 40, 41, 79, 80, 81, 200, 400] {
            for rows in [1, 2, 3, 9, 10, 11, 23, 24, 25, 60, 120] {
                let size = TerminalSize(columns: columns, rows: rows)
                let grid = drawStudio(state, size: size, glyphs: glyphs)
                #expect(grid.size == size)
                if let cursor = grid.cursor { #expect(cursor.row < rows && cursor.column < columns) }
            }
        }
        let grid = drawStudio(state, size: TerminalSize(columns: 120, rows: 40), glyphs: .ascii).asciiOnly()
        #expect(grid.cells.allSatisfy { $0.scalar.value < 0x7F && $0.marks.isEmpty })
    }
}

extension StudioState {
    /// The state after these keys.
    func pressing(_ keys: Key...) -> StudioState {
        var state = self
        for key in keys { _ = state.reduce(.terminal(.key(key))) }
        return state
    }
}

extension Key: ExpressibleByExtendedGraphemeClusterLiteral {
    package init(extendedGraphemeClusterLiteral value: Character) { self = .character(value) }
}

private let pictureFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Screens")

/// Compares a picture with the kept one of this name and size.
func expectKept(_ name: String, _ picture: CellGrid) throws {
    let drawn = picture.text + "\n"
    let file = pictureFolder.appendingPathComponent("\(name)-\(picture.size.columns)x\(picture.size.rows).txt")
    guard FileManager.default.fileExists(atPath: file.path) else {
        try drawn.write(to: file, atomically: true, encoding: .utf8)
        Issue.record("\(file.lastPathComponent) is new; look at it, then keep it.")
        return
    }
    let kept = try String(contentsOf: file, encoding: .utf8)
    #expect(drawn == kept, "\(file.lastPathComponent) has changed:\n\(drawn)")
}
