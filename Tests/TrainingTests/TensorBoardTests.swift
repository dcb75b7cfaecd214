import Audio
import Foundation
import Testing
import Training

@Suite struct TensorBoardTests {
    private func temporaryFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("board-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// The events of a run, read as TensorFlow's record files are: every length and every checksum must be right.
    private func events(_ run: URL) throws -> [Reprise_Tensorboard_Event] {
        let names = try FileManager.default.contentsOfDirectory(atPath: run.path).sorted()
        #expect(names.allSatisfy { $0.contains("tfevents") })
        return try names.flatMap { name in
            var data = try Data(contentsOf: run.appendingPathComponent(name))[...]
            var events: [Reprise_Tensorboard_Event] = []
            func number(_ count: Int) -> UInt64 {
                let value = data.prefix(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                data = data.dropFirst(count)
                return value
            }
            while !data.isEmpty {
                let head = data.prefix(8)
                let length = Int(number(8))
                #expect(number(4) == UInt64(masked(head)))
                let body = data.prefix(length)
                data = data.dropFirst(length)
                #expect(number(4) == UInt64(masked(body)))
                events.append(try Reprise_Tensorboard_Event(serializedBytes: Data(body)))
            }
            return events
        }
    }

    private func masked(_ data: Data) -> UInt32 {
        var checksum = ~UInt32(0)
        for byte in data {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0x82F6_3B78 : checksum >> 1 }
        }
        checksum = ~checksum
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }

    private func record(_ step: Int, branch: String = "main", mel: Float) -> StepRecord {
        StepRecord(
            branch: branch, step: step, stage: .sovits, epoch: 0, batch: step, learningRate: 2e-4,
            metrics: [.mel: mel], seconds: 1.5)
    }

    @Test func everyStepsFiguresAreThere() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let log = TensorBoardLog(folder)
        for step in 1...3 { log.add(record(step, mel: 3 / Float(step))) }
        log.add(text: "batch_size = 8", named: "voice.toml", branch: "main", step: 3)
        log.close()
        #expect(log.problem == nil)
        let found = try events(folder.appendingPathComponent("main"))
        #expect(found.first?.fileVersion == "brain.Event:2")
        let steps = found.filter { $0.summary.value.contains { $0.tag == "sovits/mel" } }
        #expect(steps.map(\.step) == [1, 2, 3])
        let mel = steps.flatMap(\.summary.value).filter { $0.tag == "sovits/mel" }.map(\.simpleValue)
        #expect(mel == [3, 1.5, 1])
        #expect(steps[0].summary.value.map(\.tag) == ["sovits/learning_rate", "sovits/mel", "sovits/step_seconds"])
        let text = try #require(found.last?.summary.value.first)
        #expect(text.metadata.pluginData.pluginName == "text")
        #expect(text.tensor.stringVal == [Data("    batch_size = 8".utf8)])
    }

    @Test func aBranchIsARunAndARestartTakesBackWhatWasLost() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = TensorBoardLog(folder)
        for step in 1...5 { first.add(record(step, mel: 1)) }
        // Killed after step 5, resumed after the save at step 3; later a roll-back to step 2.
        let second = TensorBoardLog(folder)
        second.add(record(4, mel: 1))
        second.add(record(3, branch: "branch-1", mel: 2))
        second.close()
        let main = try events(folder.appendingPathComponent("main"))
        #expect(main.filter { $0.sessionLog.status == .start }.map(\.step) == [1, 4])
        #expect(main.filter { !$0.summary.value.isEmpty }.map(\.step) == [1, 2, 3, 4, 5, 4])
        let branch = try events(folder.appendingPathComponent("branch-1"))
        #expect(branch.filter { !$0.summary.value.isEmpty }.map(\.step) == [3])
    }

    @Test func aTakeIsHeardAndSeen() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let sound = folder.appendingPathComponent("take.wav")
        let samples = (0..<16_000).map { Float(sin(Double($0) * 0.2)) * 0.5 }
        try AudioFile.write(Waveform(samples: samples, sampleRate: 16_000), to: sound)
        let log = TensorBoardLog(folder)
        log.add(
            Take(
                path: sound.path, text: "Hello.", checkpoint: "main/g_0000007", step: 7, seed: 1, source: "prior",
                date: Date(), sampleRate: 16_000, sampleCount: 16_000), branch: "main")
        log.close()
        #expect(log.problem == nil)
        let values = try #require(events(folder.appendingPathComponent("main")).last?.summary.value)
        #expect(values.map(\.tag) == ["takes/prior", "mel/prior"])
        #expect(values[0].audio.encodedAudioString == (try Data(contentsOf: sound)))
        let png = values[1].image.encodedImageString
        #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]))
        #expect(values[1].image.width == 50 && values[1].image.height == 80)
    }

    @Test func whatCannotBeWrittenIsSaidOnce() throws {
        let log = TensorBoardLog(URL(fileURLWithPath: "/proc/reprise-board"))
        log.add(record(1, mel: 1))
        let problem = try #require(log.problem)
        #expect(problem.contains("/proc/reprise-board"))
        log.add(record(2, mel: 1))
        #expect(log.problem == problem)
    }
}
