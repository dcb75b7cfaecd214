import TerminalKit

/// A terminal that several screens use one after another without giving it back between them. Keys pressed in between
/// wait for the next one.
///
/// `start` takes the terminal over the first time only; `stop` ends what one screen hears; `close` gives the terminal
/// back.
@MainActor
package final class SharedTerminal: TerminalBackend {
    private let backend: any TerminalBackend
    package private(set) var events: AsyncStream<TerminalEvent>
    private var listener: AsyncStream<TerminalEvent>.Continuation
    private var pump: Task<Void, Never>?

    package init(_ backend: any TerminalBackend) {
        self.backend = backend
        (events, listener) = AsyncStream.makeStream()
    }

    package var size: TerminalSize { backend.size }
    package var glyphs: ChartGlyphs { backend.glyphs }
    package var theme: Theme {
        get { backend.theme }
        set { backend.theme = newValue }
    }

    package func start() throws {
        guard pump == nil else { return }
        try backend.start()
        let incoming = backend.events
        pump = Task { [weak self] in
            for await event in incoming { self?.listener.yield(event) }
            self?.listener.finish()
        }
    }

    package func present(_ grid: CellGrid) { backend.present(grid) }
    package func redrawAll() { backend.redrawAll() }
    package func suspend() { backend.suspend() }

    package func stop() { stop(resending: []) }

    /// The same, handing the next listener what this one heard and has no use for.
    package func stop(resending unused: [TerminalEvent]) {
        let ended = listener
        (events, listener) = AsyncStream.makeStream()
        for event in unused { listener.yield(event) }
        ended.finish()
    }

    /// Gives the terminal back as it was.
    package func close() {
        pump?.cancel()
        listener.finish()
        backend.stop()
    }
}
