import TerminalKit

/// What the keys of the data screen ask for.
package enum DataAction: Sendable, Hashable {
    case play
    case exclude
    case editTranscript, editPhonemes
    case search, clearSearch
    case sort, reverse
    case record
    case takeBack
    case nextPane
    case useNow

    var changesClips: Bool {
        switch self {
        case .exclude, .editTranscript, .editPhonemes, .record, .takeBack, .useNow: true
        case .play, .search, .clearSearch, .sort, .reverse, .nextPane: false
        }
    }
}

extension DataAction {
    static let bindings: [KeyBinding] = [
        KeyBinding([.data], [.enter, .character("p")], .data(.play), "play the clip", hint: "play"),
        KeyBinding(
            [.data], [.character("d"), .delete], .data(.exclude), "leave the clip out of training, or take it in again",
            hint: "leave out"),
        KeyBinding(
            [.data], [.character("t")], .data(.editTranscript), "edit the transcript", hint: "transcript"),
        KeyBinding(
            [.data], [.character("f")], .data(.editPhonemes), "edit the phonemes (empty: as the transcript says)",
            hint: "phonemes"),
        KeyBinding([.data], [.character("n")], .data(.record), "record new clips", hint: "record"),
        KeyBinding([.data], [.character("/")], .data(.search), "search ids, transcripts, warnings", hint: "search"),
        KeyBinding([.data], [.escape], .data(.clearSearch), "show all clips again"),
        KeyBinding([.data], [.character("o")], .data(.sort), "sort by the next column", hint: "sort"),
        KeyBinding([.data], [.character("O")], .data(.reverse), "turn the order round"),
        KeyBinding([.data], [.character("u")], .data(.takeBack), "take the last change of a clip back"),
        KeyBinding([.data], [.tab], .data(.nextPane), "clip, or coverage of phonemes", hint: "coverage"),
        KeyBinding(
            [.data], [.character("A")], .data(.useNow), "train with the changed clips now (saves, then begins an epoch)"
        ),
    ]
}
