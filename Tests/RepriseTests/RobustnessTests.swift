import Foundation
import Testing

extension ProgramTests {
    /// However the studio is left, and whatever happens to its terminal.
    @Suite struct RobustnessTests {
        private func open(
            _ voice: TestVoice, type: String = "xterm-256color", locale: String = "C.UTF-8"
        ) async throws -> PseudoTerminal {
            let terminal = try PseudoTerminal([Program.path, voice.path], home: voice.home, type: type, locale: locale)
            try await terminal.until("the first picture") { $0.contains("Settings") && $0.contains("Mel loss") }
            return terminal
        }

        private func expectRestored(_ terminal: PseudoTerminal, sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(terminal.hasItsSettings, sourceLocation: sourceLocation)
            #expect(terminal.modes == PseudoTerminal.Modes(), sourceLocation: sourceLocation)
        }

        @Test(arguments: [SIGTRAP, SIGILL, SIGABRT, SIGSEGV, SIGBUS, SIGFPE])
        func aTrapInTheCodeGivesTheTerminalBack(signal: Int32) async throws {
            let voice = try TestVoice()
            let terminal = try await open(voice)
            defer { terminal.end() }
            #expect(terminal.modes.isAlternate && terminal.modes.reportsMouse && terminal.modes.marksPastes)
            #expect(!terminal.hasItsSettings)
            // While pictures are being drawn.
            terminal.type("123456123456?")
            kill(terminal.process, signal)
            #expect(try await terminal.ended() == -signal)
            expectRestored(terminal)
        }

        @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func aSignalSavesAndGivesTheTerminalBack(signal: Int32) async throws
        {
            let voice = try TestVoice(["autosave_steps": "1000"])
            let terminal = try await open(voice)
            defer { terminal.end() }
            try await terminal.until("a step") { $0.contains("step 1") || $0.contains("● training") }
            kill(terminal.process, signal)
            #expect(try await terminal.ended() == 128 + signal)
            expectRestored(terminal)
            #expect(voice.checkpoints.count <= 1)
            if let saved = voice.checkpoints.first {
                #expect(try voice.manifest(saved)["reason"] as? String == "signal")
            }
        }

        @Test func stoppedAndContinuedTheShellHasItsTerminalMeanwhile() async throws {
            let voice = try TestVoice()
            let script = """
                set -m
                stty -a > "$HOME/before"
                "$0" "$1"
                stty -a > "$HOME/stopped"
                echo "the shell has it"
                fg > /dev/null
                stty -a > "$HOME/after"
                echo "and has it again"
                """
            let terminal = try PseudoTerminal(
                ["bash", "-c", script, Program.path, voice.path], home: voice.home)
            defer { terminal.end() }
            try await terminal.until("the first picture") { $0.contains("Settings") && $0.contains("Mel loss") }
            terminal.type("\u{1A}")
            try await terminal.until("the shell") { $0.contains("the shell has it") }
            func note(_ name: String) -> String? {
                try? String(contentsOf: voice.home.appendingPathComponent(name), encoding: .utf8)
            }
            #expect(note("stopped") == note("before"))
            // It goes on by itself, with a whole new picture.
            try await terminal.until("the picture again") {
                guard let shell = $0.range(of: "the shell has it") else { return false }
                let rest = $0[shell.upperBound...]
                return rest.contains("\u{1B}[?1049h") && rest.contains("Settings")
            }
            terminal.type("q")
            try await terminal.until("the end") { $0.contains("and has it again") }
            _ = try await terminal.ended()
            expectRestored(terminal)
            #expect(note("after") == note("before"))
        }

        @Test func withoutUTF8NoByteIsAboveASCII() async throws {
            let voice = try TestVoice()
            let terminal = try await open(voice, locale: "C")
            defer { terminal.end() }
            terminal.type("123456?")
            try await terminal.until("the keys of the settings") { $0.contains("Keys: Settings") }
            terminal.type("?q")
            #expect(try await terminal.ended() == 0)
            #expect(terminal.bytes.allSatisfy { $0 < 0x80 })
            expectRestored(terminal)
        }

        @Test(arguments: ["xterm-direct", "tmux-256color", "linux"])
        func everyCommonTerminalIsDrawnOnAndGivenBack(type: String) async throws {
            let voice = try TestVoice()
            let terminal = try await open(voice, type: type)
            defer { terminal.end() }
            terminal.type("q")
            #expect(try await terminal.ended() == 0)
            expectRestored(terminal)
        }

        @Test func aThousandSizesAndThePictureIsRight() async throws {
            let voice = try TestVoice()
            let terminal = try await open(voice)
            defer { terminal.end() }
            var random = UInt64(7)
            func next(_ limit: Int) -> Int {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(random >> 33) % limit + 1
            }
            let start = terminal.bytes.count
            for round in 0..<1000 {
                terminal.resize(columns: next(400), rows: next(120))
                // The keys of the screen are opened and closed; Escape would be half of another key with what follows.
                if round % 10 == 0 {
                    terminal.type(["1", "2", "3", "4", "5", "6", "?", "?", "6", "1"][round / 10 % 10])
                }
                if round % 50 == 0 {
                    // Now and then it comes to draw one.
                    let place = terminal.bytes.count
                    terminal.type("\u{0C}")
                    try await terminal.until("a picture", since: place) { !$0.isEmpty }
                }
            }
            #expect(terminal.bytes.count > start)
            terminal.resize(columns: 80, rows: 24)
            let place = terminal.bytes.count
            terminal.type("6\u{0C}")
            try await terminal.until("the settings at 80×24", since: place) { text in
                guard let clear = text.range(of: "\u{1B}[H\u{1B}[2J", options: .backwards) else { return false }
                let last = text[clear.upperBound...]
                // How the cursor gets to a row is curses' business; that it goes to none beyond the last is not.
                let rows = last.matches(of: #/\u{1B}\[(\d+)(?:;\d+H|d)/#).compactMap { Int($0.1) }
                return last.contains("held_out") && rows.allSatisfy { $0 <= 24 }
            }
            terminal.type("q")
            #expect(try await terminal.ended() == 0)
            expectRestored(terminal)
        }

        @Test func whatLibrariesWriteGoesToTheLogAndHarmsNoCell() async throws {
            let voice = try TestVoice(["autosave_steps": "1000"])
            let terminal = try await Terminal(voice, columns: 100, rows: 30, type: "screen-256color")
            try await terminal.until("steps") { ($0.step ?? 0) >= 2 }
            try await terminal.press("Space")
            try await terminal.until("the pause") { $0.shows("‖ paused") && $0.shows("main/g_") }
            let process = try await terminal.program()
            // As if libraries inside it wrote: both are pipes while the studio is shown.
            for (descriptor, name) in [(1, "output"), (2, "error")] {
                let file = try #require(FileHandle(forWritingAtPath: "/proc/\(process)/fd/\(descriptor)"))
                var text = ""
                for line in 1...5000 { text += "library \(name) \(line)\n" }
                try file.write(contentsOf: Data(text.utf8))
                try file.close()
            }
            let before = try await terminal.until("the last line") { $0.shows("library error 5000") }
            // A picture that is drawn from nothing is the same.
            try await terminal.press("C-l")
            try await terminal.press("5")
            try await terminal.press("1")
            let after = try await terminal.until("the same again") {
                $0.shows("library error 5000") && $0.shows("Mel loss")
            }
            #expect(after.lines.dropLast(3) == before.lines.dropLast(3))
            try await terminal.press("q")
            #expect(try await terminal.status() == 0)
            try await terminal.close()
            let query = """
                import sqlite3, sys
                rows = sqlite3.connect(sys.argv[1]).execute("SELECT message FROM events WHERE kind = 'library' ORDER BY id")
                wanted = ["library output %d" % n for n in range(1, 5001)] + ["library error %d" % n for n in range(1, 5001)]
                print(sorted(row[0] for row in rows) == sorted(wanted))
                """
            let kept = try await RunningProgram(
                ["python3", "-c", query, voice.path + "/journal.sqlite"], home: voice.home
            ).finished()
            #expect(kept.output == "True\n", "\(kept.errors)")
        }
    }
}
