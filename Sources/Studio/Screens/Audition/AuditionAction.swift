import TerminalKit

/// What the keys of the audition ask for.
package enum AuditionAction: Sendable, Hashable {
    case openEditor, editLast, closeEditor
    case speak, speakNextSeed, series, cancelMaking
    case chooseWeights, chooseSource, openWeights, openReference
    case nextFocus, playOrStop, back, forward, farBack, farForward, toStart, loop
    case mark, blindTest
    case playA, playB, playOther, betterA, betterB, noDifference, nextPair, closeBlindTest
}

extension AuditionAction {
    static let bindings: [KeyBinding] = onScreen + inSentence + inChoice + inBlindTest

    private static let onScreen: [KeyBinding] = [
        KeyBinding([.audition], [.character("a")], .audition(.openEditor), "type a sentence and hear it", hint: "say"),
        KeyBinding([.audition], [.character("e")], .audition(.editLast), "edit the selected take's sentence"),
        KeyBinding(
            [.audition], [.enter], .audition(.playOrStop), "play the selected take from the cursor, or stop there",
            hint: "play"),
        KeyBinding(
            [.audition], [.left], .audition(.back), "a tenth of a second back, or less of the selected setting"),
        KeyBinding(
            [.audition], [.right], .audition(.forward), "a tenth of a second on, or more of the selected setting"),
        KeyBinding([.audition], [.character("[")], .audition(.farBack), "a second back in the take"),
        KeyBinding([.audition], [.character("]")], .audition(.farForward), "a second on in the take"),
        KeyBinding([.audition], [.character("0")], .audition(.toStart), "to the beginning of the take"),
        KeyBinding([.audition], [.character("l")], .audition(.loop), "loop: play again and again", hint: "loop"),
        KeyBinding([.audition], [.tab, .backTab], .audition(.nextFocus), "to the settings, or back to the takes"),
        KeyBinding([.audition], [.character("w")], .audition(.openWeights), "weights: this moment or a checkpoint"),
        KeyBinding(
            [.audition], [.character("r")], .audition(.openReference), "reference: the clip whose style is taken"),
        KeyBinding(
            [.audition], [.character("t")], .audition(.chooseSource), "sentence, or a held-out clip resynthesized"),
        KeyBinding([.audition], [.character("g")], .audition(.speak), "speak the same sentence with these settings"),
        KeyBinding([.audition], [.character("n")], .audition(.speakNextSeed), "speak it again with the next seed"),
        KeyBinding(
            [.audition], [.character("m")], .audition(.series), "the same sentence across many checkpoints",
            hint: "across checkpoints"),
        KeyBinding([.audition], [.character("v")], .audition(.mark), "mark the take for A/B; two can be marked"),
        KeyBinding(
            [.audition], [.character("b")], .audition(.blindTest), "blind A/B: which checkpoint is better?", hint: "A/B"
        ),
        KeyBinding([.audition], [.escape], .audition(.cancelMaking), "end what is being made; take the marks away"),
    ]

    private static let inSentence: [KeyBinding] = [
        KeyBinding([.sentence], [.enter], .audition(.speak), "speak the sentence", hint: "hear it"),
        KeyBinding(
            [.sentence], [.tab], .audition(.chooseWeights), "weights of this moment, or the checkpoint's",
            hint: "weights"),
        KeyBinding(
            [.sentence], [.control("t")], .audition(.chooseSource), "sentence, or a held-out clip resynthesized",
            hint: "source"),
        KeyBinding([.sentence], [.escape], .audition(.closeEditor), "back to the screen", hint: "close"),
    ]

    private static let inChoice: [KeyBinding] = [
        KeyBinding([.choice], [.enter], .confirm, "take it", hint: "take it"),
        KeyBinding([.choice], [.up], .move(.up), "up in the list"),
        KeyBinding([.choice], [.down], .move(.down), "down in the list"),
        KeyBinding([.choice], [.pageUp], .move(.pageUp), "a page up"),
        KeyBinding([.choice], [.pageDown], .move(.pageDown), "a page down"),
        KeyBinding([.choice], [.escape], .cancel, "close", hint: "close"),
    ]

    private static let inBlindTest: [KeyBinding] = [
        KeyBinding([.blindTest], [.character("a")], .audition(.playA), "play A", hint: "play A"),
        KeyBinding([.blindTest], [.character("b")], .audition(.playB), "play B", hint: "play B"),
        KeyBinding(
            [.blindTest], [.tab], .audition(.playOther), "switch to the other one at the same place", hint: "switch"),
        KeyBinding([.blindTest], [.character("x")], .stopPlaying, "stop playing"),
        KeyBinding([.blindTest], [.character("l")], .audition(.loop), "loop: play again and again"),
        KeyBinding([.blindTest], [.character("1")], .audition(.betterA), "A is better", hint: "A better"),
        KeyBinding([.blindTest], [.character("2")], .audition(.betterB), "B is better", hint: "B better"),
        KeyBinding([.blindTest], [.character("0")], .audition(.noDifference), "neither is better", hint: "neither"),
        KeyBinding(
            [.blindTest], [.enter, .character("n")], .audition(.nextPair), "another pair of the same sentence",
            hint: "next pair"),
        KeyBinding(
            [.blindTest], [.escape, .character("q")], .audition(.closeBlindTest), "close", hint: "close"),
    ]
}
