import Testing
import Text

@Suite struct SymbolTableTests {
    @Test func theTableIsSmallUniqueAndVersioned() {
        let table = SymbolTable.ipa
        #expect(table.name == "ipa-1")
        #expect(table.count <= 512)
        #expect(Set(table.symbols).count == table.count)
        #expect(table.symbols[Int(SymbolTable.paddingID)] == "<pad>")
    }

    /// Trained voices hold these numbers: a change of order needs a new table name.
    @Test func placesNeverMove() {
        let table = SymbolTable.ipa
        #expect(table.count == 260)
        for (symbol, id) in [(" ", 1), (",", 2), ("¡", 14), ("ˈ", 15), ("a", 24), ("ə", 80), ("ʒ", 137)]
            as [(Unicode.Scalar, Int32)]
        {
            #expect(table.id(of: symbol) == id, "\(symbol)")
        }
        #expect(table.symbols.last == "\u{0361}")
    }

    @Test func aMissingCharacterIsNamedOnceAndWhole() {
        let encoded = SymbolTable.ipa.encode("a☃b☃")
        #expect(encoded.symbols == ["a", "b"])
        #expect(encoded.unknown == ["☃"])
    }

    @Test func combiningMarksAreSymbolsOfTheirOwn() {
        #expect(SymbolTable.ipa.encode("t̪ɔ̃").symbols == ["t", "\u{032A}", "ɔ", "\u{0303}"])
    }
}
