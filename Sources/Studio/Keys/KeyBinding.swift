import TerminalKit

/// Where on the screen a key is pressed: a screen, or what lies over it.
package enum KeyPlace: String, Sendable, CaseIterable {
    case train = "Train"
    case history = "History"
    case audition = "Audition"
    case data = "Data"
    case log = "Log"
    case settings = "Settings"
    case sentence = "Sentence"
    case recording = "Recording"
    case welcome = "Welcome"
    case folder = "Folder"
    case prompt = "Prompt"
    case question = "Question"
    case palette = "Palette"
    case filter = "Find"
    case comparison = "Comparison"
    case thinning = "Thin out"
    case choice = "Choice"
    case blindTest = "Blind A/B"
    case figures = "Figures"
    case themes = "Themes"
    case help = "Help"

    /// The six screens.
    package static let screens: [KeyPlace] = Screen.allCases.map(\.place)

    /// Places where what is typed is text, never a command.
    package static let editors: [KeyPlace] = [.sentence, .prompt, .palette, .filter, .choice, .folder]
}

/// One line of the key table.
package struct KeyBinding: Sendable {
    package var places: [KeyPlace]
    package var keys: [Key]
    package var action: StudioAction
    package var meaning: String
    /// A word or two for the line of hints; empty for keys that are not hinted at.
    package var hint: String

    init(_ places: [KeyPlace], _ keys: [Key], _ action: StudioAction, _ meaning: String, hint: String = "") {
        self.places = places
        self.keys = keys
        self.action = action
        self.meaning = meaning
        self.hint = hint
    }
}
