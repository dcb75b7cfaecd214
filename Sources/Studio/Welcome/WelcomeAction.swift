import TerminalKit

/// What the keys of the welcome screen ask for.
package enum WelcomeAction: Sendable, Hashable {
    case open, complete, leave
}

extension WelcomeAction {
    static let bindings: [KeyBinding] = [
        KeyBinding([.welcome], [.enter, .right], .welcome(.open), "open or begin what is chosen", hint: "open"),
        KeyBinding([.welcome], [.up, .character("k")], .move(.up), "up in the list"),
        KeyBinding([.welcome], [.down, .character("j")], .move(.down), "down in the list"),
        KeyBinding([.welcome], [.pageUp], .move(.pageUp), "a page up"),
        KeyBinding([.welcome], [.pageDown], .move(.pageDown), "a page down"),
        KeyBinding([.welcome], [.home], .move(.first), "to the first line"),
        KeyBinding([.welcome], [.end], .move(.last), "to the last line"),
        KeyBinding([.welcome], [.character("?"), .function(1)], .help, "this help", hint: "help"),
        KeyBinding([.welcome], [.character("q"), .escape], .welcome(.leave), "leave, or stop an import", hint: "quit"),
        KeyBinding([.folder], [.enter], .confirm, "take the folder", hint: "ok"),
        KeyBinding([.folder], [.tab], .welcome(.complete), "complete the path", hint: "complete"),
        KeyBinding([.folder], [.escape], .cancel, "back to the list", hint: "back"),
    ]
}
