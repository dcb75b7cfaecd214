import Foundation
import Testing
import Training

/// A folder for one test, removed when it goes.
final class JournalFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-journal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }
}

@Suite struct JournalTests {
    private let place: JournalFolder
    private let folder: URL
    private let url: URL

    init() throws {
        place = try JournalFolder()
        folder = place.url
        url = folder.appendingPathComponent("journal.sqlite")
    }

    private func record(_ step: Int, branch: String = "main", mel: Float = 0.7, seconds: Double = 1.5) -> StepRecord {
        StepRecord(
            branch: branch, step: step, stage: .sovits, epoch: step / 10, batch: step % 10, learningRate: 2e-4,
            metrics: [.mel: mel, .kl: 1.25], seconds: seconds)
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func stepsSurviveARestartToTheBit() throws {
        let values: [Float] = [
            0.1, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1.0000001, 16_777_217, .infinity, -.infinity,
            .nan,
            Float(bitPattern: 0x7fc0_1234), Float(bitPattern: 0xffc0_0000), 3.4e-39,
        ]
        let metrics = Dictionary(uniqueKeysWithValues: zip(Metric.allCases, values))
        let record = StepRecord(
            branch: "main", step: 7, stage: .prior, epoch: 1, batch: 2, learningRate: 0.1 + 0.2, metrics: metrics,
            seconds: 0.3)
        #expect(try Journal(url: url).append(record) == .added)
        let back = try #require(try Journal(url: url).rows(branch: "main").first)
        #expect(back.metrics.mapValues(\.bitPattern) == metrics.mapValues(\.bitPattern))
        #expect(back.isIdentical(to: record) && back.seconds == 0.3)
    }

    @Test func everyFloatReadsBackAsItself() throws {
        let journal = try Journal(url: url)
        var bits: UInt32 = 12345
        for step in 1...300 {
            bits = bits &* 1_664_525 &+ 1_013_904_223
            _ = try journal.append(record(step, mel: Float(bitPattern: bits)))
        }
        bits = 12345
        for row in try journal.rows(branch: "main") {
            bits = bits &* 1_664_525 &+ 1_013_904_223
            #expect(row.metrics[.mel]?.bitPattern == bits)
        }
    }

    @Test func aRedoneStepIsComparedNotAddedTwice() throws {
        let journal = try Journal(url: url)
        _ = try journal.append(record(5))
        #expect(try journal.append(record(5, seconds: 99)) == .identical)
        let other = record(5, mel: Float(0.7).nextUp)
        #expect(try journal.append(other) == .different(previous: record(5)))
        #expect(other.differences(from: record(5)) == ["mel"])
        #expect(try journal.rows(branch: "main") == [record(5)])
        try journal.replace(other)
        #expect(try journal.rows(branch: "main") == [other])
        #expect(try journal.append(record(5, branch: "b")) == .added)
    }

    @Test func rowsSinceTheParent() throws {
        let journal = try Journal(url: url)
        for step in 1...20 { _ = try journal.append(record(step)) }
        #expect(try journal.rows(branch: "main", after: 15).map(\.step) == [16, 17, 18, 19, 20])
        #expect(try journal.rows(branch: "main", after: 15, through: 17).map(\.step) == [16, 17])
        #expect(try journal.lastStep(branch: "main") == 20)
        #expect(try journal.lastStep(branch: "other") == nil)
    }

    @Test func eventsAndSettingsAreKeptInOrder() throws {
        let journal = try Journal(url: url)
        let date = Date(timeIntervalSince1970: 1_800_000_000.25)
        let events = (1...5).map {
            JournalEvent(date: date, branch: "main", step: $0, kind: .checkpoint, message: "saved 'g_000000\($0)'")
        }
        for event in events { try journal.append(event) }
        let settings = [3, 9].map {
            JournalSetting(branch: "main", step: $0, name: "learning_rate_factor", value: "0.5", date: date)
        }
        for setting in settings { try journal.append(setting) }
        let reader = try Journal(readOnly: url)
        #expect(try reader.recentEvents(limit: 3) == Array(events.suffix(3)))
        #expect(try reader.settings(branch: "main") == settings)
        #expect(try reader.settings(branch: "main", after: 3) == [settings[1]])
        #expect(try reader.settings(branch: "b").isEmpty)
    }

    @Test func exportsReadBackElsewhere() throws {
        let journal = try Journal(url: url)
        _ = try journal.append(record(1, mel: 0.5))
        _ = try journal.append(record(2, branch: "b", mel: .nan))
        var lines: [String] = []
        try journal.export(.csv) { lines.append($0) }
        #expect(lines.count == 3 && lines[0].hasPrefix("branch,step,stage,epoch,batch,learning_rate,seconds,mel,kl,"))
        #expect(lines[1].hasPrefix("b,2,sovits,0,2,0.0002,1.5,nan,1.25,,"))
        #expect(lines[2].hasPrefix("main,1,sovits,0,1,0.0002,1.5,0.5,1.25,,"))
        lines = []
        try journal.export(.json, branch: "main") { lines.append($0) }
        #expect(lines.count == 1)
        #expect(try JSONDecoder().decode(StepRecord.self, from: Data(lines[0].utf8)) == record(1, mel: 0.5))
    }

    @Test func aReaderLooksWhileAWriterWrites() throws {
        let journal = try Journal(url: url)
        _ = try journal.append(record(1))
        let reader = try Journal(readOnly: url)
        _ = try journal.append(record(2))
        #expect(try reader.rows(branch: "main").count == 2)
        #expect(
            message { _ = try reader.append(record(3)) }
                == "\(url.path) cannot be written: make the file and its folder writable")
        #expect(try journal.rows(branch: "main").count == 2)
    }

    /// What a killed process leaves: the files as they are at this moment, with the log not yet merged.
    @Test func rowsOutliveAProcessThatIsKilled() throws {
        let journal = try Journal(url: url)
        for step in 1...50 { _ = try journal.append(record(step)) }
        let copy = folder.appendingPathComponent("copy.sqlite")
        for ending in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: url.path + ending, toPath: copy.path + ending)
        }
        #expect(try Journal(url: copy).rows(branch: "main").count == 50)
        // And when the end of the log never reached the disk, what is there is whole.
        let torn = folder.appendingPathComponent("torn.sqlite")
        let log = try Data(contentsOf: URL(fileURLWithPath: url.path + "-wal"))
        for length in [0, 31, log.count / 3, log.count / 2, log.count - 1] {
            for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: torn.path + ending) }
            try FileManager.default.copyItem(at: url, to: torn)
            try log.prefix(length).write(to: URL(fileURLWithPath: torn.path + "-wal"))
            let rows = try Journal(url: torn).rows(branch: "main")
            #expect(rows == (1...50).prefix(rows.count).map { record($0) })
        }
        withExtendedLifetime(journal) {}
    }

    @Test func whatIsNotAJournalIsNamed() throws {
        #expect(
            message { _ = try Journal(readOnly: url) } == "there is no journal at \(url.path): train the voice first")
        try Data(String(repeating: "not a database ", count: 100).utf8).write(to: url)
        let before = try Data(contentsOf: url)
        #expect(
            message { _ = try Journal(url: url) }.hasPrefix("\(url.path) is damaged (file is not a database): move it"))
        #expect(try Data(contentsOf: url) == before)
    }

    @Test func syncingIsRepeatable() throws {
        let journal = try Journal(url: url)
        try journal.sync()
        _ = try journal.append(record(1))
        try journal.sync()
        #expect(try journal.rows(branch: "main").count == 1)
    }
}
