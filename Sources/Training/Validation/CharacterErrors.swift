import Foundation

/// How much of a text a recogniser wrote down otherwise: character errors of all utterances by the characters of all
/// texts.
package struct CharacterErrors: Sendable, Equatable {
    package private(set) var errors = 0
    package private(set) var characters = 0

    package init() {}

    /// Above 1 when more was heard than is there; nil without a text.
    package var rate: Double? { characters > 0 ? Double(errors) / Double(characters) : nil }

    package mutating func add(text: String, heard: String) {
        let (wanted, found) = (Self.spelled(text), Self.spelled(heard))
        errors += editDistance(wanted, found)
        characters += wanted.count
    }

    /// Small letters and apostrophes, words apart by one space: what a recogniser can get right.
    static func spelled(_ text: String) -> String {
        let letters = text.lowercased().replacing("\u{2019}", with: "'").map { letter -> Character in
            letter.isLetter || letter == "'" ? letter : " "
        }
        return String(letters).split(separator: " ").joined(separator: " ")
    }

    /// True for a text that a recogniser writes in words where the text has figures.
    static func hasDigits(_ text: String) -> Bool { text.contains(where: \.isNumber) }
}
