import Foundation

/// Splits long text where a speaker would take breath.
package enum SentenceSplitter {
    private static let enders: Set<Character> = [".", "!", "?", "…"]
    private static let closers: Set<Character> = ["\"", ")", "'"]

    /// The sentences of `text`, normalised, in order; empty for white space only.
    ///
    /// A sentence of more than `longest` characters is cut again at a clause mark, else at a space.
    package static func sentences(in text: String, longest: Int = 240) -> [String] {
        var result: [String] = []
        for paragraph in paragraphs(of: text) {
            let characters = Array(TextNormalizer().fold(paragraph))
            var start = 0
            var index = 0
            while index < characters.count {
                guard enders.contains(characters[index]), !Clauses.belongsToWord(characters, at: index) else {
                    index += 1
                    continue
                }
                var end = index + 1
                while end < characters.count, enders.contains(characters[end]) || closers.contains(characters[end]) {
                    end += 1
                }
                // An ellipsis before a small letter goes on; so does a mark inside a word.
                let next = end + 1 < characters.count ? characters[end + 1] : nil
                let continues = next?.isLowercase ?? false
                if end == characters.count || (characters[end] == " " && !continues) {
                    result.append(contentsOf: cut(characters[start..<end], longest: longest))
                    start = end
                }
                index = end
            }
            result.append(contentsOf: cut(characters[start...], longest: longest))
        }
        return result
    }

    private static func paragraphs(of text: String) -> [String] {
        var result: [String] = [""]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.allSatisfy(\.isWhitespace) {
                result.append("")
            } else {
                result[result.count - 1] += (result[result.count - 1].isEmpty ? "" : " ") + line
            }
        }
        return result
    }

    private static func cut(_ characters: ArraySlice<Character>, longest: Int) -> [String] {
        var rest = characters
        var result: [String] = []
        func keep(_ part: ArraySlice<Character>) {
            let trimmed = String(part).trimmingCharacters(in: .whitespaces)
            if !trimmed.isEmpty { result.append(trimmed) }
        }
        while rest.count > max(1, longest) {
            let window = rest.prefix(max(1, longest))
            let clause = window.lastIndex { [",", ";", ":", "—"].contains($0) }
            // A cut in the first third would leave a crumb.
            let enough = window.startIndex + window.count / 3
            let place: Int
            if let clause, clause >= enough {
                place = clause + 1
            } else if let space = window.lastIndex(of: " "), space > window.startIndex {
                place = space
            } else {
                place = window.endIndex
            }
            keep(rest[rest.startIndex..<place])
            rest = rest[place...]
        }
        keep(rest)
        return result
    }
}
