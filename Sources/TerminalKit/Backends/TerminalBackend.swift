/// A terminal the studio can be shown on.
@MainActor
package protocol TerminalBackend: AnyObject {
    var size: TerminalSize { get }
    /// The finest chart characters this terminal can show.
    var glyphs: ChartGlyphs { get }
    /// Keys, pasted text, new sizes, signals; one consumer. Ends after `stop`.
    var events: AsyncStream<TerminalEvent> { get }
    /// The colours cells are shown with from the next picture on.
    var theme: Theme { get set }
    /// How many colours it shows; known once it was started.
    var colorDepth: ColorDepth { get }
    /// Gets the lines that libraries write to standard output and error while the screen is shown, in order, on any
    /// thread; set before `start`. All that was written has come when `stop` returns.
    var onOutput: (@Sendable ([String]) -> Void)? { get set }

    /// Takes the terminal over. Throws `TerminalError` when there is none that can show a screen.
    func start() throws
    /// Shows a picture; what did not change since the last one is not written again.
    func present(_ grid: CellGrid)
    /// Forgets what is on the screen, so that the next picture is written whole.
    func redrawAll()
    /// Gives the terminal back, stops the process as Ctrl-Z does, and takes the terminal over when it goes on.
    func suspend()
    /// Gives the terminal back as it was.
    func stop()
}

/// Why the studio cannot be shown.
package enum TerminalError: Error, Equatable, CustomStringConvertible {
    case noTerminal
    case unknownType(String)
    case cannotPlaceCursor(String)

    package var description: String {
        switch self {
        case .noTerminal:
            "There is no terminal to open the studio on; use `reprise train` to train without a screen."
        case .unknownType(let name):
            "The terminal type TERM=\(name) is unknown here; set TERM to one that is, e.g. xterm-256color or vt100."
        case .cannotPlaceCursor(let name):
            "This terminal (TERM=\(name)) cannot place its cursor; open the studio in another one, or use "
                + "`reprise train` to train without a screen."
        }
    }
}
