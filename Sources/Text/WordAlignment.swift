/// Which word of a text each of its symbols is said for.
///
/// The phonemizer writes words with spaces between them, but joins some ("of the") and says others in several ("1984").
/// Punctuation stands on both sides, so the text is aligned between the marks: word by word where the counts agree, else
/// in proportion to their lengths.
package enum WordAlignment {
    /// - Parameters:
    ///   - symbols: as `EncodedText.symbols` has them.
    ///   - words: the words and punctuation marks of the same text, in order.
    /// - Returns: for each symbol the number of a word; a space belongs to the word before it. nil when there is no word.
    package static func words(of symbols: [String], in words: [String]) -> [Int?] {
        let spoken = groups(of: symbols)
        let isMark = words.map { word in word.count == 1 && word.first.map(Clauses.marks.contains) == true }
        var result = [Int?](repeating: nil, count: symbols.count)
        let symbolSections = sections(spoken.map(\.isMark))
        let wordSections = sections(isMark)
        if symbolSections.count == wordSections.count {
            for (some, others) in zip(symbolSections, wordSections) {
                align(Array(spoken[some]), Array(others), words, &result)
            }
        } else {
            align(spoken, Array(words.indices), words, &result)
        }
        // What stands between words goes with the word before it, at the beginning with the one after it.
        var last = result.compactMap(\.self).first
        for index in result.indices {
            last = result[index] ?? last
            result[index] = last
        }
        return result
    }

    private struct Group {
        var symbols: Range<Int>
        var isMark: Bool
    }

    /// Runs of symbols between spaces, and single marks.
    private static func groups(of symbols: [String]) -> [Group] {
        var groups: [Group] = []
        var start: Int?
        func finish(_ end: Int) {
            if let begun = start { groups.append(Group(symbols: begun..<end, isMark: false)) }
            start = nil
        }
        for (index, symbol) in symbols.enumerated() {
            if symbol == String(SymbolTable.space) {
                finish(index)
            } else if Clauses.marks.contains(Character(symbol)) {
                finish(index)
                groups.append(Group(symbols: index..<index + 1, isMark: true))
            } else if start == nil {
                start = index
            }
        }
        finish(symbols.count)
        return groups
    }

    /// Cuts a sequence into runs of marks and runs of words.
    private static func sections(_ isMark: [Bool]) -> [Range<Int>] {
        var sections: [Range<Int>] = []
        for index in isMark.indices {
            if let last = sections.last, isMark[last.lowerBound] == isMark[index] {
                sections[sections.count - 1] = last.lowerBound..<index + 1
            } else {
                sections.append(index..<index + 1)
            }
        }
        return sections
    }

    private static func align(_ groups: [Group], _ chosen: [Int], _ words: [String], _ result: inout [Int?]) {
        guard !groups.isEmpty, !chosen.isEmpty else { return }
        if groups.count == chosen.count {
            for (group, word) in zip(groups, chosen) {
                for symbol in group.symbols { result[symbol] = word }
            }
            return
        }
        // The middle of a group falls into the word that covers the same share of its line.
        let groupLength = Double(groups.reduce(0) { $0 + $1.symbols.count })
        let wordLengths = chosen.map { Double(max(1, words[$0].count)) }
        let wordLength = wordLengths.reduce(0, +)
        var said = 0.0
        var index = 0
        var written = wordLengths[0]
        for group in groups {
            let middle = (said + Double(group.symbols.count) / 2) / groupLength
            while index + 1 < chosen.count, written / wordLength <= middle {
                index += 1
                written += wordLengths[index]
            }
            for symbol in group.symbols { result[symbol] = chosen[index] }
            said += Double(group.symbols.count)
        }
    }
}
