import Checkpoint
import Foundation
import Testing
import Training

/// A voice of adapters on a base.
@Suite struct LowRankTrainingTests {
    private func voices(_ change: @escaping (inout VoiceConfiguration) -> Void = { _ in }) async throws -> (
        base: VoiceFolder, folder: VoiceFolder
    ) {
        let base = try VoiceFolder(), folder = try VoiceFolder(base: base)
        try await train(base.voice(), to: 2)
        try folder.write(
            TinyVoice.configuration {
                $0.base = .init(voice: base.url.path)
                $0.lora = .init()
                $0.lora?.rank = 2
                $0.training.autosaveSteps = 4
                change(&$0)
            })
        return (base, folder)
    }

    private func image(_ folder: VoiceFolder, _ step: Int) throws -> StateImage {
        try CheckpointStore(directory: folder.voice().checkpointDirectory, access: .readOnly)
            .load(CheckpointID(branch: "main", step: step)).image
    }

    @Test func theBaseStaysAndIsOneFile() async throws {
        let (base, folder) = try await voices { $0.lora?.sovitsTargets = ["enc_p", "flow"] }
        let voice = try folder.voice()
        try await train(voice, to: 8)
        let (first, second) = (try image(folder, 4), try image(folder, 8))
        for name in ["prior.safetensors", "sovits.safetensors"] {
            #expect(try first.file(name) == image(base, 2).file(name), "\(name)")
            #expect(try first.file(name) == second.file(name))
            let links = ["4", "8"].map { step in
                let path = voice.checkpointDirectory.appendingPathComponent("main/g_000000\(step)/\(name)").path
                return (try? FileManager.default.attributesOfItem(atPath: path))?[.referenceCount] as? Int ?? 0
            }
            #expect(links.contains { $0 > 1 } || links == [1, 1])
        }
        for name in ["prior_lora.safetensors", "sovits_lora.safetensors", "prior_optimizer.safetensors"] {
            #expect(try first.file(name) != second.file(name))
            #expect(try second.file(name).tensors.allSatisfy { $0.name.contains("lora_") })
        }
    }

    @Test func aResumedRunIsTheSameToTheByte() async throws {
        let (_, folder) = try await voices { $0.lora?.dropout = 0.2 }
        let straight = try VoiceFolder()
        try straight.write(folder.voice().configuration)
        try await train(straight.voice(), to: 8)
        try await train(folder.voice(), to: 5)
        try await train(folder.voice(), to: 8)
        #expect(try image(folder, 8).files == image(straight, 8).files)
    }

    @Test func speaksWithItsAdaptersAndServesAsABase() async throws {
        let (_, folder) = try await voices { $0.optimizer.priorLearningRate = 0.01 }
        let watched = try Watched(folder.voice(), TrainerOptions(targetStep: 8))
        await watched.finish()
        let looking = try VoiceWatcher(voice: folder.voice())
        let request = AuditionRequest(text: "Good.", checkpoint: "main/g_0000008", seed: 1, fromHeldOutClip: false)
        let take = try await looking.audition(request) { _ in }
        #expect(FileManager.default.fileExists(atPath: take.path))
        // What starts from it starts from what it has learned.
        let next = try VoiceFolder()
        try next.write(TinyVoice.configuration { $0.base = .init(voice: folder.url.path) })
        try await train(next.voice(), to: 1)
        let (merged, frozen) = (
            try image(next, 1).file("prior.safetensors"), try image(folder, 8).file("prior.safetensors")
        )
        #expect(merged.tensors.map(\.name) == frozen.tensors.map(\.name))
        let changed = zip(merged.tensors, frozen.tensors).filter { $0.bytes != $1.bytes }.map(\.0.name)
        #expect(
            !changed.isEmpty
                && changed.allSatisfy { name in
                    ["in_proj", "out_proj", "linear1", "linear2"].contains { name.contains($0) }
                        && name.hasSuffix("weight")
                }, "\(changed)")
    }

    @Test func adaptersAreExportedAsOthersReadThem() async throws {
        let (base, folder) = try await voices { $0.lora?.sovitsTargets = ["flow"] }
        try await train(folder.voice(), to: 4)
        let store = try CheckpointStore(directory: folder.voice().checkpointDirectory, access: .readOnly)
        let loaded = try store.load(CheckpointID(branch: "main", step: 4))
        let target = folder.url.appendingPathComponent("peft")
        _ = try AdapterExport.write(loaded, base: base.url.path, to: target)
        let tensors = try Safetensors.read(target.appendingPathComponent("prior/adapter_model.safetensors")).tensors
        #expect(tensors.allSatisfy { $0.name.hasPrefix("base_model.model.") && $0.name.contains(".lora_") })
        #expect(tensors.first { $0.name.hasSuffix("linear1.lora_A.weight") }?.shape.first == 2)
        let text = try Data(contentsOf: target.appendingPathComponent("prior/adapter_config.json"))
        let facts = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        #expect(facts["peft_type"] as? String == "LORA" && facts["r"] as? Int == 2)
        // PEFT adapts layers whose names end with one of these words, and refuses a part with layers in it.
        for name in ["prior", "sovits"] {
            let folder = target.appendingPathComponent(name)
            let keys = try Safetensors.read(folder.appendingPathComponent("adapter_model.safetensors")).tensors.map(
                \.name)
            let config = try Data(contentsOf: folder.appendingPathComponent("adapter_config.json"))
            let facts = try #require(try JSONSerialization.jsonObject(with: config) as? [String: Any])
            let modules = try #require(facts["target_modules"] as? [String])
            let wanted = modules.flatMap { layer in ["A", "B"].map { "base_model.model.\(layer).lora_\($0).weight" } }
            #expect(!modules.isEmpty && keys.sorted() == wanted.sorted(), "\(name)")
        }
        #expect(throws: CheckpointError.self) { try AdapterExport.write(loaded, base: "", to: target) }
        let plain = try CheckpointStore(directory: base.voice().checkpointDirectory, access: .readOnly)
        #expect(throws: TrainingError.nothingAdapted(checkpoint: "main/g_0000002")) {
            try AdapterExport.write(
                plain.load(CheckpointID(branch: "main", step: 2)), base: "",
                to: base.url.appendingPathComponent("peft"))
        }
    }

    @Test func whatDoesNotFitIsOneSentence() async throws {
        let (_, folder) = try await voices { $0.lora?.targets = ["linear1", "linear9"] }
        let watched = try Watched(folder.voice())
        #expect(await watched.finish() == .failed("\(TrainingError.unknownTarget("linear9"))"))
        let (_, other) = try await voices()
        try await train(other.voice(), to: 1)
        var changed = try other.voice().configuration
        changed.lora?.rank = 3
        try other.write(changed)
        let again = try Watched(other.voice())
        guard case .failed(let sentence) = await again.finish() else {
            Issue.record("another rank was taken")
            return
        }
        #expect(sentence.contains("[lora] is rank 2") && sentence.contains("rank 3"), "\(sentence)")
        #expect(throws: VoiceError.self) {
            try VoiceConfiguration(toml: "[voice]\nname = \"a\"\n[lora]\nrank = 4\n", file: "voice.toml")
        }
    }
}
