import Foundation
import Testing

extension ProgramTests {
    /// The studio on a real terminal.
    @Suite struct TerminalTests {
        @Test func aWholeSession() async throws {
            let voice = try TestVoice(["autosave_steps": "1000"])
            let heard = voice.home.appendingPathComponent("heard.raw")
            let terminal = try await Terminal(
                voice, arguments: ["--device", "file:FILE='\(heard.path)',FORMAT=raw"], columns: 100, rows: 30,
                type: "screen-256color")

            // The curves move.
            let early = try await terminal.until("curves") { ($0.step ?? 0) >= 3 && $0.curves.contains { !$0.isEmpty } }
            #expect(early.shows("Mel loss") && early.shows("History") && early.shows("Log"))
            try await terminal.until("other curves at a later step") {
                $0.curves != early.curves && ($0.step ?? 0) > (early.step ?? 0)
            }

            // Pause, and on.
            try await terminal.press("Space")
            let paused = try await terminal.until("the pause") { $0.shows("‖ paused") && $0.shows("main/g_") }
            #expect(voice.checkpoints.count == 1)
            #expect(Int(try #require(voice.checkpoints.first).suffix(7)) == paused.step)
            try await terminal.press("Space")
            try await terminal.until("training going on") {
                $0.shows("● training") && ($0.step ?? 0) > (paused.step ?? 0)
            }

            // A snapshot stands in the list.
            try await terminal.press("s")
            try await terminal.until("the snapshot") { $0.lines.contains { $0.contains(#/main/g_\d+ +user/#) } }
            let snapshot = try #require(voice.checkpoints.last)
            #expect(try voice.manifest(snapshot)["reason"] as? String == "user")

            // Back to the checkpoint of the pause, which is the second in the list.
            let first = try #require(voice.checkpoints.first)
            try await terminal.press("Tab")
            try await terminal.press("Down")
            try await terminal.press("r")
            try await terminal.until("the question") {
                $0.shows("Go back to \(first) (pause, step \(paused.step ?? 0))?")
            }
            try await terminal.press("y")
            try await terminal.until("the new branch") {
                $0.shows("slt  branch-1") && ($0.step ?? 0) > (paused.step ?? 0)
            }

            try await audition(terminal, voice, heard)

            // A small window and back.
            try await terminal.resize(columns: 60, rows: 15)
            let small = try await terminal.until("the small layout") {
                $0.lines.count == 16 && $0.step != nil && !($0.shows("History") && $0.shows("Mel loss"))
            }
            try await terminal.until("the small layout at work") { ($0.step ?? 0) > (small.step ?? 0) }
            try await terminal.resize(columns: 100, rows: 30)
            try await terminal.until("the large layout") {
                $0.lines.count == 31 && $0.shows("Mel loss") && $0.shows("History") && $0.shows("Log")
            }

            // Saved, and the terminal given back as it was.
            try await terminal.press("q")
            #expect(try await terminal.status() == 0)
            let left = try await terminal.until("the shell") { $0.shows(Terminal.after) }
            #expect(left.lines.filter { !$0.isEmpty } == [Terminal.before, Terminal.after])
            #expect(try await terminal.isAlternate == false)
            #expect(terminal.note("stty.before") == terminal.note("stty.after"))
            try await terminal.close()
            let rows = try await voice.journal(branch: "branch-1")
            let newest = try #require(voice.checkpoints.first { $0.hasPrefix("branch-1/") })
            #expect(rows.last?.contains("\"step\":\(Int(newest.suffix(7)) ?? 0),") == true)
            try await voice.expectSound()
        }

        /// Speaks a sentence, then a held-out clip: the device gets exactly the takes that are kept.
        private func audition(_ terminal: Terminal, _ voice: TestVoice, _ heard: URL) async throws {
            for isHeldOut in [false, true] {
                let known = Set(takes(voice))
                try await terminal.press("a")
                try await terminal.until("the form") { $0.shows("Audition") }
                try await terminal.type("Good evening.")
                if isHeldOut {
                    try await terminal.press("C-t")
                    try await terminal.until("the other source") { $0.shows("● a held-out clip") }
                }
                try await terminal.press("Enter")
                try await terminal.until("the end of playing") { screen in
                    takes(voice).contains { !known.contains($0) && screen.shows("takes/\($0)") }
                }
                let made = try #require(takes(voice).first { !known.contains($0) })
                let take = voice.url.appendingPathComponent("takes/\(made)")
                let samples = try Sound(take).samples
                #expect(samples.contains { $0 != 0 })
                let received = try Data(contentsOf: heard).withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
                let isSame = received == samples
                #expect(isSame, "the device got \(received.count) samples of \(samples.count), or others")
                let facts =
                    try JSONSerialization.jsonObject(
                        with: Data(contentsOf: take.deletingPathExtension().appendingPathExtension("json")))
                    as? [String: Any]
                #expect(facts?["source"] as? String == (isHeldOut ? "slt_02" : "prior"))
                #expect((facts?["checkpoint"] as? String)?.hasPrefix("branch-1@") == true)
            }
        }

        private func takes(_ voice: TestVoice) -> [String] {
            let names = try? FileManager.default.contentsOfDirectory(atPath: voice.path + "/takes")
            return (names ?? []).filter { $0.hasSuffix(".wav") }
        }

        @Test func aLostTerminalSaves() async throws {
            let voice = try TestVoice(["autosave_steps": "1000"])
            let terminal = try await Terminal(voice, columns: 80, rows: 24, type: "vt100")
            // Also the plainest terminal is drawn on.
            let screen = try await terminal.until("steps on a vt100") { ($0.step ?? 0) >= 2 && $0.shows("training") }
            #expect(screen.shows("Mel loss") && screen.shows("History"))
            try await terminal.press("?")
            try await terminal.until("the keys") { $0.shows("roll back to the selected checkpoint") }
            try await terminal.close()
            #expect(try await terminal.status() == 128 + SIGHUP)
            #expect(voice.checkpoints.count == 1)
            let rows = try await voice.journal()
            let saved = try #require(voice.checkpoints.first)
            #expect(Int(saved.suffix(7)) == rows.count)
            #expect(try voice.manifest(saved)["reason"] as? String == "signal")
            try await voice.expectSound()
        }

        @Test func aSecondStudioLooksOnAndThenTrains() async throws {
            let voice = try TestVoice(["autosave_steps": "1000"])
            let first = try await Terminal(voice, columns: 100, rows: 30)
            let early = try await first.until("steps") { ($0.step ?? 0) >= 2 && $0.shows("● training") }
            let second = try await Terminal(voice, columns: 100, rows: 30, name: "second")
            try await second.until("looking on") {
                $0.shows("◇ looking on") && $0.shows("trains the voice") && ($0.step ?? 0) >= (early.step ?? 0)
            }
            let seen = try await second.until("a later step") { ($0.step ?? 0) > (early.step ?? 0) + 2 }
            try await first.press("q")
            #expect(try await first.status() == 0)
            try await second.until("nobody") { $0.shows("Nobody trains this voice now") }
            try await second.press("Space")
            try await second.until("training") { $0.shows("● training") && ($0.step ?? 0) > (seen.step ?? 0) }
            try await second.press("q")
            #expect(try await second.status() == 0)
            for terminal in [first, second] { try await terminal.close() }
            try await voice.expectSound()
        }

        @Test func aTerminalThatCannotShowItIsOneSentence() async throws {
            let voice = try TestVoice()
            let terminal = try await Terminal(voice, columns: 80, rows: 24, type: "dumb")
            #expect(try await terminal.status() == 1)
            let screen = try await terminal.until("the shell") { $0.shows(Terminal.after) }
            #expect(screen.lines.filter { $0.hasPrefix("reprise: ") }.count == 1)
            #expect(terminal.note("stty.before") == terminal.note("stty.after"))
            #expect(voice.checkpoints.isEmpty)
            try await terminal.close()
        }
    }
}
