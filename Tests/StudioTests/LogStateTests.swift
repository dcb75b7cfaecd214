import Foundation
import Studio
import TerminalKit
import Testing
import Training

/// Reading through the log of a long run.
@Suite struct LogStateTests {
    /// A journal of many steps with a few events among them, behind a session.
    private static let journal: [LogPage.Line] = (1...9000).flatMap { step in
        let record = LogPage.Line(.step(Fixture.step(step)), at: LogPlace(step: step))
        guard step % 1000 == 3 else { return [record] }
        let event = Fixture.event(.warning, at: step, "Clip \(step) is loud")
        return [record, LogPage.Line(.event(event), at: LogPlace(step: step, event: step))]
    }

    /// The studio after 9,000 steps, of which it has the last ones only; answers what it asks of the journal.
    private struct Reader {
        var state: StudioState
        var requests: [LogRequest] = []
        private let session = ScriptedSession(log: LogStateTests.journal)

        init() async {
            state = StudioState(now: Fixture.now, timeZone: Fixture.timeZone)
            _ = state.reduce(.update(.snapshot(Fixture.snapshot(step: 9000))))
            _ = state.reduce(.history((8900...9000).map { Fixture.step($0) }, events: [Fixture.event(.resumed, at: 8900, "Resumed")]))
            await press("5")
        }

        mutating func press(_ keys: Key...) async {
            for key in keys {
                var effects = state.reduce(.terminal(.key(key)))
                while !effects.isEmpty {
                    var next: [StudioEffect] = []
                    for case .loadLog(let request) in effects {
                        requests.append(request)
                        guard let page = try? await session.log(request) else { continue }
                        next += state.reduce(.logPage(page, request))
                    }
                    effects = next
                }
            }
        }

        var chosen: LogEntry? {
            let lines = state.log.lines
            return lines.indices.contains(state.log.index) ? lines[state.log.index] : nil
        }
    }

    @Test func theWholeRunCanBeScrolledThrough() async throws {
        var reader = await Reader()
        #expect(reader.chosen?.step == 9000)
        var seen: [Int] = []
        for _ in 0..<1200 where reader.chosen?.step ?? 0 > 1 {
            await reader.press(.pageUp)
            seen.append(reader.chosen?.step ?? 0)
            // Never more than a window is held.
            #expect(reader.state.log.lines.count <= 8000)
        }
        #expect(reader.chosen?.step == 1)
        // No step was jumped over: each page is ten lines, fewer where events stand among them.
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 - $1 <= 10 && $0 > $1 })
        #expect(reader.requests.count < 60)

        // And down again to the end, where it follows what comes.
        for _ in 0..<1200 where reader.chosen?.step ?? 0 < 9000 { await reader.press(.pageDown) }
        #expect(reader.chosen?.step == 9000)
        _ = reader.state.reduce(.update(.step(Fixture.step(9001))))
        #expect(reader.state.log.lines.last?.step == 9001)
    }

    @Test func bothEndsAreOneKeyAway() async {
        var reader = await Reader()
        await reader.press(.home)
        #expect(reader.chosen?.step == 1)
        await reader.press(.end)
        #expect(reader.chosen?.step == 9000)
        _ = reader.state.reduce(.update(.step(Fixture.step(9001))))
        #expect(reader.chosen?.step == 9001)
    }

    @Test func aSearchGoesThroughTheJournal() async {
        var reader = await Reader()
        await reader.press("/", "C", "L", "I", "P", " ", "3", "0", "0", "3", .enter)
        guard case .event(let event) = reader.chosen else { return #expect(Bool(false), "found \(String(describing: reader.chosen))") }
        #expect(event.message == "Clip 3003 is loud")
        await reader.press("/")
        for _ in 0..<5 { await reader.press(.backspace) }
        await reader.press(.enter, "n")
        #expect(reader.chosen?.step == 2003 || reader.chosen?.step == 3003)
        await reader.press("n")
        #expect(reader.chosen?.step ?? 9000 <= 2003)
        await reader.press("N")
        #expect(reader.chosen?.step ?? 0 >= 2003)
        await reader.press("/", "x", "y", "z", .enter)
        #expect(reader.state.notice?.text.contains("No line further up has “") == true)
    }

    @Test func aFilterShowsItsKindOfTheWholeRun() async {
        var reader = await Reader()
        await reader.press("w")
        #expect(reader.state.log.lines.map(\.step) == [3, 1003, 2003, 3003, 4003, 5003, 6003, 7003, 8003])
        await reader.press("w")
        #expect(reader.state.log.filter == .everything)
        await reader.press("f")
        #expect(reader.state.log.lines.allSatisfy { if case .step(let record) = $0 { record.stage == .sovits } else { false } })
        await reader.press(.escape)
        #expect(reader.state.log.filter == .everything && reader.chosen?.step == 9000)
    }

    @Test func whoReadsFurtherUpKeepsTheLine() async {
        var reader = await Reader()
        await reader.press(.up, .up, .up)
        let chosen = reader.chosen
        for step in 9001...9400 { _ = reader.state.reduce(.update(.step(Fixture.step(step)))) }
        #expect(reader.chosen == chosen)
    }

    @Test func linesOfLibrariesAreKeptAndTheUnseenOnesNamed() async throws {
        let output = UnseenOutput()
        output.add((0..<300).map { "line \($0)" })
        output.markSeen(50)
        #expect(output.lines.first == "… 50 earlier lines of libraries are in the voice's log")
        #expect(output.lines.count == 201 && output.lines.last == "line 299")
        output.markSeen(299)
        #expect(output.lines == ["line 299"])
        output.markSeen(300)
        #expect(output.lines.isEmpty)
    }
}
