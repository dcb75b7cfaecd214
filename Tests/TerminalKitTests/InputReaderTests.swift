import Foundation
import TerminalKit
import Testing

/// The reading thread on a pipe in a terminal's place.
@Suite(.timeLimit(.minutes(10))) struct InputReaderTests {
    @Test func keysSignalsAndTheEndComeOneWay() async throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let (events, input) = AsyncStream<TerminalEvent>.makeStream()
        let reader = try #require(InputReader(descriptor: ends[0], events: input))
        reader.start()
        var incoming = events.makeAsyncIterator()

        let typed = Array("é\u{1B}[A".utf8)
        #expect(write(ends[1], typed, typed.count) == typed.count)
        #expect(await incoming.next() == .key(.character("é")))
        #expect(await incoming.next() == .key(.up))

        // A lone escape is a key once nothing follows it.
        #expect(write(ends[1], [UInt8(0x1B)], 1) == 1)
        #expect(await incoming.next() == .key(.escape))

        for (signal, event) in [
            (SIGTERM, TerminalEvent.signal(SIGTERM)), (SIGWINCH, .resized), (SIGHUP, .lost),
            (SIGCONT, .signal(SIGCONT)),
        ] {
            #expect(write(reader.signalInput, [UInt8(signal)], 1) == 1)
            #expect(await incoming.next() == event)
        }

        // The terminal goes away: said once, and signals still come through.
        close(ends[1])
        #expect(await incoming.next() == .lost)
        #expect(write(reader.signalInput, [UInt8(SIGINT)], 1) == 1)
        #expect(await incoming.next() == .signal(SIGINT))
        reader.stop()
        input.finish()
    }
}
