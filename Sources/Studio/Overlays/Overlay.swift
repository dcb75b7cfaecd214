import TerminalKit
import Training

/// What lies over a screen and takes the keys.
package enum Overlay: Sendable, Equatable {
    /// The keys of a place, from this entry on.
    case help(KeyPlace, from: Int)
    case question(Question)
    case prompt(Prompt)
    case sentence
    case palette(Palette)
    /// Words typed to find checkpoints; the list shows them.
    case filter
    /// Two checkpoints beside each other, from this line on.
    case comparison(CheckpointComparison, from: Int)
    /// What thinning out would come to, from this line on.
    case thinning(PrunePreview, from: Int)
    /// A list to choose from for the audition.
    case choice(Choice)
    /// Two takes, nobody knows of which checkpoints.
    case blindTest
    /// The one of the data screen.
    case recorder
    case figures(FigurePicker)
    case themes(ThemeChooser)

    package var place: KeyPlace {
        switch self {
        case .help: .help
        case .question: .question
        case .prompt: .prompt
        case .sentence: .sentence
        case .palette: .palette
        case .filter: .filter
        case .comparison: .comparison
        case .thinning: .thinning
        case .choice: .choice
        case .blindTest: .blindTest
        case .recorder: .recording
        case .figures: .figures
        case .themes: .themes
        }
    }
}

extension Overlay {
    /// Takes note of the line that was drawn at the top: nobody scrolls on behind the end, and back from there unseen.
    mutating func noteDrawn(from line: Int) {
        switch self {
        case .help(let place, _): self = .help(place, from: line)
        case .comparison(let comparison, _): self = .comparison(comparison, from: line)
        case .thinning(let preview, _): self = .thinning(preview, from: line)
        case .question, .prompt, .sentence, .palette, .filter, .choice, .blindTest, .recorder, .figures, .themes: break
        }
    }
}

/// Asked before what cannot be undone with one key, or what takes long.
package struct Question: Sendable, Equatable {
    package var title: String
    package var lines: [String]
    /// The same in a few words, for a terminal with room for one line.
    package var short: String
    /// What is said when the answer is yes.
    package var answer: String
    /// What is done then.
    package var effects: [StudioEffect]

    package init(title: String, lines: [String], short: String, answer: String, effects: [StudioEffect]) {
        self.title = title
        self.lines = lines
        self.short = short
        self.answer = answer
        self.effects = effects
    }
}

/// A line to type, and what it is for.
package struct Prompt: Sendable, Equatable {
    package enum Purpose: Sendable, Equatable {
        case learningRate
        case history(HistoryPrompt)
        case audition(AuditionField)
        case data(DataPrompt)
        case logSearch
        /// A setting, by "section.key".
        case setting(String)
    }

    package var purpose: Purpose
    package var title: String
    package var label: String
    /// What helps to fill the line.
    package var lines: [String]
    package var editor: LineEditor

    package init(_ purpose: Purpose, title: String, label: String, lines: [String] = [], text: String = "") {
        self.purpose = purpose
        self.title = title
        self.label = label
        self.lines = lines
        editor = LineEditor(text: text)
    }
}
