import Foundation
import Testing
import Text

/// The tokenizer against what Hugging Face's gave for the same lines; see Tests/Reference/make_wordpiece_fixture.py.
@Suite struct WordPieceTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("WordPiece")

    private static func lines(_ name: String) throws -> [String] {
        let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        return text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            String($0)
        }
    }

    private static func tokenizer(lowercases: Bool) throws -> WordPieceTokenizer {
        try WordPieceTokenizer(vocabulary: lines("vocab.txt"), lowercases: lowercases)
    }

    @Test(arguments: [("uncased", true), ("cased", false)])
    func cutsTwoThousandLinesAsThePublicOneDoes(name: String, lowercases: Bool) throws {
        let tokenizer = try Self.tokenizer(lowercases: lowercases)
        let texts = try Self.lines("lines.txt")
        let wanted = try Self.lines("\(name).txt").map { $0.split(separator: " ").compactMap { Int($0) } }
        #expect(texts.count == 2000 && wanted.count == 2000)
        for (text, ids) in zip(texts, wanted) {
            let found = tokenizer.encode(text).pieces.map(\.id)
            #expect(found == ids, "\(text.debugDescription)")
        }
    }

    @Test func everyPieceKnowsItsWord() throws {
        let tokens = try Self.tokenizer(lowercases: true).encode("Don't!  今天 zürich")
        #expect(tokens.words == ["don", "'", "t", "!", "今", "天", "zurich"])
        #expect(Set(tokens.pieces.map(\.word)) == Set(0..<7))
        #expect(tokens.pieces.map(\.word) == tokens.pieces.map(\.word).sorted())
    }

    @Test func nothingComesOfNothing() throws {
        #expect(try Self.tokenizer(lowercases: true).encode(" \t\u{200B}").pieces.isEmpty)
    }

    @Test func aVocabularyOfSomethingElseIsRefused() {
        #expect(throws: TextError.missingPiece("[SEP]")) {
            try WordPieceTokenizer(vocabulary: ["[PAD]", "[UNK]", "[CLS]", "a"], lowercases: true)
        }
    }

    // MARK: Alignment

    private func aligned(_ symbols: String, _ words: [String]) -> [Int?] {
        WordAlignment.words(of: symbols.map(String.init), in: words)
    }

    @Test func wordsMeetTheirSymbols() {
        #expect(aligned("həl wɜd", ["hello", "world"]) == [0, 0, 0, 0, 1, 1, 1])
        // A mark is said with itself, the space behind it too.
        #expect(aligned("ha, ju.", ["ha", ",", "you", "."]) == [0, 0, 1, 1, 2, 2, 3])
    }

    @Test func joinedAndSplitWordsShareByLength() {
        // "of the" said as one, before a comma that both have.
        #expect(aligned("əvðə, ɪt", ["of", "the", ",", "it"]).suffix(4) == [2, 2, 3, 3])
        let year = aligned("naɪntin ɛɪti fɔɹ", ["1984"])
        #expect(year.allSatisfy { $0 == 0 })
        let two = aligned("aaa bbb ccc ddd", ["one", "two"])
        #expect(two == [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    }

    @Test func withoutWordsOrSymbolsNothingIsAligned() {
        #expect(aligned("ab", []) == [nil, nil])
        #expect(aligned("", ["a"]).isEmpty)
        #expect(aligned(" ", ["a"]) == [nil])
    }
}
