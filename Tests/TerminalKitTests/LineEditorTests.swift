import TerminalKit
import Testing

@Suite struct LineEditorTests {
    @Test func theCursorCountsColumnsOfWideCharacters() {
        var editor = LineEditor()
        editor.insert("a日本b")
        #expect(editor.cursorColumn == 6)
        editor.handle(.left)
        editor.handle(.left)
        #expect(editor.cursorColumn == 3)
        editor.handle(.backspace)
        #expect(editor.text == "a本b")
        #expect(editor.cursorColumn == 1)
    }

    @Test func marksJoinTheLetterBeforeThem() {
        var editor = LineEditor()
        for scalar in "e\u{301}x".unicodeScalars { editor.handle(.character(Character(scalar))) }
        #expect(editor.cursor == 2)
        editor.handle(.backspace)
        editor.handle(.backspace)
        #expect(editor.text.isEmpty)
        #expect(editor.cursor == 0)
    }

    @Test func editsWithControlKeys() {
        var editor = LineEditor(text: "one two three")
        editor.handle(.control("w"))
        #expect(editor.text == "one two ")
        editor.handle(.home)
        editor.handle(.delete)
        #expect(editor.text == "ne two ")
        editor.handle(.end)
        editor.handle(.control("u"))
        #expect(editor.text.isEmpty)
        let isEditing = editor.handle(.pageUp)
        #expect(!isEditing)
    }

    @Test func pasteIsOneLineWithoutControlCharacters() {
        var editor = LineEditor(text: "<>")
        editor.handle(.left)
        editor.insert("a\r\nb\u{1B}\u{7}\tc")
        #expect(editor.text == "<a b c>")
        #expect(editor.cursor == 6)
    }

    @Test func historyGoesBackAndReturnsToTheDraft() {
        var editor = LineEditor()
        editor.insert("first")
        let line = editor.submit()
        #expect(line == "first")
        editor.insert("second")
        _ = editor.submit()
        editor.insert("dra")
        editor.handle(.up)
        editor.handle(.up)
        editor.handle(.up)
        #expect(editor.text == "first")
        editor.handle(.down)
        editor.handle(.down)
        #expect(editor.text == "dra")
    }

    @Test func aLongLineScrollsWithItsCursor() {
        var grid = CellGrid(size: TerminalSize(columns: 8, rows: 1))
        var editor = LineEditor(text: "abcdefghijkl")
        editor.draw(on: &grid, row: 0, columns: 1..<7)
        #expect(grid.text == " hijkl")
        #expect(grid.cursor == CellPosition(row: 0, column: 6))
        editor.handle(.home)
        grid = CellGrid(size: grid.size)
        editor.draw(on: &grid, row: 0, columns: 1..<7)
        #expect(grid.text == " abcdef")
        #expect(grid.cursor == CellPosition(row: 0, column: 1))
    }
}
