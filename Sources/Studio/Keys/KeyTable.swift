import TerminalKit

/// What a key asks for.
package enum StudioAction: String, Sendable, CaseIterable {
    case pauseOrResume, snapshot, rollBack, audition, replay, stopPlaying, switchStage, setLearningRate
    case nextPane, previousPane, nextChart, previousChart, toggleLogarithmic
    case up, down, pageUp, pageDown, first, last
    case help, quit, interrupt, suspend, redraw
    case confirm, cancel, chooseWeights, chooseSource
}

/// Where on the screen a key is pressed.
package enum KeyPlace: String, Sendable, CaseIterable {
    case dashboard = "Dashboard"
    case audition = "Audition"
    case learningRate = "Learning rate"
    case question = "Question"
    case help = "Help"
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

/// The one list of keys: it drives what a key does, the help screen, the hints and the README.
package enum KeyTable {
    package static let bindings: [KeyBinding] = [
        KeyBinding([.dashboard], [.character(" ")], .pauseOrResume, "pause training, or go on", hint: "pause"),
        KeyBinding([.dashboard], [.character("s")], .snapshot, "snapshot: make a checkpoint", hint: "snapshot"),
        KeyBinding(
            [.dashboard], [.character("r")], .rollBack, "roll back to the selected checkpoint (asks)", hint: "roll back"
        ),
        KeyBinding([.dashboard], [.character("a")], .audition, "audition: type a sentence, hear it", hint: "audition"),
        KeyBinding([.dashboard], [.character(".")], .replay, "play the last take again"),
        KeyBinding([.dashboard], [.character("x")], .stopPlaying, "stop playing"),
        KeyBinding(
            [.dashboard], [.character("t")], .switchStage, "stage: schedule, sovits only, prior only", hint: "stage"),
        KeyBinding([.dashboard], [.character("l")], .setLearningRate, "learning rate: type a factor"),
        KeyBinding([.dashboard], [.tab], .nextPane, "next pane"),
        KeyBinding([.dashboard], [.backTab], .previousPane, "previous pane"),
        KeyBinding([.dashboard], [.right, .character("c")], .nextChart, "next chart"),
        KeyBinding([.dashboard], [.left], .previousChart, "previous chart"),
        KeyBinding([.dashboard], [.character("g")], .toggleLogarithmic, "linear or logarithmic axis"),
        KeyBinding([.dashboard, .help], [.up, .character("k")], .up, "up in the list"),
        KeyBinding([.dashboard, .help], [.down, .character("j")], .down, "down in the list"),
        KeyBinding([.dashboard], [.pageUp], .pageUp, "a page up"),
        KeyBinding([.dashboard], [.pageDown], .pageDown, "a page down"),
        KeyBinding([.dashboard], [.home], .first, "to the first line"),
        KeyBinding([.dashboard], [.end], .last, "to the last line"),
        KeyBinding([.dashboard], [.character("?"), .function(1)], .help, "this help", hint: "help"),
        KeyBinding([.dashboard], [.character("q")], .quit, "save and leave (again: leave at once)", hint: "quit"),
        KeyBinding(
            [.dashboard, .audition, .learningRate, .question, .help], [.control("c")], .interrupt,
            "the same, from everywhere"),
        KeyBinding(
            [.dashboard, .audition, .learningRate, .question, .help], [.control("z")], .suspend, "back to the shell"),
        KeyBinding(
            [.dashboard, .audition, .learningRate, .question, .help], [.control("l")], .redraw, "draw the screen again"),
        KeyBinding([.audition], [.enter], .confirm, "speak the sentence", hint: "hear it"),
        KeyBinding([.audition], [.tab], .chooseWeights, "weights of this moment, or the checkpoint's", hint: "weights"),
        KeyBinding(
            [.audition], [.control("t")], .chooseSource, "sentence, or a held-out clip resynthesized", hint: "source"),
        KeyBinding([.learningRate], [.enter], .confirm, "set the factor", hint: "set"),
        KeyBinding([.audition, .learningRate], [.escape], .cancel, "back to the dashboard", hint: "close"),
        KeyBinding([.question], [.character("y"), .enter], .confirm, "yes", hint: "yes"),
        KeyBinding([.question], [.character("n"), .escape, .character("q")], .cancel, "no", hint: "no"),
        KeyBinding(
            [.help], [.escape, .character("?"), .character("q"), .enter, .character(" "), .function(1)], .cancel,
            "close help", hint: "close"),
    ]

    private static let lookup: [KeyPlace: [Key: StudioAction]] = {
        var table: [KeyPlace: [Key: StudioAction]] = [:]
        for binding in bindings {
            for place in binding.places {
                for key in binding.keys { table[place, default: [:]][key] = binding.action }
            }
        }
        return table
    }()

    package static func action(for key: Key, at place: KeyPlace) -> StudioAction? {
        lookup[place]?[key]
    }

    package static func bindings(at place: KeyPlace) -> [KeyBinding] {
        bindings.filter { $0.places.contains(place) }
    }

    /// Keys and meanings of a place, for the help screen.
    package static func help(at place: KeyPlace) -> [(keys: String, meaning: String)] {
        bindings(at: place).map { ($0.keys.map(\.label).joined(separator: " "), $0.meaning) }
    }

    /// The first key of each hinted binding with its hint.
    package static func hints(at place: KeyPlace) -> [(key: String, hint: String)] {
        bindings(at: place).filter { !$0.hint.isEmpty }.map { ($0.keys.first?.label ?? "", $0.hint) }
    }

    /// The table as the README prints it.
    package static var markdown: String {
        var lines = ["| key | what it does |", "| --- | --- |"]
        for binding in bindings(at: .dashboard) {
            let keys = binding.keys.map { "`\($0.label)`" }.joined(separator: " ")
            lines.append("| \(keys) | \(binding.meaning) |")
        }
        return lines.joined(separator: "\n")
    }
}
