import Foundation
import Studio
import Synchronization
import TerminalKit
import Testing
import Training

/// A disk with voices that a test says.
private final class ScriptedHome: VoiceHome {
    struct Refused: Error, CustomStringConvertible { let description: String }
    let asked = Mutex<[String]>([])
    /// An import goes on until it is cancelled.
    let isSlow: Bool

    init(isSlow: Bool = false) { self.isSlow = isSlow }

    private func note(_ text: String) { asked.withLock { $0.append(text) } }
    func offer() -> VoiceOffer { WelcomeScreenTests.offer }
    func check(_ path: String) throws -> String {
        guard path.hasPrefix("/") else { throw Refused(description: "\(path) is no voice.") }
        return path
    }
    func adopt(sample path: String) throws -> String {
        note("adopt \(path)")
        return "/mine/slt"
    }
    func completions(of path: String) -> [String] { ["\(path)cordings/"] }
    func name(for path: String) -> String { "bea" }
    func makeVoice(
        _ name: String, from path: String, progress: @escaping @Sendable (Int, Int, String) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws -> MadeVoice {
        note("import \(path) as \(name)")
        progress(1, 2, "b_01")
        while isSlow, !isCancelled() { sched_yield() }
        if isCancelled() { throw VoiceStopped() }
        return MadeVoice(path: "/mine/\(name)", report: ["done"], isWithoutRemarks: true)
    }
    struct VoiceStopped: Error, CustomStringConvertible {
        let description = "The import was stopped and left nothing behind."
    }
    func recordings(for name: String, language: String) throws -> any ClipLibrary {
        guard language == "en-us" else { throw Refused(description: "espeak-ng has no language \"\(language)\".") }
        return ScriptedClips()
    }
    func makeVoice(
        ofRecordingsFor name: String, language: String, progress: @escaping @Sendable (Int, Int, String) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws -> MadeVoice {
        note("make \(name)")
        return MadeVoice(path: "/mine/\(name)", report: [], isWithoutRemarks: true)
    }
}

/// From the first screen into a voice.
@MainActor @Suite(.timeLimit(.minutes(10))) struct WelcomeStateTests {
    private let backend = MemoryBackend(size: TerminalSize(columns: 100, rows: 30))

    private func open(_ home: ScriptedHome, desk: SilentDesk = SilentDesk(), problem: String? = nil) async
        -> (SharedTerminal, Task<WelcomeExit, any Error>)
    {
        let terminal = SharedTerminal(backend)
        let app = WelcomeApp(home: home, desk: desk, terminal: terminal, problem: problem)
        let running = Task { try await app.run() }
        _ = await sees("Samples")
        return (terminal, running)
    }

    @discardableResult private func sees(_ text: String) async -> CellGrid {
        await backend.picture { $0.text.contains(text) }
    }

    @Test func aVoiceIsOpenedAndTheTerminalHandedOn() async throws {
        let (terminal, running) = await open(ScriptedHome())
        backend.press(.enter, "z")
        #expect(try await running.value == .voice("/home/u/.local/share/reprise/ada"))
        #expect(backend.isRunning)
        // What was typed in between is for the studio.
        try terminal.start()
        var events = terminal.events.makeAsyncIterator()
        backend.press("4")
        var heard = await events.next()
        if heard == .key("z") { heard = await events.next() }
        #expect(heard == .key("4"))
        terminal.close()
        #expect(!backend.isRunning)
    }

    @Test func noKeyIsLostBetweenTwoScreens() async throws {
        let terminal = SharedTerminal(backend)
        try terminal.start()
        var typed: [TerminalEvent] = []
        backend.press("a", "b")
        terminal.listen { typed.append($0) }
        while typed.count < 2 { await Task.yield() }
        // One was of use to the first screen; the other is not yet, and a third comes while nobody listens.
        terminal.stop(returning: [typed[1]])
        backend.press("c")
        for _ in 0..<100 { await Task.yield() }
        var events = terminal.events.makeAsyncIterator()
        backend.press("d")
        for key: Character in ["b", "c", "d"] { #expect(await events.next() == .key(.character(key))) }
        terminal.close()
        #expect(await events.next() == nil)
    }

    @Test func aSampleBecomesTheUsersOwnVoice() async throws {
        let home = ScriptedHome()
        let (_, running) = await open(home)
        backend.press(.down, .down, .down, .enter)
        #expect(try await running.value == .voice("/mine/slt"))
        #expect(home.asked.withLock { $0 } == ["adopt /r/samples/slt"])
    }

    @Test func aFolderIsCompletedNamedAndImported() async throws {
        let home = ScriptedHome()
        let (_, running) = await open(home)
        backend.press(.end, .up, .enter)
        await sees("A folder of recordings")
        backend.type("re")
        backend.press(.tab)
        await sees("recordings/")
        backend.press(.enter)
        await sees("A name for the new voice")
        backend.press("2", .enter)
        #expect(try await running.value == .voice("/mine/bea2"))
        #expect(home.asked.withLock { $0 } == ["import recordings/ as bea2"])
    }

    @Test func anImportIsStoppedAndTheScreenStays() async throws {
        let (_, running) = await open(ScriptedHome(isSlow: true))
        backend.press(.end, .up, .enter, "x", .enter)
        await sees("A name for the new voice")
        backend.press(.enter)
        await sees("b_01")
        backend.press(.escape)
        await sees("The import was stopped and left nothing behind.")
        backend.press("q")
        #expect(try await running.value == .left)
    }

    @Test func aSignalEndsAnImportBeforeItLeaves() async throws {
        let (_, running) = await open(ScriptedHome(isSlow: true))
        backend.press(.end, .up, .enter, "x", .enter)
        await sees("A name for the new voice")
        backend.press(.enter)
        await sees("b_01")
        backend.send(.signal(SIGTERM))
        #expect(try await running.value == .interrupted(SIGTERM))
    }

    @Test func aVoiceIsRecordedFromNothing() async throws {
        let home = ScriptedHome()
        let (_, running) = await open(home)
        backend.press(.end, .enter)
        await sees("You will read sentences aloud")
        backend.type("zoe")
        backend.press(.enter)
        await sees("What language does zoe speak?")
        backend.press(.enter)
        await sees("Say:")
        // The clips of the scripted library are there already: one more, then the voice is made.
        backend.press(" ")
        await sees("1.5 s")
        backend.press(" ")
        await sees("after trimming")
        backend.press(.enter)
        await sees("Kept as recorded_0001.")
        backend.press(.escape)
        #expect(try await running.value == .voice("/mine/zoe"))
        #expect(home.asked.withLock { $0 } == ["make zoe"])
    }

    @Test func withoutAMicrophoneTheRecorderSaysSo() async throws {
        let (_, running) = await open(ScriptedHome(), desk: SilentDesk(problem: "There is no microphone."))
        backend.press(.end, .enter, "z", .enter)
        await sees("What language does z speak?")
        backend.press(.enter)
        await sees("Say:")
        backend.press(" ")
        await sees("There is no microphone.")
        backend.send(.lost)
        #expect(try await running.value == .terminalLost)
    }

    @Test func whatIsWrongIsSaidAndAskedAgain() async throws {
        let (_, running) = await open(ScriptedHome(), problem: "There is no voice \"x\".")
        await sees("There is no voice \"x\".")
        backend.press(.end, .enter, "z", .enter)
        await sees("What language does z speak?")
        backend.type("q")
        backend.press(.enter)
        await sees("espeak-ng has no language \"en-usq\".")
        backend.press(.control("c"))
        #expect(try await running.value == .interrupted(SIGINT))
    }
}
