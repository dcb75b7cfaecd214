/// A key as the terminal reports it.
package enum Key: Sendable, Hashable {
    case character(Character)
    /// The control key with a letter, e.g. `.control("c")`.
    case control(Character)
    case alt(Character)
    case enter, tab, backTab, escape, backspace, delete, insert
    case up, down, left, right, home, end, pageUp, pageDown
    case function(Int)

    /// The key's name as help shows it.
    package var label: String {
        switch self {
        case .character(" "): "space"
        case .character(let character): String(character)
        case .control(let character): "Ctrl-\(String(character).uppercased())"
        case .alt(let character): "Alt-\(character)"
        case .enter: "enter"
        case .tab: "tab"
        case .backTab: "shift-tab"
        case .escape: "esc"
        case .backspace: "backspace"
        case .delete: "del"
        case .insert: "ins"
        case .up: "↑"
        case .down: "↓"
        case .left: "←"
        case .right: "→"
        case .home: "home"
        case .end: "end"
        case .pageUp: "page up"
        case .pageDown: "page down"
        case .function(let number): "F\(number)"
        }
    }
}

/// Something that came from the terminal.
package enum TerminalEvent: Sendable, Equatable {
    case key(Key)
    /// Text that was pasted at once, line ends included.
    case paste(String)
    case mouse(MouseEvent)
    case resized
    /// A signal that asks the program to end (its number), or to stop or continue.
    case signal(Int32)
    /// The terminal is gone.
    case lost
}
