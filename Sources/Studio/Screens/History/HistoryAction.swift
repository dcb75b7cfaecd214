import TerminalKit

/// What the keys of the history ask for.
package enum HistoryAction: Sendable, Hashable {
    case older, newer, switchPane, narrow
    case restore, branch, goTo, undo, redo
    case pin, tag, untag, note
    case mark, compare, verify, evaluate, order
    case prune, delete, deleteThinnedOut
    case audition, hearTake
    case filter, keepFilter, dropFilter
    /// Moves the keys to a part of the screen; the mouse does it.
    case focus(HistoryState.Pane)
}

extension HistoryAction {
    static let bindings: [KeyBinding] =
        [
            KeyBinding(
                [.history], [.left, .character("h")], .history(.older), "back in time: the checkpoint it grew from",
                hint: "back"),
            KeyBinding(
                [.history], [.right, .character("l")], .history(.newer), "forward in time on this line", hint: "forward"
            ),
            KeyBinding([.history], [.enter], .history(.restore), "restore: go back to it as a new branch (asks)"),
            KeyBinding(
                [.history], [.character("b")], .history(.branch), "branch from it with another learning rate",
                hint: "branch"),
            KeyBinding(
                [.history], [.character("g")], .history(.goTo), "go to any step of its line, saved or not",
                hint: "go to step"),
            KeyBinding([.history], [.character("u")], .history(.undo), "undo the last roll-back", hint: "undo"),
            KeyBinding(
                [.history], [.character("U"), .control("r")], .history(.redo), "redo the roll-back that was undone"),
            KeyBinding(
                [.history], [.character("m")], .history(.mark), "mark it, to compare another one with it", hint: "mark"),
            KeyBinding(
                [.history], [.character("c")], .history(.compare), "compare with the marked one, else the one before",
                hint: "compare"),
            KeyBinding([.history], [.character("p")], .history(.pin), "pin it, so that it always stays; or unpin it"),
            KeyBinding([.history], [.character("t")], .history(.tag), "give it a tag", hint: "tag"),
            KeyBinding([.history], [.character("T")], .history(.untag), "take a tag off"),
            KeyBinding([.history], [.character("n")], .history(.note), "write a note on it"),
            KeyBinding(
                [.history], [.character("v")], .history(.verify),
                "verify: read every byte, repair what can be repaired",
                hint: "verify"),
            KeyBinding(
                [.history], [.character("e")], .history(.evaluate),
                "evaluate: it speaks the held-out texts and is measured; again ends that", hint: "evaluate"),
            KeyBinding(
                [.history], [.character("f")], .history(.order),
                "the best first: by held-out mel, ce, top-3, character error …", hint: "best first"),
            KeyBinding(
                [.history], [.character("d")], .history(.prune), "thin out: what would go and what stays (asks then)",
                hint: "thin out"),
            KeyBinding([.history], [.delete], .history(.delete), "delete this one (asks)"),
            KeyBinding(
                [.history], [.character("a")], .history(.audition), "audition: hear a sentence from it", hint: "hear"),
            KeyBinding([.history], [.character("o")], .history(.hearTake), "play its newest take"),
            KeyBinding([.history], [.character("w")], .history(.narrow), "curves: the whole line, or the steps around"),
            KeyBinding(
                [.history], [.character("/")], .history(.filter), "find: step, branch, tag, note, pinned, damaged …",
                hint: "find"),
            KeyBinding([.history], [.escape], .history(.dropFilter), "show all again, forget the mark"),
            KeyBinding([.history], [.tab], .history(.switchPane), "to the moment beside the list, and back"),
        ] + overlays

    private static let overlays: [KeyBinding] = [
        KeyBinding([.filter], [.enter], .history(.keepFilter), "keep what is found", hint: "ok"),
        KeyBinding([.filter], [.escape], .history(.dropFilter), "show all again", hint: "show all"),
        KeyBinding([.comparison, .thinning], [.up, .character("k")], .move(.up), "up"),
        KeyBinding([.comparison, .thinning], [.down, .character("j")], .move(.down), "down"),
        KeyBinding([.comparison, .thinning], [.pageUp], .move(.pageUp), "a page up"),
        KeyBinding([.comparison, .thinning], [.pageDown, .character(" ")], .move(.pageDown), "a page down"),
        KeyBinding([.comparison, .thinning], [.home], .move(.first), "to the first line"),
        KeyBinding([.comparison, .thinning], [.end], .move(.last), "to the last line"),
        KeyBinding(
            [.thinning], [.character("d"), .enter], .history(.deleteThinnedOut), "delete what goes (asks)",
            hint: "delete what goes"),
        KeyBinding(
            [.comparison], [.escape, .character("c"), .character("q"), .enter], .cancel, "close", hint: "close"),
        KeyBinding([.thinning], [.escape, .character("n"), .character("q")], .cancel, "close", hint: "leave all"),
    ]
}
