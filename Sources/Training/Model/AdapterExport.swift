import Checkpoint
import Foundation

/// The adapters of a checkpoint in the layout of Hugging Face's PEFT: a folder for each adapted model with
/// `adapter_model.safetensors` and `adapter_config.json`.
package enum AdapterExport {
    private struct Configuration: Encodable {
        var peft_type = "LORA"
        var r: Int
        var lora_alpha, lora_dropout: Double
        var target_modules: [String]
        var bias = "none"
        var fan_in_fan_out = false
        var inference_mode = true
        var base_model_name_or_path: String
    }

    /// Writes `folder/prior` and, where SoVITS is adapted, `folder/sovits`; returns the bytes written. The folder must
    /// not be there yet.
    ///
    /// - Throws: `TrainingError.nothingAdapted`, `CheckpointError`, `FileSystemError`.
    package static func write(_ loaded: LoadedCheckpoint, base: String, to folder: URL) throws -> Int {
        let position: TrainingPosition = try loaded.image.position()
        guard let lora = position.lora else { throw TrainingError.nothingAdapted(checkpoint: loaded.id.description) }
        guard !FileManager.default.fileExists(atPath: folder.path) else {
            throw CheckpointError.exists(path: folder.path)
        }
        var bytes = 0
        for (name, isAdapted) in [("prior", true), ("sovits", !lora.sovitsTargets.isEmpty)] where isAdapted {
            let place = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let adapters = try loaded.image.file("\(name)_lora.safetensors").tensors
            let tensors = adapters.map {
                TensorImage(name: "base_model.model.\($0.name)", type: $0.type, shape: $0.shape, bytes: $0.bytes)
            }
            // Layers by their whole names: PEFT looks at the ends of names only, and takes no part with layers in it.
            let ending = ".lora_A.weight"
            let layers = adapters.map(\.name).filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }
            let file = StateFile(name: "adapter_model.safetensors", tensors: tensors, metadata: ["format": "pt"])
            try Safetensors.write(file, to: place.appendingPathComponent(file.name))
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let configuration = try encoder.encode(
                Configuration(
                    r: lora.rank, lora_alpha: lora.alpha, lora_dropout: lora.dropout, target_modules: layers.sorted(),
                    base_model_name_or_path: base))
            try FileSystem().replaceFile(
                place.appendingPathComponent("adapter_config.json").path, with: Array(configuration))
            bytes += tensors.reduce(configuration.count) { $0 + $1.bytes.count }
        }
        return bytes
    }
}
