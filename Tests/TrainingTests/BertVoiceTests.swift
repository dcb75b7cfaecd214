import Foundation
import Tensor
import Testing
import Training

/// A voice whose texts a BERT reads.
@Suite struct BertVoiceTests {
    /// A voice and its BERT, which can be taken away.
    private final class ReadVoice {
        let bert: URL
        let folder: VoiceFolder

        init() throws {
            let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Bert")
            let bert = FileManager.default.temporaryDirectory.appendingPathComponent("bert-\(UUID().uuidString)")
            try FileManager.default.copyItem(at: fixture, to: bert)
            self.bert = bert
            folder = try VoiceFolder { $0.voice.bert = bert.path }
        }

        deinit { try? FileManager.default.removeItem(at: bert) }

        func prepared() throws -> Dataset {
            try Dataset.prepare(folder.voice(), tokenizer: nil) { _, _ in true }.dataset
        }
    }

    @Test func clipsAreReadOnceAndKept() throws {
        let read = try ReadVoice()
        let first = try read.prepared()
        #expect((first.training + first.heldOut).allSatisfy { $0.textFeatures != nil })
        let fingerprint = try read.folder.voice().fingerprint()
        // Elsewhere there is no BERT: what is kept is enough, and counts as the same data.
        try FileManager.default.removeItem(at: read.bert)
        let second = try read.prepared()
        #expect(first.training.map(\.textFeatures) == second.training.map(\.textFeatures))
        #expect(try read.folder.voice().fingerprint() == fingerprint)
    }

    @Test func aNewTextWithoutTheBertIsNamed() throws {
        let read = try ReadVoice()
        _ = try read.prepared()
        try FileManager.default.removeItem(at: read.bert)
        let metadata = read.folder.url.appendingPathComponent("metadata.csv")
        let text = try String(contentsOf: metadata, encoding: .utf8)
        try text.replacing("Two tones follow.", with: "Two tones came.").write(
            to: metadata, atomically: true, encoding: .utf8)
        #expect(throws: BertError.notInstalled(folder: read.bert.path, clip: "clip_1")) { try read.prepared() }
    }

    @Test func aVoiceWithoutOneCountsAsItAlwaysDid() throws {
        let read = try ReadVoice()
        let with = try read.folder.voice().fingerprint()
        read.folder.replaceBert("")
        #expect(try read.folder.voice().fingerprint() != with)
        #expect(try read.prepared().training.allSatisfy { $0.textFeatures == nil })
    }

    @Test func thePriorHearsWhatTheTextMeans() throws {
        let read = try ReadVoice()
        let batch = try #require(TextFeatures.batch(read.prepared().training.map(\.textFeatures)))
        let longest = try read.prepared().training.map(\.text.count).max()
        #expect(batch.shape == [4, TextFeatures.width, try #require(longest)])
        // Channels beyond the BERT's own are zero, those it has are not, and a shorter text ends in zeros.
        #expect(batch.values.contains { $0 != 0 })
        #expect(batch.values[12 * batch.shape[2]..<13 * batch.shape[2]].allSatisfy { $0 == 0 })
        let shortest = try #require(read.prepared().training.map(\.text.count).enumerated().min { $0.1 < $1.1 })
        #expect(batch.values[(shortest.offset * TextFeatures.width + 1) * batch.shape[2] - 1] == 0)

        func crossEntropy() throws -> Float? {
            let (dataset, tokenizer) = try Dataset.prepare(read.folder.voice(), tokenizer: nil) { _, _ in true }
            let engine = TrainingEngine(
                configuration: try read.folder.voice().configuration, symbolCount: 200, dataset: dataset,
                tokenizer: tokenizer)
            engine.position.stageOverride = .prior
            return try engine.performStep(branch: "main").metrics[.crossEntropy]
        }
        let with = try crossEntropy()
        read.folder.replaceBert("")
        #expect(try crossEntropy() != with)
    }
}

extension VoiceFolder {
    fileprivate func replaceBert(_ path: String) {
        try? write(TinyVoice.configuration { $0.voice.bert = path })
    }
}
