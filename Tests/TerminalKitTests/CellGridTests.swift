import TerminalKit
import Testing

@Suite struct CellGridTests {
    @Test func wideCharactersTakeTwoColumnsAndNeverHalfOfThem() {
        var grid = CellGrid(size: TerminalSize(columns: 7, rows: 1))
        grid.write("a日本語b", row: 0, column: 0)
        // The third would begin in column 5 and fits; b would stand in column 7, outside.
        #expect(grid.text == "a日本語")
        grid.write("x", row: 0, column: 2)
        // Half of 日 was overwritten: the other half is blank, and what follows stays where it was.
        #expect(grid.text == "a x本語")
        grid.write("日", row: 0, column: 6)
        #expect(grid.text == "a x本語")
    }

    @Test func marksStayWithTheirLetter() {
        var grid = CellGrid(size: TerminalSize(columns: 6, rows: 1))
        let end = grid.write("e\u{301}a\u{308}!", row: 0, column: 0)
        #expect(end == 3)
        #expect(grid[0, 0].marks == ["\u{301}"])
        #expect(grid.text == "e\u{301}a\u{308}!")
        // Four are kept, and two letters with other marks are two letters.
        grid.write("o\u{301}\u{302}\u{303}\u{304}\u{305}", row: 0, column: 4)
        #expect(Array(grid[0, 4].marks) == ["\u{301}", "\u{302}", "\u{303}", "\u{304}"])
        var other = grid
        other.write("o\u{301}\u{302}\u{303}\u{306}", row: 0, column: 4)
        #expect(other != grid)
    }

    @Test func joinersDoNotMoveWhatFollows() {
        #expect(CharacterWidth.columns(of: "👩\u{200D}🔬") == 4)
        #expect(CharacterWidth.columns(of: "☎\u{FE0F}") == 1)
        #expect(CharacterWidth.columns(of: "\u{7}a\u{1B}") == 1)
    }

    @Test func writingOutsideIsCutOff() {
        var grid = CellGrid(size: TerminalSize(columns: 4, rows: 2))
        grid.write("abcdef", row: 0, column: -2)
        grid.write("xyz", row: 1, column: 3)
        grid.write("no", row: 5, column: 0)
        grid.write("no", row: -1, column: 0)
        #expect(grid.text == "cdef\n   x")
        grid.write("123456", row: 1, column: 0, within: 1..<3)
        #expect(grid.text == "cdef\n 23x")
    }

    @Test func asciiFormHasNoHighCharacterAndTheSameColumns() {
        var grid = CellGrid(size: TerminalSize(columns: 20, rows: 3))
        grid.drawBox(CellRect(row: 0, column: 0, rows: 3, columns: 20), title: "Überá 日 …")
        grid.write("⣿▌× →é\u{301}", row: 1, column: 1)
        let plain = grid.asciiOnly()
        #expect(plain.cells.allSatisfy { $0.scalar.value < 0x7F && $0.marks.isEmpty })
        #expect(plain.text == "+- Ubera ?  ~ -----+\n|*#x >e            |\n+------------------+")
    }

    @Test(arguments: [("short", 8, "short"), ("too long", 5, "too …"), ("日本語", 4, "日…"), ("ab", 1, "a"), ("a", 0, "")])
    func shorteningKeepsToTheWidth(text: String, width: Int, expected: String) {
        #expect(CharacterWidth.shortened(text, columns: width) == expected)
    }

    @Test func wrappingKeepsWordsAndCutsWhatIsTooLong() {
        #expect(CellGrid.wrap("go back to the start", columns: 8) == ["go back", "to the", "start"])
        #expect(CellGrid.wrap("abcdefghij k", columns: 4) == ["abcd", "efgh", "ij k"])
        #expect(CellGrid.wrap("", columns: 4) == [""])
    }

    @Test func statusLineLeavesOutTheLeastImportantPieces() {
        var grid = CellGrid(size: TerminalSize(columns: 16, rows: 1))
        let items = [StatusItem("stage", rank: 1), StatusItem("detail", rank: 9), StatusItem("step 12", rank: 0)]
        grid.drawStatusLine(items, row: 0, columns: 0..<16)
        #expect(grid.text == "stage  step 12")
    }

    @Test(arguments: [(0, 0..<4), (1, 0..<4), (5, 3..<7), (9, 6..<10)])
    func listsShowTheChosenLineAndNoEmptyRow(index: Int, visible: Range<Int>) {
        #expect(ListSelection(index: index).visible(count: 10, rows: 4) == visible)
        #expect(ListSelection(index: 2).visible(count: 3, rows: 4) == 0..<3)
        #expect(ListSelection(index: 0).visible(count: 0, rows: 4).isEmpty)
    }
}
