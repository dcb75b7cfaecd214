import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// The whole studio on a terminal in memory: keys in, pictures and commands out.
@MainActor @Suite(.timeLimit(.minutes(10))) struct StudioAppTests {
    private let backend = MemoryBackend(size: TerminalSize(columns: 80, rows: 24))

    private func open(_ session: ScriptedSession, player: ListPlayer = ListPlayer()) -> (
        StudioApp, Task<StudioExit, any Error>
    ) {
        let app = StudioApp(
            session: session, backend: backend, theme: .plain, player: player, timeZone: Fixture.timeZone,
            clock: { Fixture.now })
        session.script.yield(.snapshot(Fixture.snapshot()))
        return (app, Task { try await app.run() })
    }

    private func session() -> ScriptedSession {
        ScriptedSession(rows: (1...140).map { Fixture.step($0) }, events: Fixture.events) { command in
            switch command {
            case .pause: [.snapshot(Fixture.snapshot(.paused))]
            case .resume: [.snapshot(Fixture.snapshot(.training))]
            case .stop, .interrupt: [.snapshot(Fixture.snapshot(.saving)), .snapshot(Fixture.snapshot(.stopped))]
            default: []
            }
        }
    }

    private func sees(_ text: String) async -> CellGrid {
        await backend.picture { $0.text.contains(text) }
    }

    @Test func pausesAndQuitsAndGivesTheTerminalBack() async throws {
        let session = session()
        let (_, running) = open(session)
        _ = await sees("main/g_0000136")
        #expect(backend.isRunning)
        backend.press(.character(" "))
        _ = await sees("‖ paused")
        backend.press(.character("q"))
        #expect(try await running.value == .finished)
        #expect(session.commands == [.pause, .stop])
        #expect(!backend.isRunning)
    }

    @Test func curvesMoveWithTheSteps() async throws {
        let session = session()
        let (_, running) = open(session)
        _ = await sees("● mel")
        var step = Fixture.step(141)
        step.metrics[.mel] = 0.123
        session.script.yield(.step(step))
        _ = await sees("● mel 0.123")
        backend.press(.character("q"))
        _ = try await running.value
    }

    @Test func aSentenceIsHeardAndItsFileNamed() async throws {
        let session = session()
        let player = ListPlayer()
        let (_, running) = open(session, player: player)
        _ = await sees("● mel")
        backend.press(.character("a"))
        backend.type("Hi there")
        backend.press(.enter)
        _ = await sees("Played takes/0003.wav")
        #expect(session.auditions.map(\.text) == ["Hi there"])
        #expect(player.orders.map(\.path) == ["takes/0003.wav"])
        backend.press(.character("q"))
        _ = try await running.value
    }

    @Test func withoutASoundDeviceTheFileIsNamedAllTheSame() async throws {
        let (_, running) = open(session(), player: ListPlayer(hasDevice: false))
        _ = await sees("● mel")
        backend.press(.character("a"), .character("x"), .enter)
        _ = await sees("There is no sound device to play on. The take is in takes/0003.wav.")
        backend.press(.character("q"))
        _ = try await running.value
    }

    @Test func nothingIsShownAgainWhenNothingChanged() async throws {
        let session = session()
        let (_, running) = open(session)
        _ = await sees("Saved main/g_0000136")
        _ = await sees("● mel")
        backend.press(.character("?"))
        _ = await sees("Keys")
        let count = backend.pictures.count
        // Keys without a meaning here change nothing; the last one does.
        backend.press(.function(9), .function(10), .function(11), .escape)
        _ = await backend.picture { !$0.text.contains("─ Keys") }
        #expect(backend.pictures.count == count + 1)
        backend.press(.character("q"))
        _ = try await running.value
    }

    @Test func nobodyScrollsOnBehindTheEnd() async throws {
        let (_, running) = open(session())
        _ = await sees("● mel")
        backend.press(.character("?"))
        _ = await sees("─ Keys")
        backend.press(.end)
        _ = await sees("draw the screen again")
        backend.press(.up)
        _ = await backend.picture { $0.text.contains("─ Keys") && !$0.text.contains("draw the screen again") }
        backend.press(.escape, .character("q"))
        _ = try await running.value
    }

    @Test func aNewSizeIsDrawn() async throws {
        let (_, running) = open(session())
        _ = await sees("● mel")
        backend.resize(to: TerminalSize(columns: 120, rows: 40))
        let picture = await backend.picture { $0.size.columns == 120 }
        #expect(picture.text.contains("─ Prior ─"))
        backend.press(.character("q"))
        _ = try await running.value
    }

    @Test func aLostTerminalSavesAndReturns() async throws {
        let session = session()
        let (_, running) = open(session)
        _ = await sees("● mel")
        backend.send(.lost)
        #expect(try await running.value == .terminalLost)
        #expect(session.commands == [.interrupt])
    }

    @Test func interruptFromOutsideSavesAndTwiceLeavesAtOnce() async throws {
        let first = session()
        let (app, running) = open(first)
        _ = await sees("● mel")
        app.interrupt(signal: SIGTERM)
        #expect(try await running.value == .interrupted(SIGTERM))
        #expect(first.commands == [.interrupt])

        // A session that never ends its save.
        let stuck = ScriptedSession()
        let (other, waiting) = open(stuck)
        other.interrupt()
        other.interrupt()
        #expect(try await waiting.value == .abandoned)
        #expect(stuck.commands == [.interrupt])
    }

    @Test func stoppingTheProcessAndRedrawingReachTheTerminal() async throws {
        let (_, running) = open(session())
        _ = await sees("● mel")
        backend.press(.control("z"), .control("l"), .character("?"))
        _ = await sees("Keys")
        #expect(backend.suspensions == 1)
        backend.press(.escape, .character("q"))
        _ = try await running.value
    }
}
