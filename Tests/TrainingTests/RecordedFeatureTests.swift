import Audio
import Checkpoint
import Foundation
import Tensor
import Testing
import Training
import VoiceModel

/// Preset v2: tokens come from features that another program recorded beside each clip.
@Suite(.serialized) struct RecordedFeatureTests {
    private static let frames = 60

    private static func clip(_ index: Int) -> PreparedClip {
        let noise = RandomStream(seed: 1, name: "noise", step: index).normal([frames * 640]) * 0.1
        return PreparedClip(
            id: "clip_\(index)", waveform: Waveform(samples: noise.values, sampleRate: 32000), text: [3, 4, 5, 6],
            spectrogram: InputSpectrum(.v2), hop: 640,
            features: RandomStream(seed: 2, name: "features", step: index).normal([768, frames]).values)
    }

    private static func engine(_ codebook: VoiceConfiguration.Codebook) -> TrainingEngine {
        var configuration = VoiceConfiguration(name: "v2", preset: .v2)
        configuration.training.batchSize = 1
        configuration.training.codebook = codebook
        configuration.training.schedule = [.sovits]
        return TrainingEngine(
            configuration: configuration, symbolCount: 40, dataset: Dataset(training: [clip(0)], heldOut: []),
            tokenizer: nil)
    }

    /// Names of the model's state that one step changed.
    private static func changed(by engine: TrainingEngine) throws -> (names: Set<String>, record: StepRecord) {
        let before = engine.model.sovits.state.map(\.tensor.values)
        let record = try engine.performStep(branch: "main")
        let changed = zip(engine.model.sovits.state, before).filter { $0.tensor.values != $1 }.map(\.0.name)
        return (Set(changed), record)
    }

    @Test func aLearnedCodebookFollowsItsClips() throws {
        let engine = Self.engine(.learned)
        #expect(engine.position.codeCount == 1024 && engine.position.symbolCount == 732)
        let (names, record) = try Self.changed(by: engine)
        #expect(names.contains("quantizer.vq.layers.0._codebook.embed") && names.contains("ssl_proj.weight"))
        #expect(record.metrics[.commitment] != nil)
        // Seeded by its first frames, each frame is nearest to a code of its own.
        let tokens = engine.tokens(of: engine.dataset.training[0])
        #expect(tokens.count == Self.frames / 2 && Set(tokens).count > 10)
    }

    @Test func aFrozenCodebookStaysAsItIs() throws {
        let (names, record) = try Self.changed(by: Self.engine(.frozen))
        #expect(names.contains("enc_p.ssl_proj.weight") && record.metrics[.commitment] == nil)
        #expect(!names.contains { $0.hasPrefix("quantizer") || $0.hasPrefix("ssl_proj") })
    }

    @Test func aBaseFreezesTheCodebook() {
        #expect(VoiceConfiguration(name: "a", preset: .v2).training.codebook == .learned)
        #expect(VoiceConfiguration(name: "a", preset: .v2, base: .init(voice: "b")).training.codebook == .frozen)
    }

    @Test func featuresOfTheWrongLengthOrShapeAreRefused() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("features-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ shape: [Int]) throws -> URL {
            let url = folder.appendingPathComponent("\(UUID().uuidString).safetensors")
            let tensor = Tensor((0..<shape.reduce(1, *)).map { Float($0 % 97) }, shape: shape)
            try Safetensors.write(
                StateFile(name: "features", tensors: [TensorImage(name: "features", tensor)]), to: url)
            return url
        }
        func problem(_ url: URL) -> String {
            do {
                _ = try RecordedFeatures.read(url, frames: 40)
                return ""
            } catch { return "\(error)" }
        }
        #expect(problem(folder.appendingPathComponent("none.safetensors")).contains("there is no such file"))
        #expect(problem(try file([768, 60])).contains("60 frames where its sound has 40"))
        #expect(problem(try file([512, 40])).contains("a shape of [512, 40] instead of [768, frames]"))
        #expect(problem(try file([768, 40])).isEmpty)
        // A missing last frame is repeated.
        let short = try RecordedFeatures.read(file([1, 768, 39]), frames: 40)
        #expect(short.count == 768 * 40 && short[39] == short[38] && short[40] == Float(39))
    }

    @Test func aFolderWithFeaturesBecomesAVoice() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("v2-\(UUID().uuidString)")
        let source = root.appendingPathComponent("source")
        try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        var metadata = ""
        for index in 0..<4 {
            let id = "clip_\(index)", waveform = TinyVoice.waveform(index)
            metadata += "\(id)|\(TinyVoice.texts[index])\n"
            try AudioFile.write(waveform, to: source.appendingPathComponent("\(id).wav"))
            guard index < 3 else { continue }
            let frames = Int(waveform.duration * 50)
            let features = RandomStream(seed: 3, name: "features", step: index).normal([768, frames])
            try Safetensors.write(
                StateFile(name: "features", tensors: [TensorImage(name: "features", features)]),
                to: source.appendingPathComponent("\(id).safetensors"))
        }
        try Data(metadata.utf8).write(to: source.appendingPathComponent("metadata.csv"))
        let report = try VoiceImporter(
            .init(name: root.appendingPathComponent("ada").path, source: source, preset: .v2)
        ).run()
        #expect(report.used.map(\.id) == ["clip_0", "clip_1", "clip_2"])
        #expect(report.unused.map(\.description) == ["clip_3: its recorded features clip_3.safetensors are not there"])

        let voice = try Voice(directory: report.directory)
        let (dataset, tokenizer) = try Dataset.prepare(voice, tokenizer: nil) { _, _ in true }
        #expect(tokenizer == nil)
        let clips = dataset.training + dataset.heldOut
        #expect(clips.allSatisfy { $0.features.count == 768 * $0.frames && $0.bins == 1025 })
        // Other features are other data.
        let fingerprint = try voice.fingerprint()
        let first = voice.features(of: voice.clips[0])
        try FileManager.default.removeItem(at: first)
        try FileManager.default.copyItem(at: voice.features(of: voice.clips[1]), to: first)
        #expect(try voice.fingerprint() != fingerprint)
    }
}
