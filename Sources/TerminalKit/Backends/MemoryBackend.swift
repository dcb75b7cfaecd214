/// A terminal in memory: tests type into it and look at what it shows.
@MainActor
package final class MemoryBackend: TerminalBackend {
    package private(set) var size: TerminalSize
    package let glyphs: ChartGlyphs
    package let events: AsyncStream<TerminalEvent>
    package var theme: Theme = .plain {
        didSet {
            let ready = themeWaiters.filter { $0.test(theme) }
            themeWaiters.removeAll { $0.test(theme) }
            for waiter in ready { waiter.resume.resume() }
        }
    }
    package var colorDepth = ColorDepth.direct
    package var onOutput: (@Sendable ([String]) -> Void)?
    /// Every picture that differed from the one before it, the newest last.
    package private(set) var pictures: [CellGrid] = []
    package private(set) var isRunning = false
    package private(set) var suspensions = 0
    private let input: AsyncStream<TerminalEvent>.Continuation
    private var themeWaiters: [(test: @MainActor (Theme) -> Bool, resume: CheckedContinuation<Void, Never>)] = []
    private var waiters: [(test: @MainActor (CellGrid) -> Bool, resume: CheckedContinuation<CellGrid, Never>)] = []

    package init(size: TerminalSize, glyphs: ChartGlyphs = .braille) {
        self.size = size
        self.glyphs = glyphs
        (events, input) = AsyncStream.makeStream()
    }

    package func start() throws { isRunning = true }

    package func present(_ grid: CellGrid) {
        let shown = glyphs == .ascii ? grid.asciiOnly() : grid
        guard shown != pictures.last else { return }
        pictures.append(shown)
        let ready = waiters.filter { $0.test(shown) }
        waiters.removeAll { $0.test(shown) }
        for waiter in ready { waiter.resume.resume(returning: shown) }
    }

    package func redrawAll() {}

    package func suspend() { suspensions += 1 }

    package func stop() {
        isRunning = false
        input.finish()
    }

    // MARK: For tests

    package func send(_ event: TerminalEvent) { input.yield(event) }

    package func press(_ keys: Key...) {
        for key in keys { input.yield(.key(key)) }
    }

    package func type(_ text: String) {
        for character in text { input.yield(.key(.character(character))) }
    }

    package func resize(to size: TerminalSize) {
        self.size = size
        input.yield(.resized)
    }

    /// Returns once the theme is one for which `test` holds.
    package func theme(where test: @escaping @MainActor (Theme) -> Bool) async {
        if test(theme) { return }
        await withCheckedContinuation { themeWaiters.append((test, $0)) }
    }

    /// The first picture, now or later, for which `test` holds.
    package func picture(where test: @escaping @MainActor (CellGrid) -> Bool) async -> CellGrid {
        if let last = pictures.last, test(last) { return last }
        return await withCheckedContinuation { waiters.append((test, $0)) }
    }
}

extension CellGrid {
    /// The picture as text, one line a row, spaces at line ends left out.
    package var text: String {
        (0..<size.rows).map { row in
            var line = String.UnicodeScalarView()
            for cell in self.row(row) where !cell.isContinuation {
                line.append(cell.scalar)
                line.append(contentsOf: cell.marks)
            }
            while line.last == " " { line.removeLast() }
            return String(line)
        }.joined(separator: "\n")
    }
}
