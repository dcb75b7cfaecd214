import Audio
import Checkpoint
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
    private func events(_ run: URL) throws -> [ReadMessage] {
        let names = try FileManager.default.contentsOfDirectory(atPath: run.path).sorted()
        #expect(names.allSatisfy { $0.contains("tfevents") })
        return try names.flatMap { name in
            var data = try Data(contentsOf: run.appendingPathComponent(name))[...]
            var events: [ReadMessage] = []
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
                events.append(try ReadMessage(body))
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
        #expect(found.first?.text(3) == "brain.Event:2")
        let steps = found.filter { $0.values.contains { $0.text(1) == "sovits/mel" } }
        #expect(steps.map { $0.number(2) } == [1, 2, 3])
        let mel = steps.flatMap(\.values).filter { $0.text(1) == "sovits/mel" }.map { $0.float(2) }
        #expect(mel == [3, 1.5, 1])
        #expect(steps[0].values.map { $0.text(1) } == ["sovits/learning_rate", "sovits/mel", "sovits/step_seconds"])
        let text = try #require(found.last?.values.first)
        #expect(text.message(9)?.message(1)?.text(1) == "text")
        #expect(text.message(8)?.text(8) == "    batch_size = 8")
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
        #expect(main.filter { $0.message(7)?.number(1) == 1 }.map { $0.number(2) } == [1, 4])
        #expect(main.filter { !$0.values.isEmpty }.map { $0.number(2) } == [1, 2, 3, 4, 5, 4])
        let branch = try events(folder.appendingPathComponent("branch-1"))
        #expect(branch.filter { !$0.values.isEmpty }.map { $0.number(2) } == [3])
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
        let values = try #require(events(folder.appendingPathComponent("main")).last?.values)
        #expect(values.map { $0.text(1) } == ["takes/prior", "mel/prior"])
        let heard = try #require(values[0].message(6))
        #expect(heard.float(1) == 16_000 && heard.number(2) == 1 && heard.number(3) == 16_000)
        #expect(try heard.data(4) == Data(contentsOf: sound))
        let picture = try #require(values[1].message(4))
        #expect(picture.data(4)?.starts(with: [0x89, 0x50, 0x4E, 0x47]) == true)
        #expect(picture.number(2) == 50 && picture.number(1) == 80)
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

/// A protocol buffer message, read without knowing what it is.
private struct ReadMessage {
    private var numbers: [Int: UInt64] = [:]
    private var contents: [Int: [Data]] = [:]

    init(_ bytes: Data) throws {
        var rest = bytes[...]
        func take(_ count: Int) throws -> Data {
            guard rest.count >= count else { throw CocoaError(.fileReadCorruptFile) }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        func variable() throws -> UInt64 {
            var value: UInt64 = 0
            for place in 0..<10 {
                let byte = try UInt64(take(1).first ?? 0)
                value |= (byte & 0x7f) << (7 * UInt64(place))
                if byte < 0x80 { break }
            }
            return value
        }
        func fixed(_ count: Int) throws -> UInt64 { try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        while !rest.isEmpty {
            let key = try variable()
            let field = Int(key >> 3)
            switch key & 7 {
            case 0: numbers[field] = try variable()
            case 1: numbers[field] = try fixed(8)
            case 2: contents[field, default: []].append(try take(Int(variable())))
            case 5: numbers[field] = try fixed(4)
            default: throw CocoaError(.fileReadCorruptFile)
            }
        }
    }

    func number(_ field: Int) -> Int? { numbers[field].map { Int($0) } }
    func float(_ field: Int) -> Float? { numbers[field].map { Float(bitPattern: UInt32($0)) } }
    func data(_ field: Int) -> Data? { contents[field]?.first }
    func text(_ field: Int) -> String? { data(field).map { String(decoding: $0, as: UTF8.self) } }
    func message(_ field: Int) -> ReadMessage? { data(field).flatMap { try? ReadMessage($0) } }
    /// The values of an event's summary.
    var values: [ReadMessage] {
        (message(5)?.contents[1] ?? []).compactMap { try? ReadMessage($0) }
    }
}
