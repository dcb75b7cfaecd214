import Foundation
import Testing

extension ProgramTests {
    /// What is wrong is said in one sentence, and what was there is still there.
    @Suite struct BadInputTests {
        private static let changing = [".lock", "journal.sqlite", "journal.sqlite-shm", "journal.sqlite-wal"]

        @Test func aDamagedClip() async throws {
            let voice = try TestVoice(["autosave_steps": "2"])
            try await voice.train(to: 2)
            let clip = voice.url.appendingPathComponent("clips/slt_05.flac")
            let good = try Data(contentsOf: clip)
            try good.prefix(3000).write(to: clip)
            let before = try voice.contents(except: Self.changing)
            let cut = try await voice.run("train", voice.path, "--steps", "4")
            #expect(cut.code == 1 && cut.output == "" && cut.errorLines.count == 1)
            #expect(cut.errors.hasPrefix("reprise: \(clip.path) is damaged: it ends after "))
            #expect(cut.errors.hasSuffix("; copy it again.\n"))
            expectSameBytes(before, try voice.contents(except: Self.changing))
            try await voice.expectSound()

            try Data("This is no sound.".utf8).write(to: clip)
            let noise = try await voice.run("train", voice.path, "--steps", "4")
            noise.expectOneSentence("\(clip.path) is not a sound file that can be read: format not recognised.")

            try good.write(to: clip)
            let resumed = try await voice.train(to: 4)
            #expect(resumed.errorLines.first == "resumed from main/g_0000002")
        }

        @Test func damagedClipsInAnImport() async throws {
            let source = try TestVoice()
            let clip = source.url.appendingPathComponent("clips/slt_05.flac")
            try Data("This is no sound.".utf8).write(to: clip)
            let made = try await source.run("new", "ada", "--from", source.path, "--preset", "tiny")
            #expect(made.code == 0 && made.errors == "")
            #expect(made.outputLines.first?.hasPrefix("ada: 15 clips, ") == true)
            #expect(made.outputLines.contains("  not used: 1"))
            #expect(
                made.outputLines.contains(
                    "    slt_05: unreadable: \(clip.path) is not a sound file that can be read: format not recognised.")
            )
            #expect(made.outputLines.last == "Open it with: reprise ada")

            let clips = source.url.appendingPathComponent("clips")
            for name in try FileManager.default.contentsOfDirectory(atPath: clips.path) where !name.hasPrefix("slt_01")
            {
                try Data("This is no sound.".utf8).write(to: clips.appendingPathComponent(name))
            }
            let home = source.home.appendingPathComponent("data/reprise").path
            let before = try FileManager.default.contentsOfDirectory(atPath: home)
            let refused = try await source.run("new", "eva", "--from", source.path)
            #expect(refused.code == 1 && refused.output == "" && refused.errorLines.count == 1)
            #expect(
                refused.errors.hasPrefix(
                    "reprise: \(source.path) has only 1 usable clip (not used: slt_02: unreadable: "))
            #expect(try FileManager.default.contentsOfDirectory(atPath: home) == before)
        }

        @Test(arguments: [
            (
                "batch_size = 2", "batch_size = \"two\"",
                "[training] batch_size must be a whole number from 1 to 64, not \"two\"."
            ),
            ("batch_size = 2", "batchsize = 2", "[training] has no key \"batchsize\"; did you mean batch_size?"),
        ]) func aMistakeInVoiceToml(line: String, mistake: String, sentence: String) async throws {
            let voice = try TestVoice()
            try voice.editSettings { $0.replacing("\n\(line)\n", with: "\n\(mistake)\n") }
            let before = try voice.contents()
            for arguments in [
                ["train", voice.path], ["say", voice.path, "Hello."], ["checkpoints", voice.path], [voice.path],
            ] {
                let refused = try await Program.run(arguments, home: voice.home)
                refused.expectOneSentence("\(voice.path)/voice.toml: \(sentence)")
            }
            expectSameBytes(before, try voice.contents())
        }

        @Test func aReadOnlyFolder() async throws {
            let voice = try TestVoice(["autosave_steps": "2"])
            try await voice.train(to: 2)
            let before = try voice.contents()
            let script = """
                mount --bind "$2" "$2" && mount -o remount,bind,ro "$2" || exit 99
                trap 'umount "$2"' EXIT
                "$1" train "$2" --steps 4
                echo "train $?"
                "$1" checkpoints "$2" verify
                echo "verify $?"
                "$1" say "$2" "Hello." --out "$3" > /dev/null
                echo "say $?"
                """
            let take = voice.home.appendingPathComponent("hello.wav")
            let result = try await PrivateMounts.shell(script, [voice.path, take.path], home: voice.home)
            #expect(result.outputLines == ["train 1", "main/g_0000002  sound", "verify 0", "say 0"])
            let lock = "\(voice.path)/.lock is on a read-only file system (open): make it writable and try again"
            #expect(result.errorLines == ["reprise: \(lock)"])
            #expect(try Sound(take).samples.count > 0)
            expectSameBytes(before, try voice.contents())
            try await voice.train(to: 4)
        }

        /// A disk with room for some checkpoints and the reserve is filled by another file, then emptied again.
        @Test func aFullDisk() async throws {
            let voice = try TestVoice(["autosave_steps": "12"])
            let disk = voice.home.appendingPathComponent("disk")
            try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
            let script = """
                mount -t tmpfs -o size=112m tmpfs "$2" && cp -r "$3" "$2" || exit 99
                voice="$2/slt" log="$4" train=""
                until_said() { until grep -q "$1" "$log"; do kill -0 $train || exit 98; done; }
                # Nothing trains on when this ends early.
                trap 'kill -9 $train 2> /dev/null; umount -l "$2"' EXIT
                "$1" train "$voice" --steps 40 --json 2> "$log" & train=$!
                until_said '^Saved main/g_0000012 '
                dd if=/dev/zero of="$2/others" bs=64k 2> /dev/null
                until_said 'goes on by itself'
                "$1" checkpoints "$voice" verify > /dev/null
                echo "verify $?"
                rm "$2/others"
                wait $train
                echo "train $?"
                "$1" checkpoints "$voice" verify > /dev/null
                echo "verify $?"
                "$1" train "$voice" --steps 59 --json 2> "$log.2" & train=$! log="$log.2"
                until_said '^Training slt from step 40'
                dd if=/dev/zero of="$2/others" bs=64k 2> /dev/null
                until_said 'goes on by itself'
                kill -TERM $train
                wait $train
                echo "train $?"
                rm "$2/others"
                "$1" train "$voice" --steps 60 --json 2> "$4.3"
                echo "train $?"
                "$1" export "$voice" --json > "$4.journal"
                """
            let log = voice.home.appendingPathComponent("log").path
            let result = try await PrivateMounts.shell(script, [disk.path, voice.path, log], home: voice.home)
            let told = result.outputLines.filter { !$0.hasPrefix("{") }
            // Ended while it waits: 1 when steps must be done again, as usual when the room kept for that took them.
            #expect(told.count == 5 && ["train 1", "train 143"].contains(told[3]), "\(told) \(result.errors)")
            #expect(told.prefix(3) == ["verify 0", "train 0", "verify 0"] && told.last == "train 0")
            let first = try String(contentsOfFile: log, encoding: .utf8)
            // It says how much is needed, in one sentence, and that it waits.
            let failures = first.split(separator: "\n").filter { $0.hasPrefix("reprise: ") }
            #expect(failures.count == 1, "\(first)")
            #expect(
                failures.first?.contains(
                    #/(make [0-9.]+ MB free|[0-9.]+ MB needed|no room to write).*goes on by itself/#) == true,
                "\(first)")
            #expect(first.contains("The disk takes what is written again; going on from step "))
            let second = try String(contentsOfFile: log + ".2", encoding: .utf8)
            #expect(
                second.contains(#/(stopped at step \d+, \d+ steps? will be done again|Stopped at step \d+)/#),
                "\(second)")
            #expect(!second.contains("came out differently"))
            let journal = try String(contentsOfFile: log + ".journal", encoding: .utf8).split(separator: "\n")
                .map { TestVoice.withoutSeconds(String($0)) }
            expectSameLines(try await DeterminismTests.SixtySteps.straight.journal, journal)
        }

        /// One sentence says what to free; when that is done, training begins by itself.
        @Test func aDiskThatIsFullAlready() async throws {
            let voice = try TestVoice(["autosave_steps": "12"])
            let disk = voice.home.appendingPathComponent("disk")
            try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
            let script = """
                mount -t tmpfs -o size=64m tmpfs "$2" && cp -r "$3" "$2" || exit 99
                voice="$2/slt" log="$4" train=""
                until_said() { until grep -q "$1" "$log"; do kill -0 $train || exit 98; done; }
                trap 'kill -9 $train 2> /dev/null; umount -l "$2"' EXIT
                "$1" train "$voice" --steps 3 --json 2> /dev/null
                dd if=/dev/zero of="$2/others" bs=64k 2> /dev/null
                "$1" train "$voice" --steps 6 --json 2> "$log" & train=$!
                until_said 'begins by itself'
                rm "$2/others"
                wait $train
                echo "train $?"
                "$1" checkpoints "$voice" verify > /dev/null
                echo "verify $?"
                """
            let log = voice.home.appendingPathComponent("log").path
            let result = try await PrivateMounts.shell(script, [disk.path, voice.path, log], home: voice.home)
            let told = try String(contentsOfFile: log, encoding: .utf8)
            #expect(result.outputLines.filter { !$0.hasPrefix("{") } == ["train 0", "verify 0"], "\(told)")
            #expect(result.outputLines.filter { $0.hasPrefix("{") }.count == 6)
            #expect(told.split(separator: "\n").filter { $0.contains("begins by itself") }.count == 1, "\(told)")
            #expect(told.contains(#/make 4\.\d MB free|4\.\d MB needed/#), "\(told)")
            #expect(told.contains("resumed from main/g_0000003\n"), "\(told)")
        }

        @Test func aSecondReprise() async throws {
            let voice = try TestVoice(["autosave_steps": "1000"])
            let first = try voice.start("train", voice.path, "--json")
            try await first.whileRunning("step 2") { first.lastStep >= 2 }
            for arguments in [["train", voice.path], ["checkpoints", voice.path, "prune"]] {
                let second = try await Program.run(arguments, home: voice.home)
                #expect(second.code == 1 && second.output == "" && second.errorLines.count == 1)
                #expect(
                    second.errors.hasPrefix(
                        "reprise: this voice is already open in another reprise (process \(first.process) on "))
                #expect(second.errors.hasSuffix(": close that one first (its lock is \(voice.path)/.lock)\n"))
            }
            // Reading is allowed.
            #expect(try await voice.run("checkpoints", voice.path, "list").code == 0)
            #expect(try await voice.journal().isEmpty == false)
            let seen = first.lastStep
            try await first.whileRunning("another step") { first.lastStep > seen }
            first.send(SIGTERM)
            let ended = try await first.finished()
            #expect(ended.code == 128 + SIGTERM)
            #expect(ended.errorLines.filter { $0.hasPrefix("reprise: ") } == [])
            try await voice.expectSound()
        }

        @Test func aLockLeftBehindIsTakenOver() async throws {
            let voice = try TestVoice()
            let killed = try voice.start("train", voice.path, "--json")
            try await killed.whileRunning("step 2", thenSend: SIGKILL) { killed.lastStep >= 2 }
            _ = try await killed.finished()
            let next = try await voice.train(to: 3)
            #expect(next.errorLines.first?.hasPrefix("the lock of process \(killed.process) on ") == true)
            let clean = try await voice.train(to: 4)
            #expect(clean.errorLines.first == "resumed from main/g_0000003", "a clean end leaves no lock behind")
        }

        @Test func anUnknownVoice() async throws {
            let voice = try TestVoice()
            let refused = try await voice.run("train", "nobody", "--steps", "1")
            #expect(refused.code == 1 && refused.output == "" && refused.errorLines.count == 1)
            #expect(refused.errors.hasPrefix("reprise: There is no voice \"nobody\" (looked for "))
            #expect(refused.errors.hasSuffix("make one with \"reprise new nobody --from DIR\".\n"))
        }

        @Test(arguments: [
            ["train"], ["train", "VOICE", "--steps", "0"], ["train", "VOICE", "--steps", "many"],
            ["train", "VOICE", "--bogus"],
            ["train", "VOICE", "--stage", "both"], ["say", "VOICE"], ["checkpoints", "VOICE", "restore"],
            ["checkpoints", "VOICE", "frobnicate"], ["export", "VOICE"], ["new", "ada"],
        ]) func wrongUsage(arguments: [String]) async throws {
            let voice = try TestVoice()
            let before = try voice.contents()
            let refused = try await Program.run(arguments.map { $0 == "VOICE" ? voice.path : $0 }, home: voice.home)
            #expect(refused.code == 2 && refused.output == "")
            #expect(refused.errors.hasPrefix("Error: ") && refused.errors.contains(#/(?i)usage: reprise/#))
            expectSameBytes(before, try voice.contents())
        }
    }
}
