import CNcurses
import Foundation

/// The real terminal, drawn through ncurses.
///
/// Curses compares each picture with the last one and writes the difference in one go; keys are read elsewhere, by
/// `InputReader`, so that curses never waits for one. There can be one of these at a time: curses is global.
@MainActor
package final class CursesBackend: TerminalBackend {
    /// Asks the terminal: the picture that follows a resize is drawn for the new size.
    package var size: TerminalSize {
        if screen != nil, !isLost { readSize() }
        return knownSize
    }
    private var knownSize = TerminalSize(columns: 80, rows: 24)
    package private(set) var glyphs: ChartGlyphs
    package private(set) var colorDepth: ColorDepth = .mono
    package let events: AsyncStream<TerminalEvent>
    package var theme: Theme {
        didSet { if theme != oldValue { forgetColors() } }
    }

    private let input: AsyncStream<TerminalEvent>.Continuation
    private let wantsColors: Bool
    private let place: Place
    private var capture: OutputCapture?
    private var isUTF8 = false
    private var reader: InputReader?
    private var stream: UnsafeMutablePointer<FILE>?
    private var descriptor: Int32 = -1
    private var screen: OpaquePointer?
    private var shown: CellGrid?
    private var isLost = false
    private var looks: [CellStyle: (attributes: attr_t, pair: Int32)] = [:]
    private var pairs: [ColorPair: Int32] = [:]

    package var onOutput: (@Sendable ([String]) -> Void)?

    /// Where the terminal is and what it can do; tests say so themselves.
    package struct Place: Sendable {
        package var device: String
        /// Its name in terminfo.
        package var type: String
        /// The locale its characters are of; empty for the environment's.
        package var locale: String
        /// False for tests: signals and standard output stay as they are.
        package var ownsProcess: Bool

        package init(device: String, type: String, locale: String = "", ownsProcess: Bool = false) {
            self.device = device
            self.type = type
            self.locale = locale
            self.ownsProcess = ownsProcess
        }

        /// The terminal that the process was started on.
        package static var own: Place {
            Place(
                device: "/dev/tty", type: ProcessInfo.processInfo.environment["TERM"] ?? "", ownsProcess: true)
        }
    }

    private struct ColorPair: Hashable {
        var foreground: Int
        var background: Int
    }

    /// - Parameters:
    ///   - glyphs: the finest chart characters to use; a terminal without UTF-8 gets ASCII in any case.
    ///   - wantsColors: false where the user set NO_COLOR.
    package init(
        theme: Theme, glyphs: ChartGlyphs = .braille, wantsColors: Bool = CursesBackend.environmentWantsColors,
        place: Place = .own
    ) {
        self.theme = theme
        self.place = place
        self.glyphs = glyphs
        self.wantsColors = wantsColors
        (events, input) = AsyncStream.makeStream()
    }

    /// False when NO_COLOR is set to anything (no-color.org).
    nonisolated package static var environmentWantsColors: Bool {
        ProcessInfo.processInfo.environment["NO_COLOR"].map(\.isEmpty) ?? true
    }

    // MARK: Start and stop

    package func start() throws {
        isUTF8 = reprise_use_characters_of(place.locale) == 1
        if !isUTF8 { glyphs = .ascii }
        let type = place.type
        if type.isEmpty || type == "dumb" { throw TerminalError.cannotPlaceCursor(type) }
        descriptor = open(place.device, O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw TerminalError.noTerminal }
        if place.ownsProcess { TerminalRestorer.remember(descriptor: descriptor) }
        do {
            try openScreen(type: type)
        } catch {
            if place.ownsProcess { TerminalRestorer.disarm() }
            if let stream { fclose(stream) } else { close(descriptor) }
            stream = nil
            descriptor = -1
            throw error
        }
        if place.ownsProcess {
            guard let reader = InputReader(descriptor: descriptor, events: input) else {
                endwin()
                TerminalRestorer.disarm()
                throw TerminalError.noTerminal
            }
            self.reader = reader
            TerminalRestorer.arm(pipe: reader.signalInput)
        }
        beginCapture()
        enterScreen()
        reader?.start()
    }

    private func openScreen(type: String) throws {
        var problem: Int32 = 0
        guard setupterm(type, descriptor, &problem) == OK else { throw TerminalError.unknownType(type) }
        guard reprise_capability("cup") != nil else { throw TerminalError.cannotPlaceCursor(type) }
        guard let stream = fdopen(descriptor, "r+") else { throw TerminalError.noTerminal }
        self.stream = stream
        guard let screen = newterm(type, stream, stream) else { throw TerminalError.unknownType(type) }
        self.screen = screen
        set_term(screen)
        startColors()
    }

    /// From here on, what libraries write comes to `onOutput` instead of the screen.
    private func beginCapture() {
        guard place.ownsProcess, let onOutput else { return }
        capture = OutputCapture(deliver: onOutput)
    }

    private func endCapture() {
        capture?.end()
        capture = nil
    }

    /// The modes of a full screen; needed again after the process was stopped.
    private func enterScreen() {
        raw()
        noecho()
        nonl()
        curs_set(0)
        if supportsReports { writeDirectly(TerminalReports.on) }
        readSize()
    }

    /// Terminals that tell about the mouse and mark pasted text, or keep quiet when asked for it.
    private var supportsReports: Bool {
        let type = place.type
        return ["xterm", "tmux", "screen", "rxvt", "alacritty", "foot", "kitty", "st-", "vte", "linux", "wezterm"]
            .contains { type.hasPrefix($0) }
    }

    private func writeDirectly(_ text: String) {
        guard let stream else { return }
        fflush(stream)
        _ = text.withCString { write(descriptor, $0, strlen($0)) }
    }

    package func stop() {
        guard let screen else { return }
        reader?.stop()
        reader = nil
        if !isLost {
            if supportsReports { writeDirectly(TerminalReports.off) }
            endwin()
        }
        endCapture()
        if place.ownsProcess { TerminalRestorer.disarm() }
        delscreen(screen)
        self.screen = nil
        // The reader may still stand in poll on the descriptor: it is closed with the process, not here.
        if !place.ownsProcess, let stream { fclose(stream) }
        stream = nil
        input.finish()
    }

    package func suspend() {
        guard screen != nil, !isLost else { return }
        if supportsReports { writeDirectly(TerminalReports.off) }
        endwin()
        endCapture()
        TerminalRestorer.stopProcess()
        beginCapture()
        enterScreen()
        redrawAll()
    }

    // MARK: Size

    private func readSize() {
        var rows: Int32 = 0
        var columns: Int32 = 0
        if reprise_terminal_size(descriptor, &rows, &columns) != 0 {
            (rows, columns) = (max(1, tigetnum("lines")), max(1, tigetnum("cols")))
            if rows < 2 || columns < 2 { (rows, columns) = (24, 80) }
        }
        let newSize = TerminalSize(columns: Int(columns), rows: Int(rows))
        guard newSize != knownSize || shown == nil else { return }
        knownSize = newSize
        resizeterm(rows, columns)
        shown = nil
    }

    // MARK: Colours

    private func startColors() {
        guard wantsColors, has_colors(), start_color() == OK else { return }
        use_default_colors()
        switch reprise_colors() {
        case ..<8: colorDepth = .mono
        case 8..<16: colorDepth = .eight
        case 16..<256: colorDepth = .sixteen
        case 256..<(1 << 24): colorDepth = .indexed
        default: colorDepth = .direct
        }
    }

    private func forgetColors() {
        looks = [:]
        redrawAll()
    }

    private func look(of style: CellStyle) -> (attributes: attr_t, pair: Int32) {
        if let known = looks[style] { return known }
        let resolved = ResolvedLook(style, theme: theme, depth: colorDepth)
        var attributes: attr_t = 0
        if resolved.attributes.contains(.bold) { attributes |= reprise_bold() }
        if resolved.attributes.contains(.dim) { attributes |= reprise_dim() }
        if resolved.attributes.contains(.reverse) { attributes |= reprise_reverse() }
        if resolved.attributes.contains(.underline) { attributes |= reprise_underline() }
        let wanted = ColorPair(foreground: resolved.foreground ?? -1, background: resolved.background ?? -1)
        let look = (attributes, pair(wanted))
        looks[style] = look
        return look
    }

    /// The number curses knows two colours by; 0, its own, when there are no colours or too many pairs.
    private func pair(_ wanted: ColorPair) -> Int32 {
        if colorDepth == .mono || (wanted.foreground == -1 && wanted.background == -1) { return 0 }
        if let known = pairs[wanted] { return known }
        let number = Int32(pairs.count + 1)
        guard number < reprise_color_pairs(), number < 32_000,
            init_extended_pair(number, Int32(wanted.foreground), Int32(wanted.background)) == OK
        else { return 0 }
        pairs[wanted] = number
        return number
    }

    // MARK: Drawing

    package func redrawAll() {
        guard screen != nil else { return }
        shown = nil
        reprise_forget_screen()
    }

    package func present(_ grid: CellGrid) {
        guard screen != nil, !isLost else { return }
        let picture = isUTF8 ? grid : grid.asciiOnly()
        guard picture != shown else { return }
        // Most of a large picture is empty: it is cheaper to begin with nothing than to put every space.
        let isWhole = shown?.size != picture.size
        if isWhole {
            let empty = look(of: .text)
            _ = reprise_blank(empty.attributes, empty.pair)
        }
        let columns = min(picture.size.columns, knownSize.columns)
        var (style, styled) = (CellStyle.text, look(of: .text))
        for row in 0..<min(picture.size.rows, knownSize.rows) {
            if !isWhole, shown?.row(row) == picture.row(row) { continue }
            for column in 0..<columns {
                let cell = picture[row, column]
                if isWhole, cell == Cell() { continue }
                // Neighbours mostly look alike.
                if cell.style != style { (style, styled) = (cell.style, look(of: cell.style)) }
                put(cell, styled, row: row, column: column)
            }
        }
        if let cursor = picture.cursor {
            curs_set(1)
            wmove(reprise_standard_screen(), Int32(cursor.row), Int32(cursor.column))
        } else {
            curs_set(0)
        }
        wrefresh(reprise_standard_screen())
        shown = picture
    }

    private func put(_ cell: Cell, _ look: (attributes: attr_t, pair: Int32), row: Int, column: Int) {
        if cell.isContinuation { return }
        var text: (wchar_t, wchar_t, wchar_t, wchar_t, wchar_t, wchar_t) = (wchar_t(cell.scalar.value), 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &text) { raw in
            let characters = raw.bindMemory(to: wchar_t.self)
            for (index, mark) in cell.marks.enumerated() { characters[index + 1] = wchar_t(mark.value) }
            _ = reprise_put(Int32(row), Int32(column), characters.baseAddress, look.attributes, look.pair)
        }
    }
}
