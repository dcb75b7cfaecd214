import Audio
import Foundation
import Testing

/// The bundled voices must be importable as they are.
@Suite struct SamplesTests {
    @Test(arguments: ["slt", "rms"])
    func everyClipIsSoundSpeech(voice: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.appendingPathComponent("samples/\(voice)")
        let table = try String(contentsOf: folder.appendingPathComponent("metadata.csv"), encoding: .utf8)
        var seconds = 0.0, identifiers = Set<String>()
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: "|")
            try #require(fields.count == 2)
            let clip = try AudioFile.read(folder.appendingPathComponent("clips/\(fields[0]).flac"))
            #expect(clip.sampleRate == 16000)
            #expect(!Loudness.isSilent(clip) && Loudness.clippedShare(clip) == 0)
            let speech = SilenceTrimming()(clip)
            #expect((0.8...20).contains(speech.duration))
            // Letters a second, as an importer judges a transcript that does not fit.
            #expect((5...30).contains(Double(fields[1].count) / speech.duration))
            seconds += clip.duration
            identifiers.insert(String(fields[0]))
        }
        #expect((12...16).contains(identifiers.count))
        #expect((50...75).contains(seconds))
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("clips").path)
        #expect(Set(files) == Set(identifiers.map { "\($0).flac" }))
    }
}
