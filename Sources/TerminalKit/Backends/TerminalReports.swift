/// What a terminal is asked to tell: pasted text between marks, so that it is never taken for commands (2004), and the
/// mouse's buttons and wheel with coordinates of any size (1002, 1006).
enum TerminalReports {
    static let on = "\u{1B}[?2004h\u{1B}[?1002h\u{1B}[?1006h"
    static let off = "\u{1B}[?1006l\u{1B}[?1002l\u{1B}[?2004l"
}
