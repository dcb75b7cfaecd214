import Testing
import Text

@Suite struct TextNormalizerTests {
    @Test(arguments: [
        ("  two\t\n words ", "two words"),
        ("\u{201C}Hi\u{201D} \u{2018}there\u{2019} it\u{2019}s \u{00AB}x\u{00BB}", "\"Hi\" 'there' it's \"x\""),
        ("a \u{2013} b \u{2014} c -- d - e", "a — b — c — d — e"),
        ("1939\u{2013}45 well-known", "1939-45 well-known"),
        ("wait... what....", "wait… what…"),
        ("cafe\u{0301}", "caf\u{00E9}"),
        ("你好，世界！（一）", "你好, 世界! (一)"),
        ("ＡＢＣ１２３", "ABC123"),
        ("soft\u{00AD}hyphen\u{FEFF}", "softhyphen"),
        ("a\u{0}b", "a b"),
    ])
    func oneSpelling(text: String, expected: String) throws {
        let normalized = try TextNormalizer().normalize(text)
        #expect(Array(normalized.unicodeScalars) == Array(expected.unicodeScalars))
        #expect(try TextNormalizer().normalize(normalized) == normalized)
    }

    @Test func emptyTextIsRefused() throws {
        let error = try #require(throws: TextError.self) { try TextNormalizer().normalize(" \u{200B}\n") }
        #expect(error.description == "The text is empty; give at least one word to say.")
    }

    @Test func clausesJoinToTheText() {
        let text = "He paid 1,000.50 at 12:30, \"gladly\" (she said)… e.g. Dr. No. The end."
        let pieces = Clauses.split(text)
        let joined = pieces.map { piece in
            switch piece {
            case .words(let words): words
            case .mark(let mark): String(mark)
            }
        }.joined()
        #expect(joined == text)
        #expect(pieces.first == .words("He paid 1,000.50 at 12:30"))
        #expect(pieces.filter { $0 == .mark(".") }.count == 2)
    }

    @Test(arguments: [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        (
            "Dr. Smith paid $3.14. \"Really?\" he asked. Yes.",
            ["Dr. Smith paid $3.14.", "\"Really?\" he asked.", "Yes."]
        ),
        ("The U.S. army left… slowly. J. R. Tolkien wrote.", ["The U.S. army left… slowly.", "J. R. Tolkien wrote."]),
        ("你好。世界！", ["你好.", "世界!"]),
        ("Title\n\nBody goes\non here", ["Title", "Body goes on here"]),
        (" \n ", []),
    ])
    func sentences(text: String, expected: [String]) {
        #expect(SentenceSplitter.sentences(in: text) == expected)
    }

    @Test func aLongSentenceIsCutAtAClauseOrASpace() {
        let text = String(repeating: "some words here, ", count: 40) + String(repeating: "x", count: 500)
        let parts = SentenceSplitter.sentences(in: text, longest: 100)
        #expect(parts.allSatisfy { $0.count <= 100 && !$0.isEmpty })
        #expect(parts.joined().filter { $0 != " " } == text.filter { $0 != " " })
        #expect(parts[0].hasSuffix(","))
    }
}
