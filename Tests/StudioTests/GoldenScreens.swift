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

    /// Compares the colours and attributes of every cell, as a theme gives them at each depth, with those kept: a line a
    /// row, with the number of cells before each look that differs from the one before.
    @MainActor func expectColoursAsTheyWere(theme name: String, depths: [ColorDepth], columns: Int, rows: Int) throws {
        let theme = try ThemeLibrary(folders: []).theme(named: name)
        let backend = MemoryBackend(size: TerminalSize(columns: columns, rows: rows), glyphs: glyphs)
        backend.present(drawStudio(state(), size: backend.size, glyphs: backend.glyphs))
        let picture = try #require(backend.pictures.last)
        for depth in depths {
            let drawn = picture.looks(theme: theme, depth: depth)
            try expectKept(drawn, in: "\(self.name)-\(name)-\(depth)-\(columns)x\(rows).txt")
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

extension CellGrid {
    /// The look of every cell, row by row: "12 56b4e9/-b 4 …" are twelve cells of one look and four of the next. A look
    /// is its colour, its ground ("-": the terminal's own), and b, d, r, u for bold, dim, reversed, underlined.
    func looks(theme: Theme, depth: ColorDepth) -> String {
        (0..<size.rows).map { row in
            var runs: [(count: Int, look: String)] = []
            for cell in self.row(row) {
                let look = ResolvedLook(cell.style, theme: theme, depth: depth).label(depth)
                if runs.last?.look == look { runs[runs.count - 1].count += 1 } else { runs.append((1, look)) }
            }
            return runs.map { "\($0.count) \($0.look)" }.joined(separator: "  ")
        }.joined(separator: "\n") + "\n"
    }
}

extension ResolvedLook {
    fileprivate func label(_ depth: ColorDepth) -> String {
        func name(_ color: Int?) -> String {
            color.map { depth == .direct ? String($0, radix: 16) : "\($0)" } ?? "-"
        }
        let marks: [(TextAttributes, String)] = [(.bold, "b"), (.dim, "d"), (.reverse, "r"), (.underline, "u")]
        return "\(name(foreground))/\(name(background))"
            + marks.filter { attributes.contains($0.0) }.map(\.1).joined()
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
    try expectKept(picture.text + "\n", in: "\(name)-\(picture.size.columns)x\(picture.size.rows).txt")
}

/// Compares a text with the kept one in a file.
private func expectKept(_ drawn: String, in name: String) throws {
    let file = pictureFolder.appendingPathComponent(name)
    guard FileManager.default.fileExists(atPath: file.path) else {
        try drawn.write(to: file, atomically: true, encoding: .utf8)
        Issue.record("\(name) is new; look at it, then keep it.")
        return
    }
    let kept = try String(contentsOf: file, encoding: .utf8)
    #expect(drawn == kept, "\(name) has changed:\n\(drawn)")
}
