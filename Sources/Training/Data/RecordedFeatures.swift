import Checkpoint
import Foundation
import VoiceModel

/// HuBERT features of a clip, recorded by another program: a safetensors file with one float32 tensor, [768, T] or
/// [1, 768, T], 50 frames a second.
package enum RecordedFeatures {
    /// Frames by which a recording may differ from its sound: the networks that make features round otherwise.
    private static let slack = 3

    /// [768, `frames`], row-major; a few missing frames repeat the last one.
    ///
    /// - Throws: `TrainingError.unusableFeatures`.
    package static func read(_ url: URL, frames: Int) throws -> [Float] {
        let width = SoVITSConfiguration.featureWidth
        func unusable(_ problem: String) -> TrainingError {
            .unusableFeatures(file: url.path, problem: problem)
        }
        guard FileManager.default.fileExists(atPath: url.path) else { throw unusable("there is no such file") }
        let tensors = try Safetensors.read(url).tensors
        guard tensors.count == 1, let tensor = try? tensors[0].tensor() else {
            throw unusable("it must hold one float32 tensor")
        }
        let shape = tensor.rank == 3 && tensor.shape[0] == 1 ? Array(tensor.shape.dropFirst()) : tensor.shape
        guard shape.count == 2, shape[0] == width, shape[1] > 0 else {
            throw unusable("its tensor has a shape of \(tensor.shape) instead of [\(width), frames]")
        }
        let recorded = shape[1], values = tensor.values
        guard abs(recorded - frames) <= slack else {
            throw unusable("it has \(recorded) frames where its sound has \(frames)")
        }
        guard values.allSatisfy(\.isFinite) else { throw unusable("it holds values that are not finite") }
        return (0..<width).flatMap { row in
            (0..<frames).map { values[row * recorded + min($0, recorded - 1)] }
        }
    }
}
