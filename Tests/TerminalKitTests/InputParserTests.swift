import TerminalKit
import Testing

@Suite struct InputParserTests {
    private func keys(_ text: String) -> [TerminalEvent] {
        var parser = InputParser()
        return parser.feed(Array(text.utf8)) + parser.flush()
    }

    @Test(
        arguments: [
            ("a", .character("a")), ("é", .character("é")), ("日", .character("日")), ("🎙", .character("🎙")),
            ("\u{1B}[A", .up), ("\u{1B}OB", .down), ("\u{1B}[1;5C", .right), ("\u{1B}[H", .home), ("\u{1B}[4~", .end),
            ("\u{1B}[5~", .pageUp), ("\u{1B}[6~", .pageDown), ("\u{1B}[3~", .delete), ("\u{1B}[Z", .backTab),
            ("\u{1B}OP", .function(1)), ("\u{1B}[15~", .function(5)), ("\u{1B}[24~", .function(12)),
            ("\u{1B}[[B", .function(2)), ("\u{1B}", .escape), ("\u{1B}x", .alt("x")), ("\u{3}", .control("c")),
            ("\r", .enter), ("\t", .tab), ("\u{7F}", .backspace),
        ] as [(String, Key)])
    func namesKeys(bytes: String, key: Key) {
        #expect(keys(bytes) == [.key(key)])
    }

    @Test func putsTogetherWhatComesInPieces() {
        var parser = InputParser()
        var events: [TerminalEvent] = []
        for byte in "日\u{1B}[5~é\u{1B}[200~pa\nste\u{1B}[201~q".utf8 { events += parser.feed([byte]) }
        #expect(
            events == [
                .key(.character("日")), .key(.pageUp), .key(.character("é")), .paste("pa\nste"), .key(.character("q")),
            ])
        #expect(!parser.isWaiting)
    }

    @Test func aLoneEscapeWaitsAndIsThenAKey() {
        var parser = InputParser()
        let early = parser.feed([0x1B])
        #expect(early.isEmpty)
        #expect(parser.isWaiting)
        let late = parser.flush()
        #expect(late == [.key(.escape)])
    }

    @Test func unknownSequencesAreSwallowedWhole() {
        #expect(keys("\u{1B}[?1;2c\u{1B}[?6nq") == [.key(.character("q"))])
    }

    @Test func wrongUTF8IsOneMarkAndTheRestIsRead() {
        var parser = InputParser()
        let wrong = TerminalEvent.key(.character("\u{FFFD}"))
        let lead = parser.feed([0xFF, 0x61])
        #expect(lead == [wrong, .key(.character("a"))])
        let follower = parser.feed([0xE6, 0x61])
        #expect(follower == [wrong, .key(.character("a"))])
        let unfinished = parser.feed([0xC3]) + parser.flush()
        #expect(unfinished == [wrong])
    }

    @Test func pastedCommandsAndEscapesStayText() {
        #expect(keys("\u{1B}[200~q\u{1B}[A\u{3}\u{1B}[201~") == [.paste("q\u{1B}[A\u{3}")])
    }

    @Test func theMouseIsReportedWhereItIs() {
        var parser = InputParser()
        let at = CellPosition(row: 4, column: 299)
        #expect(parser.feed("\u{1B}[<0;300;5M".utf8) == [.mouse(MouseEvent(.press, at: at))])
        #expect(parser.feed("\u{1B}[<0;300;5m\u{1B}[<32;300;5M".utf8).count == 2)
        #expect(
            parser.feed("\u{1B}[<65;300;5Mq".utf8) == [.mouse(MouseEvent(.wheelDown, at: at)), .key(.character("q"))])
        // Shift held, the right button, and what is no place.
        #expect(parser.feed("\u{1B}[<4;300;5M".utf8) == [.mouse(MouseEvent(.press, at: at))])
        #expect(parser.feed("\u{1B}[<2;300;5M".utf8) == [.mouse(MouseEvent(.secondary, at: at))])
        #expect(parser.feed("\u{1B}[<0;0;5M\u{1B}[<0;5M\u{1B}[<;;M\u{1B}[<1;2;3M".utf8).isEmpty)
    }
}
