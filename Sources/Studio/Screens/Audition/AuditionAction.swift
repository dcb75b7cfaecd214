import TerminalKit

/// What the keys of the audition ask for.
package enum AuditionAction: Sendable, Hashable {
    case openEditor, closeEditor
    case speak
    case chooseWeights, chooseSource
}

extension AuditionAction {
    static let bindings: [KeyBinding] = [
        KeyBinding(
            [.audition], [.enter, .character("a"), .character("e")], .audition(.openEditor), "edit the sentence",
            hint: "sentence"),
        KeyBinding([.sentence], [.enter], .audition(.speak), "speak the sentence", hint: "hear it"),
        KeyBinding(
            [.sentence], [.tab], .audition(.chooseWeights), "weights of this moment, or the checkpoint's",
            hint: "weights"),
        KeyBinding(
            [.sentence], [.control("t")], .audition(.chooseSource), "sentence, or a held-out clip resynthesized",
            hint: "source"),
        KeyBinding([.sentence], [.escape], .audition(.closeEditor), "back to the screen", hint: "close"),
    ]
}
