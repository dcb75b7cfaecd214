import Audio
import Foundation
import Testing
import Training

/// What the first screen offers and makes, on a disk.
@Suite struct VoiceHomeTests {
    private let root: URL
    private let home: LocalVoiceHome
    private var voices: URL { root.appendingPathComponent("data/reprise") }

    init() throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-home-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        let environment = ["XDG_DATA_HOME": root.appendingPathComponent("data").path, "LANG": "de_DE.UTF-8"]
        home = LocalVoiceHome(
            location: VoiceLocation(environment: environment), sampleFolders: [root.appendingPathComponent("samples")],
            environment: environment)
    }

    private func withSample(_ body: (VoiceFolder, URL) throws -> Void) throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let folder = try VoiceFolder(clips: 3), sample = root.appendingPathComponent("samples/tom")
        try FileManager.default.createDirectory(
            at: sample.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: folder.url, to: sample)
        try body(folder, sample)
    }

    @Test func anEmptyMachineIsOfferedAllTheSame() {
        defer { try? FileManager.default.removeItem(at: root) }
        let offer = home.offer()
        #expect(offer.voices.isEmpty && offer.samples.isEmpty && offer.home == voices.path && offer.language == "de")
        #expect(offer.sampleFolders == [root.appendingPathComponent("samples").path])
    }

    @Test func aSampleIsCopiedOnceAndThenOpened() throws {
        try withSample { _, sample in
            #expect(home.offer().samples.map(\.detail) == ["3 clips"])
            let path = try home.adopt(sample: sample.path)
            #expect(path == voices.appendingPathComponent("tom").path)
            #expect(
                try Voice(directory: URL(fileURLWithPath: path)).fingerprint()
                    == Voice(directory: sample).fingerprint())
            try Data("mine".utf8).write(to: URL(fileURLWithPath: path).appendingPathComponent("note"))
            #expect(try home.adopt(sample: sample.path) == path)
            #expect(FileManager.default.fileExists(atPath: path + "/note"))
            #expect(home.offer().voices.map(\.name) == ["tom"])
            #expect(try home.check("tom") == path)
        }
    }

    @Test func aFolderBecomesAVoice() throws {
        try withSample { _, sample in
            #expect(home.name(for: sample.path + "/") == "tom")
            let made = try home.makeVoice(
                "tom", from: sample.appendingPathComponent("metadata.csv").path, progress: { _, _, _ in },
                isCancelled: { false })
            #expect(try home.check("tom") == made.path && made.report.first?.hasPrefix("tom: 3 clips") == true)
            #expect(home.name(for: sample.path) == "tom-2")
            #expect(throws: VoiceError.cancelled) {
                try home.makeVoice("two", from: sample.path, progress: { _, _, _ in }, isCancelled: { true })
            }
            #expect(home.offer().voices.map(\.name) == ["tom"])
        }
    }

    @Test func pathsAreCompletedToFoldersAndLists() throws {
        try withSample { _, sample in
            let start = root.appendingPathComponent("sam").path
            #expect(home.completions(of: start) == [root.appendingPathComponent("samples").path + "/"])
            #expect(
                home.completions(of: sample.path + "/") == [sample.path + "/clips/", sample.path + "/metadata.csv"])
            #expect(home.completions(of: sample.path + "/x").isEmpty)
        }
    }

    @Test func recordingsAreKeptUntilTheyAreAVoice() async throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let tone = (0..<96_000).map { 0.1 * sin(2 * .pi * 220 * Float($0) / 48_000) }
        for count in 1...3 {
            // Each time anew, as after a crash.
            let library = try home.recordings(for: "me", language: "en-us")
            #expect(try await library.listing().entries.count == count - 1)
            let draft = await library.prepare(
                RecordedSound(samples: tone, sampleRate: 48_000), saying: "Some words for a tone.")
            #expect(try await library.add(draft) == String(format: "recorded_%04d", count))
        }
        #expect(home.offer().unfinished.map(\.detail) == ["3 clips"] && home.offer().voices.isEmpty)
        let made = try home.makeVoice(
            ofRecordingsFor: "me", language: "en-us", progress: { _, _, _ in }, isCancelled: { false })
        #expect(try Voice(directory: URL(fileURLWithPath: made.path)).clips.count == 3)
        #expect(home.offer().unfinished.isEmpty)
        #expect(throws: VoiceError.self) { try home.recordings(for: "me", language: "en-us") }
    }
}
