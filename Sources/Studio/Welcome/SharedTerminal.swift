import Synchronization
import TerminalKit

/// A terminal that several screens use one after another without giving it back between them. What is pressed while
/// nobody listens waits for the next one.
///
/// `start` takes the terminal over the first time only; `stop` ends what one screen hears; `close` gives the terminal
/// back.
@MainActor
package final class SharedTerminal: TerminalBackend {
    private let backend: any TerminalBackend
    private var waiting: [TerminalEvent] = []
    private var listener: (@MainActor (TerminalEvent) -> Void)?
    private var stream: AsyncStream<TerminalEvent>.Continuation?
    private var pump: Task<Void, Never>?
    private let output = OutputRelay()

    package init(_ backend: any TerminalBackend) { self.backend = backend }

    /// What this screen hears from here on, until `stop`.
    package var events: AsyncStream<TerminalEvent> {
        let (events, input) = AsyncStream.makeStream(of: TerminalEvent.self)
        listen { input.yield($0) }
        stream = input
        return events
    }

    package var size: TerminalSize { backend.size }
    package var glyphs: ChartGlyphs { backend.glyphs }
    package var theme: Theme {
        get { backend.theme }
        set { backend.theme = newValue }
    }

    package var colorDepth: ColorDepth { backend.colorDepth }
    /// Lines that come while no screen listens wait for the next one.
    package var onOutput: (@Sendable ([String]) -> Void)? {
        get { output.listener }
        set { output.listen(newValue) }
    }

    package func start() throws {
        guard pump == nil else { return }
        backend.onOutput = { [output] lines in output.add(lines) }
        try backend.start()
        let incoming = backend.events
        pump = Task { [weak self] in
            for await event in incoming { self?.take(event) }
            self?.stream?.finish()
        }
    }

    /// Hands every event over as it comes, those that waited at once; in place of whoever listened before.
    package func listen(_ listener: @escaping @MainActor (TerminalEvent) -> Void) {
        stop()
        self.listener = listener
        let waited = waiting
        waiting = []
        for event in waited { listener(event) }
    }

    private func take(_ event: TerminalEvent) {
        if let listener { listener(event) } else { waiting.append(event) }
    }

    package func present(_ grid: CellGrid) { backend.present(grid) }
    package func redrawAll() { backend.redrawAll() }
    package func suspend() { backend.suspend() }

    package func stop() { stop(returning: []) }

    /// The same; the next listener gets what this one heard and has no use for.
    package func stop(returning unused: [TerminalEvent]) {
        stream?.finish()
        stream = nil
        listener = nil
        waiting += unused
    }

    /// Gives the terminal back as it was.
    package func close() {
        pump?.cancel()
        stop()
        backend.stop()
    }
}

/// Hands on what libraries write, and keeps what comes while nobody listens.
private final class OutputRelay: Sendable {
    private struct State {
        var listener: (@Sendable ([String]) -> Void)?
        var waiting: [String] = []
    }
    private let state = Mutex(State())

    var listener: (@Sendable ([String]) -> Void)? { state.withLock { $0.listener } }

    func listen(_ listener: (@Sendable ([String]) -> Void)?) {
        let waiting = state.withLock { state in
            state.listener = listener
            defer { if listener != nil { state.waiting = [] } }
            return state.waiting
        }
        if !waiting.isEmpty { listener?(waiting) }
    }

    func add(_ lines: [String]) {
        let listener = state.withLock { state in
            if state.listener == nil { state.waiting += lines }
            return state.listener
        }
        listener?(lines)
    }
}
