import Checkpoint
import Foundation
import Neural
import Tensor
import VoiceModel

/// One safetensors file that speaks without its voice's folder: the generator with weight norm folded and adapters merged,
/// the prior, the code table, the style of one recording, and in the metadata what the front end must know and where all of
/// it comes from.
///
/// With small weights every matrix is bfloat16, or int8 with a float32 `NAME_scale` for each row of its first axis; vectors,
/// the code table and what makes scores of the prior's rows stay float32.
package enum SpeechFile {
    /// What the metadata says under `reprise`, as JSON.
    package struct Description: Sendable, Codable, Equatable {
        /// Rises with every change that older programs cannot read.
        var version = 1
        package var voice, checkpoint: String
        package var step: Int
        package var preset: ModelPreset
        package var language: String
        /// The letters of a "graphemes" voice; empty otherwise.
        var symbols: String
        /// Names the table of symbols, which is only ever appended to under a new name.
        var symbolTable: String
        var symbolCount, codeCount: Int
        var tokensPerSymbol: Double
        /// "float32", "bfloat16" or "int8".
        var weights: String
        /// Whether the prior has learned to read a BERT's features.
        var readsBert: Bool
        var sampling: VoiceConfiguration.Sampling
        /// Who allowed the voice; nil where nobody wrote it down.
        package var consent: VoiceConfiguration.Consent?

        package var weightFormat: WeightFormat { WeightFormat(rawValue: weights) ?? .float32 }
    }

    static let descriptionKey = "reprise", checksumKey = "reprise_checksum", styleName = "style", scaleEnding = "_scale"

    /// What the checksum is made of: the description and every tensor, by name.
    static func checksum(_ description: String, _ tensors: [(name: String, digest: Digest)]) -> String {
        let lines = tensors.sorted { $0.name < $1.name }.map { "\($0.name) \($0.digest)" }
        return Digest(of: ([description] + lines).joined(separator: "\n")).description
    }

    /// Whether a tensor stays float32 in any case: vectors, and what an error in would be one of every score or code.
    static func staysExact(_ name: String, _ shape: [Int]) -> Bool {
        shape.count < 2 || shape[0] < 2 || name == "sovits/quantizer.codes.weight"
            || ["prior/out_proj.", "prior/ar_predict_layer.", "sovits/dec.conv_post."].contains { name.hasPrefix($0) }
    }

    // MARK: Writing

    /// Writes a checkpoint of a voice, in the style of a reference, under a name that is not taken, or in place of such a
    /// file; returns the bytes written.
    ///
    /// - Throws: `TrainingError.withdrawn`, `SpeechFileError`, `CheckpointError`, `FileSystemError`, as `ReferenceStyle`.
    @discardableResult
    package static func write(
        _ loaded: LoadedCheckpoint, of voice: Voice, reference: URL? = nil, weights format: WeightFormat, to url: URL,
        replaces: Bool = false
    ) throws -> Int {
        try VoiceConsent.require(voice)
        let taken = FileManager.default.fileExists(atPath: url.path)
        if taken {
            guard replaces else { throw CheckpointError.exists(path: url.path) }
            guard isSpeechFile(url) else { throw SpeechFileError.notOurs(path: url.path) }
        }
        let image = try WeightsImage(loaded), preset = voice.configuration.voice.preset
        let sizes = SoVITSConfiguration(
            preset, symbolCount: image.position.symbolCount, codeCount: image.position.codeCount)
        let sovits = SoVITS(sizes), prior = preset.prior(for: sizes)
        try image.load(into: sovits, prior)
        let style = sovits.speakerVector(try ReferenceStyle.spectrum(of: reference, voice: voice))
        let description = Description(
            voice: voice.name, checkpoint: image.label, step: image.step, preset: preset,
            language: voice.configuration.voice.language, symbols: voice.configuration.voice.symbols,
            symbolTable: try voice.textFrontEnd().symbolTable.name, symbolCount: sizes.symbolCount,
            codeCount: sizes.codeCount, tokensPerSymbol: image.position.tokensPerSymbol, weights: format.rawValue,
            readsBert: !voice.configuration.voice.bert.isEmpty, sampling: voice.configuration.sampling,
            consent: voice.configuration.consent)
        return try write(
            description, sovits.generator, prior, style: style, weights: format, to: url, replaces: taken)
    }

    static func write(
        _ description: Description, _ generator: SpeechGenerator, _ prior: any TokenPrior, style: Tensor,
        weights format: WeightFormat, to url: URL, replaces: Bool
    ) throws -> Int {
        var tensors = [TensorImage(name: styleName, style)]
        let named =
            generator.foldedState().map { ("sovits/\($0.name)", $0.tensor) }
            + prior.weights.map { ("prior/\($0.name)", $0.tensor) }
        for (name, tensor) in named {
            if format == .float32 || staysExact(name, tensor.shape) {
                tensors.append(TensorImage(name: name, tensor))
                continue
            }
            let packed = PackedMatrix(tensor, format: format)
            tensors.append(
                TensorImage(
                    name: name, type: format == .int8 ? .int8 : .bfloat16, shape: tensor.shape, bytes: packed.bytes))
            if format == .int8 { tensors.append(TensorImage(name: name + scaleEnding, packed.scales)) }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(description), as: UTF8.self)
        let sum = checksum(text, tensors.map { ($0.name, Digest(of: $0.bytes)) })
        let file = StateFile(
            name: url.lastPathComponent, tensors: tensors,
            metadata: ["format": "pt", descriptionKey: text, checksumKey: sum])
        try Safetensors.write(file, to: url, replaces: replaces)
        return try FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int ?? 0
    }

    /// Whether a path is one file, and not a voice's folder.
    package static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        let expanded = (path as NSString).expandingTildeInPath
        return FileManager.default.fileExists(atPath: expanded, isDirectory: &isFolder) && !isFolder.boolValue
    }

    private static func isSpeechFile(_ url: URL) -> Bool {
        struct Seen: Error { var isOurs: Bool }
        do {
            // Its header says it; the rest is not read.
            try Safetensors.stream(url) { metadata, _ in
                throw Seen(isOurs: metadata[descriptionKey] != nil)
            } body: { _, _, _ in
            }
            return false
        } catch { return (error as? Seen)?.isOurs ?? false }
    }
}
