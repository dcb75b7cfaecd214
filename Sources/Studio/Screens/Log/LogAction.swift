import TerminalKit

/// What the keys of the log screen ask for.
package enum LogAction: Sendable, Hashable {
    case search, searchUp, searchDown
    case nextFilter, previousFilter
    case filter(LogFilter)
    case toggleDetail
    /// Everything is shown, nothing is searched for.
    case clear
}

extension LogAction {
    static let bindings: [KeyBinding] = [
        KeyBinding([.log], [.character("/")], .log(.search), "search the log of the whole run", hint: "search"),
        KeyBinding([.log], [.character("n")], .log(.searchUp), "next match, further up"),
        KeyBinding([.log], [.character("N")], .log(.searchDown), "next match, further down"),
        KeyBinding([.log], [.character("f")], .log(.nextFilter), "show only: the next kind", hint: "filter"),
        KeyBinding([.log], [.character("F")], .log(.previousFilter), "show only: the kind before"),
        KeyBinding(
            [.log], [.character("w")], .log(.filter(.warnings)), "show only warnings and failures, or everything",
            hint: "warnings"),
        KeyBinding([.log], [.character("e")], .log(.filter(.events)), "show only events, or everything"),
        KeyBinding(
            [.log], [.enter, .character("d")], .log(.toggleDetail), "details of the chosen line", hint: "details"),
        KeyBinding([.log], [.escape], .log(.clear), "show everything, search nothing, follow the newest"),
    ]
}
