import Foundation
import Synchronization
import TerminalKit
import Training

/// The first screen where no voice is named: waits, draws, and does what is asked, until a voice can be opened.
@MainActor
package final class WelcomeApp {
    private let home: any VoiceHome
    private let desk: any SoundDesk
    private let terminal: SharedTerminal
    private let messages: AsyncStream<WelcomeMessage>
    private let inbox: AsyncStream<WelcomeMessage>.Continuation
    private var state: WelcomeState
    private var targets: CellGrid?
    private var importing: (task: Task<Void, Never>, isCancelled: CancelFlag)?
    private var library: (any ClipLibrary)?

    /// - Parameter problem: why a voice that was named cannot be opened, one sentence.
    package init(home: any VoiceHome, desk: any SoundDesk, terminal: SharedTerminal, problem: String? = nil) {
        self.home = home
        self.desk = desk
        self.terminal = terminal
        (messages, inbox) = AsyncStream.makeStream()
        state = WelcomeState(problem: problem)
    }

    /// Shows it until a voice is chosen or it is left. The terminal stays as it is for the studio.
    /// - Throws: `TerminalError`.
    package func run() async throws -> WelcomeExit {
        try terminal.start()
        // What it has not come to when it ends is for whoever is shown next.
        var ahead: [TerminalEvent] = []
        terminal.listen { [inbox] event in
            ahead.append(event)
            inbox.yield(.terminal(event))
        }
        defer { terminal.stop(returning: ahead) }
        draw()
        perform(.offer)
        for await message in messages {
            if case .terminal = message { ahead.removeFirst() }
            var exit: WelcomeExit?
            for effect in state.reduce(located(message)) {
                if case .leave(let how) = effect { exit = how } else { perform(effect) }
            }
            if let exit {
                await end()
                return exit
            }
            draw()
        }
        return .left
    }

    /// Waits for an import to clear up after itself.
    private func end() async {
        desk.stopPlaying()
        _ = desk.stopRecording()
        importing?.isCancelled.set()
        await importing?.task.value
    }

    private func draw() {
        let picture = drawWelcome(state, size: terminal.size, glyphs: terminal.glyphs)
        targets = picture
        if state.helpFrom != nil, let line = picture.topLine { state.helpFrom = line }
        terminal.present(picture)
    }

    private func located(_ message: WelcomeMessage) -> WelcomeMessage {
        guard case .terminal(.mouse(let event)) = message else { return message }
        return .mouse(event, on: targets?.target(at: event.position)?.value as? StudioTarget)
    }

    /// Answers from another thread; an error becomes its sentence.
    private func answer(_ body: @escaping @Sendable () throws -> WelcomeMessage) {
        let inbox = inbox
        Task.detached {
            do {
                inbox.yield(try body())
            } catch {
                inbox.yield(.failed("\(error)"))
            }
        }
    }

    private func perform(_ effect: WelcomeEffect) {
        let (home, inbox) = (home, inbox)
        switch effect {
        case .offer: answer { .offered(home.offer()) }
        case .open(let path): answer { .ready(try home.check(path)) }
        case .adopt(let path): answer { .ready(try home.adopt(sample: path)) }
        case .complete(let path): answer { .completed(home.completions(of: path)) }
        case .inspect(let path):
            // A folder that is a voice already is opened; any other is imported.
            answer { (try? home.check(path)).map { .ready($0) } ?? .named(home.name(for: path), from: path) }
        case .importVoice(let name, let path):
            makeVoice { flag in
                try home.makeVoice(
                    name, from: path, progress: { inbox.yield(.progress(done: $0, total: $1, id: $2)) },
                    isCancelled: { flag.isSet })
            }
        case .cancelImport: importing?.isCancelled.set()
        case .beginRecording(let name, let language): beginRecording(name, language)
        case .finishRecording(let name, let language):
            makeVoice { flag in
                try home.makeVoice(
                    ofRecordingsFor: name, language: language,
                    progress: { inbox.yield(.progress(done: $0, total: $1, id: $2)) }, isCancelled: { flag.isSet })
            }
        case .recorder(let effect):
            guard let library else { return }
            performRecording(effect, library: library, desk: desk) { inbox.yield(.recorder($0)) }
        case .suspend: terminal.suspend()
        case .redrawAll: terminal.redrawAll()
        case .leave: break
        }
    }

    private func makeVoice(_ body: @escaping @Sendable (CancelFlag) throws -> MadeVoice) {
        let flag = CancelFlag(), inbox = inbox
        // A thread of its own: an import takes minutes, and the few threads that tasks share have keys to wait for.
        let task = Task {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    do {
                        inbox.yield(.made(try body(flag)))
                    } catch {
                        inbox.yield(.failed("\(error)"))
                    }
                    continuation.resume()
                }
            }
        }
        importing = (task, flag)
    }

    private func beginRecording(_ name: String, _ language: String) {
        let (home, inbox) = (home, inbox)
        Task {
            do {
                let library = try home.recordings(for: name, language: language)
                let listing = try await library.listing()
                self.library = library
                inbox.yield(
                    .canRecord(
                        sentences: listing.prompts, kept: listing.entries.count, name: name, language: language))
            } catch {
                inbox.yield(.failed("\(error)"))
            }
        }
    }
}

/// Set once, read from any thread.
package final class CancelFlag: Sendable {
    private let value = Atomic(false)

    package init() {}

    package var isSet: Bool { value.load(ordering: .relaxed) }
    package func set() { value.store(true, ordering: .relaxed) }
}
