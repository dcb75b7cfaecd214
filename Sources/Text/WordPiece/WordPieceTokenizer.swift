/// Cuts text into the word pieces of a BERT vocabulary, as Hugging Face's `BertTokenizer` does (Wu et al. 2016, Devlin
/// et al. 2018).
///
/// Text is cleaned, Chinese characters and punctuation stand alone, words are lower-cased and lose their accents where
/// the vocabulary wants it, and each word becomes the longest pieces that the vocabulary has. Names of special pieces in
/// the text, such as "[MASK]", are text here: nobody means anything else by saying them.
package struct WordPieceTokenizer: Sendable {
    /// One piece of a text.
    package struct Piece: Sendable, Equatable {
        package var id: Int
        /// The number of the piece's word among the words of the text; see `Tokens.words`.
        package var word: Int
    }

    /// A text in pieces.
    package struct Tokens: Sendable, Equatable {
        /// Without the pieces that begin and end a sequence.
        package var pieces: [Piece]
        /// The words the pieces were cut from, as they were looked up: each a run of letters, one Chinese character or one
        /// punctuation mark.
        package var words: [String]
    }

    /// Pieces that stand for something else than text.
    package let unknown, start, end: Int
    /// How many pieces there are.
    package let count: Int
    /// By the bytes of the piece: strings that look alike but are written otherwise are different pieces.
    private let ids: [[UInt8]: Int]
    private let lowercases: Bool
    /// A longer word is unknown as a whole.
    private static let longestWord = 100

    /// - Parameters:
    ///   - vocabulary: the lines of a `vocab.txt`: a piece's number is its line's.
    ///   - lowercases: true for "uncased" vocabularies: case and accents do not count.
    /// - Throws: `TextError.missingPiece` when "[UNK]", "[CLS]" or "[SEP]" is not among them.
    package init(vocabulary: [String], lowercases: Bool) throws {
        var ids: [[UInt8]: Int] = [:]
        for (id, piece) in vocabulary.enumerated() { ids[Array(piece.utf8)] = id }
        func special(_ piece: String) throws -> Int {
            guard let id = ids[Array(piece.utf8)] else { throw TextError.missingPiece(piece) }
            return id
        }
        unknown = try special("[UNK]")
        start = try special("[CLS]")
        end = try special("[SEP]")
        self.ids = ids
        self.lowercases = lowercases
        count = vocabulary.count
    }

    package func encode(_ text: String) -> Tokens {
        let words = WordPieceText(lowercases: lowercases).words(in: text)
        return Tokens(
            pieces: words.enumerated().flatMap { index, word in
                pieces(of: word).map { Piece(id: $0, word: index) }
            }, words: words.map { String(String.UnicodeScalarView($0)) })
    }

    /// The longest pieces from left to right; one unknown piece when the vocabulary cannot spell the word.
    private func pieces(of word: [Unicode.Scalar]) -> [Int] {
        guard word.count <= Self.longestWord else { return [unknown] }
        let letters = word.map { Array(String($0).utf8) }
        var result: [Int] = []
        var start = 0
        while start < letters.count {
            let prefix: [UInt8] = start > 0 ? Array("##".utf8) : []
            let found = stride(from: letters.count, to: start, by: -1).lazy.compactMap { end in
                ids[letters[start..<end].reduce(into: prefix) { $0 += $1 }].map { (id: $0, end: end) }
            }.first
            guard let found else { return [unknown] }
            result.append(found.id)
            start = found.end
        }
        return result
    }
}
