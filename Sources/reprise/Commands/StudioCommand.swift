import ArgumentParser
import Checkpoint
import Foundation
import Processes
import Studio
import TerminalKit
import Training

struct StudioCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "studio", abstract: "Open the studio on a voice and train it.", shouldDisplay: false)

    @Argument(help: "A voice's name or path; without one the studio shows which there are.")
    var voice: String?

    @Option(help: "dark, light, mono or another theme of themes/; voice.toml's by default.")
    var theme: String?

    @Option(help: "The ALSA device that plays; voice.toml's by default.")
    var device: String?

    @Option(help: "The ALSA device that records; voice.toml's by default.")
    var microphone: String?

    @Flag(help: "Look on only, whether or not another reprise trains the voice; space trains it.")
    var readOnly = false

    @Option(help: "Train until this global step; without it, until stopped.")
    var steps: Int?

    @Option(help: "Threads to use; all cores by default. The result is the same.")
    var threads = 0

    @MainActor
    func run() async throws {
        if MessagePassing.isLaunched() {
            throw NotOpened(description: "The studio is one process: start it without mpirun, or train with `reprise train`.")
        }
        let plain = try ThemeLibrary.standard.theme(named: theme ?? VoiceConfiguration(name: "").studio.theme)
        let terminal = SharedTerminal(CursesBackend(theme: plain))
        var wanted = voice, problem: String?
        if let voice {
            do {
                _ = try VoiceLocation().find(voice)
            } catch VoiceError.noSuchVoice(let name, let places) where isatty(STDIN_FILENO) == 1 {
                (wanted, problem) = (nil, "\(VoiceError.noSuchVoice(name, lookedIn: places))")
            }
        }
        do {
            try await show(wanted, problem: problem, on: terminal)
        } catch {
            terminal.close()
            throw error
        }
    }

    /// One voice after another, until it is left.
    @MainActor
    private func show(_ named: String?, problem: String?, on terminal: SharedTerminal) async throws {
        var wanted = named, problem = problem, looksOn = readOnly
        while true {
            if let reference = wanted {
                do {
                    if try await open(reference, lookingOn: looksOn, on: terminal) {
                        looksOn = false
                        continue
                    }
                    return
                } catch let error as NotOpened where named == nil {
                    (wanted, problem) = (nil, error.description)
                }
            }
            switch try await welcome(on: terminal, problem: problem) {
            case .voice(let path): wanted = path
            case .left:
                terminal.close()
                return
            case .interrupted(let signal): throw ExitStatus.signal(signal)
            case .terminalLost: throw ExitStatus.signal(SIGHUP)
            }
        }
    }

    @MainActor
    private func welcome(on terminal: SharedTerminal, problem: String?) async throws -> WelcomeExit {
        let usual = VoiceConfiguration(name: "").studio
        let desk = DeviceDesk(device: device ?? usual.device, microphone: microphone ?? usual.microphone)
        let app = WelcomeApp(home: LocalVoiceHome(), desk: desk, terminal: terminal, problem: problem)
        do {
            return try await app.run()
        } catch {
            // Without a screen there is nothing to choose on: what was wrong with the name says more.
            if let problem, voice != nil { throw NotOpened(description: problem) }
            throw error
        }
    }
}

/// Why a voice cannot be trained: one sentence.
private struct NotOpened: Error, CustomStringConvertible {
    let description: String
}

extension StudioCommand {
    /// Shows a voice until it is left; true when it is to be opened anew.
    ///
    /// The first picture comes before anything of the voice but its theme is read: a voice may have thousands of
    /// checkpoints, and its disk may be slow.
    @MainActor
    private func open(_ reference: String, lookingOn: Bool, on terminal: SharedTerminal) async throws -> Bool {
        let studio = try Voice.studioSettings(of: reference)
        let chosen = try ThemeLibrary.standard.theme(named: theme ?? studio.theme)
        terminal.theme = chosen
        try terminal.start()
        let session: any VoiceSession
        do {
            session = try await openVoice(reference, lookingOn: lookingOn, on: terminal)
        } catch let left as ExitStatus {
            throw left
        } catch {
            throw NotOpened(description: "\(error)")
        }
        let output = device ?? studio.device
        let data = DataWorker(
            library: VoiceClips(directory: session.voice.directory),
            desk: DeviceDesk(device: output, microphone: microphone ?? studio.microphone))
        let app = StudioApp(
            session: session, backend: terminal, theme: chosen, player: DevicePlayer(device: output), data: data,
            patience: (session.voice.configuration.training.stopSeconds, { session.partingSentence }),
            themes: .standard, themeName: theme ?? studio.theme)
        let training = Task { await session.run() }
        let exit: StudioExit
        do {
            exit = try await app.run()
        } catch {
            // No terminal to show it on: nothing may go on training unseen.
            session.send(.stop)
            _ = await training.value
            throw error
        }
        if exit == .reopened, case .stopped = await training.value { return true }
        terminal.close()
        for line in app.unseenOutput { printError(line) }
        try await finish(exit, training)
        return false
    }

    /// What can happen while a voice's store and journal are opened.
    private enum Opening: Sendable {
        case said(String)
        case opened(any VoiceSession)
        case failed(any Error)
        case event(TerminalEvent)
    }

    /// Opens a voice behind the first picture, which also says what is waited for, such as room on the disk.
    ///
    /// - Throws: `ExitStatus` when it is left before; whatever keeps the voice from being opened.
    @MainActor
    private func openVoice(
        _ reference: String, lookingOn: Bool, on terminal: SharedTerminal
    ) async throws -> any VoiceSession {
        let (news, inbox) = AsyncStream.makeStream(of: Opening.self)
        var options = TrainerOptions(targetStep: steps, threads: threads)
        options.niceness = 5
        let chosen = options
        let opening = Task.detached {
            do {
                let voice = try Voice.open(reference)
                let session: any VoiceSession =
                    lookingOn
                    ? try VoiceWatcher(voice: voice)
                    : try await Self.trainOrLookOn(voice, chosen) { inbox.yield(.said($0)) }
                inbox.yield(.opened(session))
            } catch {
                inbox.yield(.failed(error))
            }
        }
        var state = StudioState(now: Date()), typed: [TerminalEvent] = []
        // Kept as it comes: what is not dealt with when the voice is open is the studio's, and nothing is in between.
        terminal.listen { event in
            if event != .resized { typed.append(event) }
            inbox.yield(.event(event))
        }
        func draw() { terminal.present(drawStudio(state, size: terminal.size, glyphs: terminal.glyphs)) }
        defer {
            opening.cancel()
            terminal.stop(returning: typed)
        }
        draw()
        for await new in news {
            switch new {
            case .said(let sentence):
                state.notice = Notice(sentence, .warning)
                draw()
            case .opened(let session): return session
            case .failed(let error): throw error
            case .event(.key(.character("q"))): throw ExitStatus(code: 0)
            case .event(.key(.control("c"))): throw ExitStatus.signal(SIGINT)
            case .event(.lost): throw ExitStatus.signal(SIGHUP)
            case .event(.signal(let number)) where [SIGHUP, SIGINT, SIGTERM].contains(number):
                throw ExitStatus.signal(number)
            case .event(.resized): draw()
            case .event: break
            }
        }
        throw CancellationError()
    }

    /// One process trains a voice; a second studio looks on.
    private static func trainOrLookOn(
        _ voice: Voice, _ options: TrainerOptions, tell: (String) -> Void
    ) async throws -> any VoiceSession {
        do {
            return try await Trainer.opened(voice, options: options, tell: tell)
        } catch let error as CheckpointError {
            guard case .locked = error else { throw error }
            return try VoiceWatcher(voice: voice)
        }
    }

    /// After the screen is given back: one line that says where things stand, and the exit code.
    private func finish(_ exit: StudioExit, _ training: Task<Trainer.Outcome, Never>) async throws {
        if exit == .abandoned {
            printError("Left at once; the last checkpoint before it is whole.")
            _exit(exit.code)
        }
        if case .leftInStep(_, let sentence) = exit {
            printError(sentence)
            _exit(exit.code)
        }
        let outcome = await training.value
        switch exit {
        case .failed(let sentence): printError("reprise: \(sentence)")
        case .finished, .interrupted, .terminalLost, .abandoned, .leftInStep, .reopened:
            if case .failed(let sentence) = outcome {
                printError("reprise: \(sentence)")
                throw ExitStatus.failed
            }
        }
        if exit.code != 0 { throw ExitStatus(code: exit.code) }
    }
}
