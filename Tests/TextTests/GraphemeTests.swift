import Foundation
import Testing
import Text

@Suite struct GraphemeTests {
    @Test func lettersComeFromTheTranscripts() throws {
        let symbols = SymbolTable.graphemes(of: ["Zażółć, gęślą!", "jaźń 7 😀"])
        #expect(symbols == "7agjlzóąćęłńśźż".precomposedStringWithCanonicalMapping)
        let frontEnd = try TextFrontEnd(language: "graphemes", symbols: symbols)
        let encoded = try frontEnd.encode("Jaźń — zła?")
        #expect(encoded.transcription == "jaźń — zła?")
        #expect(encoded.unknown.isEmpty)
    }

    @Test func lettersOutsideTheVoiceAreNamed() throws {
        let encoded = try TextFrontEnd(language: "graphemes", symbols: "abc").encode("A quiz, abc")
        #expect(encoded.unknown == ["q", "u", "i", "z"])
        #expect(encoded.transcription == "a , abc")
    }

    @Test func aVoiceWithoutLettersIsRefused() throws {
        let error = try #require(throws: TextError.self) { try TextFrontEnd(language: "graphemes") }
        #expect(error == .missingSymbols)
    }

    @Test func idsDependOnTheSymbolsAlone() {
        let table = SymbolTable(graphemes: "ab")
        #expect(table.symbols.prefix(3) == ["<pad>", " ", ","])
        #expect(table.id(of: "a") == Int32(table.count - 2))
        #expect(table == SymbolTable(graphemes: "AB"))
    }
}
