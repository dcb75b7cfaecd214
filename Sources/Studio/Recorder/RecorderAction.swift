import TerminalKit

/// What the keys over the recorder ask for.
package enum RecorderAction: Sendable, Hashable {
    case recordOrStop, keep, again, hear, silence
    case next, previous, ownSentence, close
}

extension RecorderAction {
    static let bindings: [KeyBinding] = [
        KeyBinding(
            [.recording], [.character(" ")], .recorder(.recordOrStop), "record the sentence, or stop",
            hint: "record, stop"),
        KeyBinding([.recording], [.enter], .recorder(.keep), "keep it as a new clip and go on", hint: "keep"),
        KeyBinding([.recording], [.character("r")], .recorder(.again), "throw it away and record again", hint: "again"),
        KeyBinding([.recording], [.character("p")], .recorder(.hear), "hear what was recorded", hint: "hear"),
        KeyBinding([.recording], [.character("x")], .recorder(.silence), "stop playing"),
        KeyBinding(
            [.recording], [.right, .down, .character("n")], .recorder(.next), "the next sentence", hint: "next"),
        KeyBinding([.recording], [.left, .up, .character("b")], .recorder(.previous), "the sentence before"),
        KeyBinding(
            [.recording], [.character("e")], .recorder(.ownSentence), "type a sentence to say", hint: "own text"),
        KeyBinding([.recording], [.character("?"), .function(1)], .help, "this help"),
        KeyBinding([.recording], [.escape, .character("q")], .recorder(.close), "end recording", hint: "end"),
    ]
}
