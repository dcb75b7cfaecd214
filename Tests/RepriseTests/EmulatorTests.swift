import Foundation
import Testing

extension ProgramTests {
    /// The studio's bytes as terminals understand them: two emulators that share no code, and a picture made by changing
    /// the one before against the same picture made from nothing.
    @Suite struct EmulatorTests {
        private static let columns = 120, rows = 40

        @Test func everyScreenIsTheSameToPyteAndToTmux() async throws {
            let voice = try TestVoice(["autosave_steps": "1000"])
            let terminal = try PseudoTerminal(
                [Program.path, voice.path], home: voice.home, columns: Self.columns, rows: Self.rows,
                type: "tmux-256color")
            defer { terminal.end() }
            try await terminal.until("steps") { $0.contains("● training") && $0.contains("sovits") }
            // Nothing moves by itself any more once the pause is saved and read back.
            terminal.type(" ")
            try await terminal.until("the pause") { $0.contains("paused") && $0.contains("main/g_") }
            for (key, title) in [
                ("2", "─ History"), ("3", "─ Takes"), ("4", "─ Clips"), ("5", "─ Log"), ("6", "─ Settings"),
                ("1", "─ Mel loss"), ("?", "─ Keys"),
            ] {
                let changed = terminal.bytes.count
                terminal.type(key)
                try await terminal.until("the change to \(key)", since: changed) { !$0.isEmpty }
                let end = ContinuousClock.now + .seconds(30)
                while true {
                    let redrawn = terminal.bytes.count
                    terminal.type("\u{0C}")
                    try await terminal.until("\(key) drawn anew", since: redrawn) { $0.contains("\u{1B}[H\u{1B}[J") }
                    // The picture before ends where the new one clears the screen.
                    let bytes = terminal.bytes
                    let clear = try #require(Self.lastClear(bytes))
                    let before = try await pyte(Array(bytes[..<clear]), voice)
                    let after = try await pyte(Array(bytes[clear...]), voice)
                    let other = try await tmux(Array(bytes[clear...]), voice)
                    if before == after, other == after, after.contains(where: { $0.contains(title) }) { break }
                    // The rest of a picture may still be on its way, news may have come between the two, or what the
                    // screen shows may still be being read.
                    guard ContinuousClock.now < end else {
                        Issue.record(
                            "\(key): changed\n\(before.joined(separator: "\n"))\nanew\n\(after.joined(separator: "\n"))\ntmux\n\(other.joined(separator: "\n"))"
                        )
                        return
                    }
                }
            }
        }

        private static func lastClear(_ bytes: [UInt8]) -> Int? {
            let clear = Array("\u{1B}[H\u{1B}[J".utf8)
            return (0...max(0, bytes.count - clear.count)).last { bytes[$0...].starts(with: clear) }
        }

        private func file(_ bytes: [UInt8], _ voice: TestVoice) throws -> String {
            let file = voice.home.appendingPathComponent("bytes")
            try Data(bytes).write(to: file)
            return file.path
        }

        private func lines(_ text: String) -> [String] {
            var lines = text.components(separatedBy: "\n").map { line in
                String(line.reversed().drop { $0 == " " }.reversed())
            }
            while lines.last == "" { lines.removeLast() }
            return lines
        }

        private func pyte(_ bytes: [UInt8], _ voice: TestVoice) async throws -> [String] {
            let script = """
                import pyte, sys

                # Which terminals have and pyte leaves out: the lines of the scrolling region move.
                class Screen(pyte.Screen):
                    def scroll(self, edge, move, count):
                        row, self.cursor.y = self.cursor.y, edge
                        for _ in range(count or 1):
                            move()
                        self.cursor.y = row

                    def scroll_up(self, count=1):
                        self.scroll(self.margins.bottom if self.margins else self.lines - 1, self.index, count)

                    def scroll_down(self, count=1):
                        self.scroll(self.margins.top if self.margins else 0, self.reverse_index, count)

                class Stream(pyte.ByteStream):
                    csi = dict(pyte.ByteStream.csi, S="scroll_up", T="scroll_down")
                    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}

                screen = Screen(\(Self.columns), \(Self.rows))
                Stream(screen).feed(open(sys.argv[1], "rb").read())
                print("\\n".join(screen.display))
                """
            let seen = try await RunningProgram(
                ["/usr/bin/python3", "-c", script, file(bytes, voice)], home: voice.home
            )
            .finished()
            guard seen.code == 0 else { throw TestFailure("pyte: \(seen.errors)") }
            return lines(seen.output)
        }

        private func tmux(_ bytes: [UInt8], _ voice: TestVoice) async throws -> [String] {
            let server = TmuxServer(home: voice.home, name: "emulator")
            try await server.run(
                [
                    "-u", "-f", "/dev/null", "new-session", "-d", "-x", "\(Self.columns)", "-y", "\(Self.rows)", "sh",
                    "-c", "stty raw -echo; cat \"$0\"; tmux -S \"$1\" wait-for -S shown; exec cat",
                    try file(bytes, voice), server.socket,
                ])
            try await server.run(["wait-for", "shown"])
            let seen = try await server.run(["capture-pane", "-p"])
            try await server.run(["kill-server"])
            return lines(seen)
        }
    }
}
