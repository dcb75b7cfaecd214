import Audio
import Foundation
import Testing
import Training

@Suite struct VoiceTests {
    private let folder: URL
    private static let metadata = "a|One sentence.\nb|Another sentence.\nc|The last sentence.\n"

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-voice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("clips"), withIntermediateDirectories: true)
    }

    private func withVoice(
        metadata: String = metadata, toml: String? = nil, _ body: (URL) throws -> Void
    ) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(metadata.utf8).write(to: folder.appendingPathComponent("metadata.csv"))
        var configuration = VoiceConfiguration(name: "test")
        configuration.data.heldOut = ["b"]
        try Data((toml ?? configuration.toml).utf8).write(to: folder.appendingPathComponent("voice.toml"))
        for (index, name) in ["a.flac", "b.wav", "c.flac"].enumerated() {
            let samples = [Float](repeating: Float(index + 1) / 10, count: 1600)
            try AudioFile.write(
                Waveform(samples: samples, sampleRate: 16000), to: folder.appendingPathComponent("clips/\(name)"))
        }
        try body(folder)
    }

    private func problem(_ url: URL) throws -> String {
        try #require(throws: VoiceError.self) { try Voice(directory: url) }.description
    }

    @Test func clipsAreSplitAsVoiceTomlSays() throws {
        try withVoice { url in
            let voice = try Voice.open(url.path)
            #expect(voice.clips.map(\.fileName) == ["a.flac", "b.wav", "c.flac"])
            #expect(voice.heldOut.map(\.id) == ["b"])
            #expect(voice.trainingClips.map(\.text) == ["One sentence.", "The last sentence."])
        }
    }

    @Test func theFingerprintFollowsTheDataOnly() throws {
        try withVoice { url in
            let first = try Voice(directory: url).fingerprint()
            #expect(first.count == 32)
            var configuration = try Voice(directory: url).configuration
            let file = url.appendingPathComponent("voice.toml")

            configuration.training.batchSize = 3
            configuration.studio.theme = "light"
            try Data(configuration.toml.utf8).write(to: file)
            #expect(try Voice(directory: url).fingerprint() == first)

            configuration.data.heldOut = ["c"]
            try Data(configuration.toml.utf8).write(to: file)
            #expect(try Voice(directory: url).fingerprint() != first)
            configuration.data.heldOut = ["b"]
            try Data(configuration.toml.utf8).write(to: file)

            let clip = url.appendingPathComponent("clips/a.flac")
            var bytes = try Data(contentsOf: clip)
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: clip)
            let second = try Voice(directory: url).fingerprint()
            #expect(second != first)
            try Data("a|One sentence!\nb|Another sentence.\nc|The last sentence.\n".utf8)
                .write(to: url.appendingPathComponent("metadata.csv"))
            #expect(try Voice(directory: url).fingerprint() != second)
        }
    }

    @Test(arguments: [
        ("a|One.\nb\nc|x\n", "/metadata.csv, line 2: it has 1 field, where id|text is expected."),
        ("a|One.\nb||\n", "/metadata.csv, line 2: \"b\" has no text; write what is said."),
        (
            "a|One.\n\na|Two.\n",
            "/metadata.csv, line 3: the id \"a\" stands there a second time; every clip needs its own."
        ),
        (
            "a|One.\nd|Two.\n",
            "/metadata.csv, line 2: the recording of \"d\" is not in the clips folder; put it back or delete the line."
        ),
        ("\n\n", "/metadata.csv, line 1: the file names no clip."),
        (
            "a|One.\nc|Two.\n",
            "/voice.toml: [data] held_out names \"b\", which is not in metadata.csv; take it out of the list."
        ),
        ("b|Only one.\n", "/voice.toml: [data] held_out names every clip; leave at least one to train on."),
    ])
    func mistakesInMetadataGiveOneSentence(metadata: String, sentence: String) throws {
        try withVoice(metadata: metadata) { url in
            let found = try problem(url)
            #expect(found == url.path + sentence)
        }
    }

    @Test func mistakesInTheFolderGiveOneSentence() throws {
        try withVoice { url in
            try FileManager.default.removeItem(at: url.appendingPathComponent("metadata.csv"))
            #expect(try problem(url).hasPrefix("\(url.path)/metadata.csv cannot be read: "))
            try Data("[training]\nbatch = 1\n".utf8).write(to: url.appendingPathComponent("voice.toml"))
            #expect(try problem(url).hasPrefix("\(url.path)/voice.toml: [training] has no key \"batch\""))
            try FileManager.default.removeItem(at: url.appendingPathComponent("voice.toml"))
            let reason = "\(url.path) has no voice.toml, so it is not a voice; make one of its recordings with "
            #expect(try problem(url) == reason + "\"reprise new NAME --from DIR\".")
            #expect(throws: VoiceError.notAVoice(folder: url.path)) { try Voice.open(url.path) }
        }
    }

    @Test func namesAreLookedUpInTheDataHome() throws {
        try withVoice { url in
            let home = url.appendingPathComponent("data/reprise")
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: url.appendingPathComponent("clips"), to: home.appendingPathComponent("clips"))
            let location = VoiceLocation(environment: ["XDG_DATA_HOME": url.appendingPathComponent("data").path])
            let error = try #require(throws: VoiceError.self) { try Voice.open("no-such", location: location) }
            let here = FileManager.default.currentDirectoryPath
            #expect(
                error.description
                    == "There is no voice \"no-such\" (looked for \(here)/no-such and \(home.path)/no-such); "
                    + "make one with \"reprise new no-such --from DIR\".")
            try FileManager.default.createSymbolicLink(
                at: home.appendingPathComponent("test"), withDestinationURL: url)
            #expect(try Voice.open("test", location: location).clips.count == 3)
        }
    }

    @Test func theDataHomeFollowsTheXDGRules() {
        #expect(VoiceLocation(environment: ["XDG_DATA_HOME": "/x", "HOME": "/h"]).home.path == "/x/reprise")
        #expect(
            VoiceLocation(environment: ["XDG_DATA_HOME": "x", "HOME": "/h"]).home.path == "/h/.local/share/reprise")
        #expect(VoiceLocation(environment: ["XDG_DATA_HOME": "", "HOME": "/h"]).home.path == "/h/.local/share/reprise")
    }

    @Test func theBundledVoicesOpen() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        for name in ["slt", "rms"] {
            let voice = try Voice(directory: root.appendingPathComponent("samples/\(name)").standardizedFileURL)
            #expect(voice.clips.count >= 12)
            #expect(voice.heldOut.count == 2)
            let frontEnd = try voice.textFrontEnd()
            for clip in voice.clips {
                let encoded = try frontEnd.encode(clip.text)
                #expect(encoded.unknown.isEmpty, "\(clip.id)")
            }
        }
    }
}
