import Foundation
import TerminalKit
import Training

/// The studio on a terminal: waits for keys, updates and answers in one place, and draws.
@MainActor
package final class StudioApp {
    let session: any TrainingSession
    private let backend: any TerminalBackend
    let player: any AuditionPlayer
    private let data: DataWorker?
    private let historyLimit: Int
    private let clock: @MainActor () -> Date
    private let themes: ThemeLibrary
    private let themeName: String
    private let output = UnseenOutput()
    private let messages: AsyncStream<StudioMessage>
    let inbox: AsyncStream<StudioMessage>.Continuation
    var work: [Task<Void, Never>] = []
    private var lastDrawn: ContinuousClock.Instant?
    private var isDrawingPutOff = false
    /// The picture the mouse points at.
    private var targets: CellGrid?
    /// Counts what was played or stopped.
    var playing = 0
    /// The take being made.
    var making: Task<Void, Never>?
    private let patience: (seconds: Double, parting: @Sendable () -> String?)?
    /// What the screen shows.
    package private(set) var state: StudioState

    /// Pictures that no key asked for come at most this often.
    private static let frameTime = Duration.milliseconds(50)
    /// How often ages on the screen are looked at again while nothing else happens.
    private static let tickTime = Duration.seconds(15)

    /// - Parameters:
    ///   - data: what the data screen is about; without it that screen stays empty.
    ///   - historyLimit: how many rows of the journal the log begins with, at most.
    ///   - patience: seconds that a step may take after a signal, and what to say when it takes longer; nil waits for it.
    ///   - clock: the time that ages are counted from; tests hold it still.
    package init(
        session: any TrainingSession, backend: any TerminalBackend, theme: Theme, player: any AuditionPlayer,
        data: DataWorker? = nil, historyLimit: Int = 1000,
        patience: (seconds: Double, parting: @Sendable () -> String?)? = nil,
        themes: ThemeLibrary = ThemeLibrary(folders: []), themeName: String = "",
        timeZone: TimeZone = .current, clock: @escaping @MainActor () -> Date = { Date() }
    ) {
        self.session = session
        self.backend = backend
        self.player = player
        self.data = data
        self.historyLimit = historyLimit
        self.clock = clock
        self.patience = patience
        self.themes = themes
        self.themeName = themeName.isEmpty ? theme.name : themeName
        (messages, inbox) = AsyncStream.makeStream()
        state = StudioState(now: clock(), timeZone: timeZone)
        backend.theme = theme
    }

    /// Shows the studio until it is left, and gives the terminal back.
    ///
    /// However it is left except at once, the session has been told to stop and has saved when this returns.
    /// Throws `TerminalError` when there is no terminal that can show it; nothing was started then.
    package func run() async throws -> StudioExit {
        let (session, output) = (session, output)
        backend.onOutput = { lines in
            session.record(output: lines)
            output.add(lines)
        }
        try backend.start()
        defer {
            for task in work { task.cancel() }
            making?.cancel()
            player.stop()
            data?.end()
            backend.stop()
        }
        listen()
        draw()
        for await message in messages {
            state.now = clock()
            var exit: StudioExit?
            if isOfEarlierSound(message) { continue }
            for effect in state.reduce(located(message)) {
                if case .leave(let how) = effect { exit = how } else { perform(effect) }
            }
            if let exit { return exit }
            if isUrgent(message) { draw() } else { drawSoon() }
        }
        return .finished
    }

    /// Saves and leaves, as a signal asks for; a second time leaves at once. The backend sends the signals it catches
    /// here by itself.
    package func interrupt(signal: Int32 = SIGINT) {
        inbox.yield(.interrupt(signal))
    }

    // MARK: Waiting

    private func listen() {
        let (session, inbox, events) = (session, inbox, backend.events)
        work.append(
            Task.detached {
                for await update in session.updates { inbox.yield(.update(update)) }
                inbox.yield(.sessionEnded)
            })
        // On the main thread, as the drawing is: keys must not wait for a thread that a long answer is worked out on.
        work.append(
            Task {
                for await event in events { inbox.yield(.terminal(event)) }
            })
        work.append(
            Task.detached {
                while (try? await Task.sleep(for: Self.tickTime)) != nil { inbox.yield(.tick) }
            })
        work.append(watchThemes())
        load(withEvents: true)
    }

    private func load(_ request: CurveRequest) {
        let (session, inbox) = (session, inbox)
        work.append(
            Task.detached {
                do {
                    inbox.yield(
                        .curves(try await session.curves(onLineOf: request.branch, steps: request.steps), request))
                } catch {
                    inbox.yield(.couldNotLoad("The journal could not be read: \(error)"))
                }
            })
    }

    /// What libraries wrote while the screen was shown and nobody has seen.
    package var unseenOutput: [String] { output.lines }

    private func load(withEvents: Bool) {
        load(CurveRequest(.whole))
        let (session, inbox, limit) = (session, inbox, historyLimit)
        work.append(
            Task.detached {
                do {
                    let rows = try await session.history(limit: limit)
                    let events = withEvents ? try await session.recentEvents(limit: 200) : []
                    inbox.yield(.history(rows, events: events))
                } catch {
                    inbox.yield(.couldNotLoad("The journal could not be read: \(error)"))
                }
            })
    }

    // MARK: Doing

    /// A step that outlasts the patience of whoever sent the signal is given up: the last save stands.
    private func leaveInTime() {
        guard let patience else { return }
        let inbox = inbox
        work.append(
            Task.detached {
                guard (try? await Task.sleep(for: .seconds(patience.seconds))) != nil,
                    let sentence = patience.parting()
                else { return }
                inbox.yield(.patienceEnded(sentence))
            })
    }

    private func perform(_ effect: StudioEffect) {
        switch effect {
        case .send(let command):
            session.send(command)
            if command == .interrupt { leaveInTime() }
        case .loadHistory: load(withEvents: false)
        case .ask(let request):
            let (session, inbox) = (session, inbox)
            work.append(Task.detached { inbox.yield(.answered(await request.answer(from: session))) })
        case .loadCurves(let request): load(request)
        case .audition(let request): audition(request)
        case .cancelAudition: making?.cancel()
        case .loadAudition: loadAudition()
        case .loadSound(let path): loadSound(path)
        case .keepVote(let vote): keep(vote)
        case .drawLot(let first, let second):
            let isSwapped = Bool.random()
            inbox.yield(.lotDrawn(a: isSwapped ? second : first, b: isSwapped ? first : second))
        case .play(let order): play(order)
        case .setLooping(let isLooping): player.setLooping(isLooping)
        case .stopPlaying: stopPlaying()
        case .data(let effect):
            let inbox = inbox
            data?.perform(effect) { inbox.yield(.data($0)) }
        case .loadLog(let request):
            answer(StudioMessage.logFailed) { .logPage(try await $0.log(request), request) }
        case .loadSettings: answer(StudioMessage.settingRefused) { .settings(try await $0.settings()) }
        case .change(let name, let text):
            answer(StudioMessage.settingRefused) { .settingChanged(try await $0.change(name, to: text)) }
        case .showTheme(let name): showTheme(name)
        case .suspend: backend.suspend()
        case .redrawAll: backend.redrawAll()
        case .leave: break
        }
    }

    /// Asks the session something that may take long; an error comes back as a sentence.
    private func answer(
        _ failure: @escaping @Sendable (String) -> StudioMessage,
        _ question: @escaping @Sendable (any TrainingSession) async throws -> StudioMessage
    ) {
        let (session, inbox) = (session, inbox)
        work.append(
            Task.detached {
                do {
                    inbox.yield(try await question(session))
                } catch {
                    inbox.yield(failure("\(error)"))
                }
            })
    }

    // MARK: Themes

    private func showTheme(_ name: String) {
        do {
            backend.theme = try themes.theme(named: name)
            inbox.yield(.themesFound(themes.names, current: nil))
        } catch {
            inbox.yield(.themeFailed("\(error)"))
        }
    }

    /// Tells which themes there are, and when one of their files is written.
    private func watchThemes() -> Task<Void, Never> {
        inbox.yield(.themesFound(themes.names, current: themeName))
        let inbox = inbox
        let watch = ThemeWatch(folders: themes.folders(of: themeName))
        return Task.detached {
            guard let watch else { return }
            for await _ in watch.changes { inbox.yield(.themesChanged) }
        }
    }

    // MARK: Sounds

    /// True for what a sound has to say that was stopped or replaced since.
    private func isOfEarlierSound(_ message: StudioMessage) -> Bool {
        switch message {
        case .playMoved(let number, _), .played(let number), .playFailed(let number, _): number != playing
        default: false
        }
    }

    // MARK: Drawing

    private func isUrgent(_ message: StudioMessage) -> Bool {
        switch message {
        case .terminal, .mouse, .redraw, .interrupt, .logPage, .settings, .settingChanged, .themesFound: true
        default: false
        }
    }

    private func draw() {
        isDrawingPutOff = false
        lastDrawn = ContinuousClock.now
        let picture = drawStudio(state, size: backend.size, glyphs: backend.glyphs)
        targets = picture
        if let line = picture.topLine { state.overlay?.noteDrawn(from: line) }
        backend.present(picture)
        if state.showsLog(size: backend.size) { output.markSeen(state.log.outputCount) }
    }

    /// Tells the mouse what it is on.
    private func located(_ message: StudioMessage) -> StudioMessage {
        guard case .terminal(.mouse(let event)) = message else { return message }
        guard let found = targets?.target(at: event.position), let target = found.value as? StudioTarget else {
            return .mouse(event, on: nil)
        }
        let offset = CellPosition(
            row: event.position.row - found.rect.row, column: event.position.column - found.rect.column)
        return .mouse(event, on: PointedTarget(target: target, offset: offset, rect: found.rect))
    }

    /// Draws now, or when the last picture is old enough.
    private func drawSoon() {
        if isDrawingPutOff { return }
        let age = lastDrawn.map { $0.duration(to: .now) } ?? Self.frameTime
        if age >= Self.frameTime { return draw() }
        isDrawingPutOff = true
        let inbox = inbox
        Task.detached {
            try? await Task.sleep(for: Self.frameTime - age)
            inbox.yield(.redraw)
        }
    }
}
