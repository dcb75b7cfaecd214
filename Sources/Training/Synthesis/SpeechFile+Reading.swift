import Audio
import Checkpoint
import Foundation
import Neural
import Tensor
import Text
import VoiceModel

/// A speech file ready to speak. The prior's small matrices are used as they stand in the file, everything else is float32
/// in memory.
///
/// Not Sendable: build it on the thread that uses it.
package final class SpokenFile {
    package let description: SpeechFile.Description
    package let speaker: SentenceSpeaker
    /// g, [1, W, 1].
    package let style: Tensor

    /// Reads a file tensor by tensor; no more than one of them is held besides the models.
    ///
    /// - Throws: `SpeechFileError`, `CheckpointError`, `FileSystemError`, `TextError`.
    package init(_ url: URL, location: VoiceLocation = VoiceLocation()) throws {
        var filling: Filling?
        try Safetensors.stream(url) { metadata, tensors in
            filling = try Filling(path: url.path, metadata, tensors)
        } body: { index, bytes, digest in
            try filling?.take(index, bytes, digest)
        }
        guard let filling else { throw SpeechFileError.unusable(path: url.path, reason: "it holds nothing") }
        try filling.finish()
        description = filling.description
        style = filling.style
        if description.weightFormat == .float32 { filling.prior.decodeWith(.float32) }
        let frontEnd = try TextFrontEnd(language: description.language, symbols: description.symbols)
        guard frontEnd.symbolTable.name == description.symbolTable,
            frontEnd.symbolTable.count <= description.symbolCount
        else {
            throw SpeechFileError.unusable(
                path: url.path, reason: "its symbols are \(description.symbolTable), which this version does not have")
        }
        speaker = SentenceSpeaker(
            filling.generator, filling.prior, frontEnd, reader: try Self.reader(description, location),
            tokensPerSymbol: description.tokensPerSymbol, sampling: description.sampling)
    }

    private static func reader(
        _ description: SpeechFile.Description, _ location: VoiceLocation
    ) throws -> SentenceSpeaker.Reader {
        guard description.readsBert else { return .none }
        guard let folder = BertReader.installed(location) else { return .missing }
        let model = try BertModel(folder)
        return .reads { model.textFeatures(of: $0, symbols: $1) }
    }

    /// Speaks a text in the file's style; see `Synthesizer.speak`.
    package func speak(
        _ text: String, seed: UInt64, progress: ((Int) -> Bool)? = nil, onAudio: (([Float]) -> Bool)? = nil
    ) throws -> Waveform {
        try speaker.speak(text, style: style, seed: seed, progress: progress, onAudio: onAudio)
    }
}

/// The models of a speech file while its tensors come.
private final class Filling {
    typealias Place = (name: String, type: ScalarType, shape: [Int])

    let description: SpeechFile.Description
    let generator: SpeechGenerator
    let prior: any TokenPrior
    let style: Tensor
    private let path, text, checksum: String
    private let places: [Place]
    /// Those that are still to come.
    private var wanted: [String: Tensor]
    private var scales: [String: [Float]] = [:]
    private var digests: [(name: String, digest: Digest)] = []

    init(path: String, _ metadata: [String: String], _ places: [Place]) throws {
        func unusable(_ reason: String) -> SpeechFileError { .unusable(path: path, reason: reason) }
        guard let text = metadata[SpeechFile.descriptionKey], let checksum = metadata[SpeechFile.checksumKey] else {
            throw unusable("it is not a voice exported for synthesis")
        }
        struct Version: Decodable { var version: Int }
        guard let version = try? JSONDecoder().decode(Version.self, from: Data(text.utf8)) else {
            throw unusable("its description cannot be read")
        }
        guard version.version == 1,
            let known = try? JSONDecoder().decode(SpeechFile.Description.self, from: Data(text.utf8)),
            let format = WeightFormat(rawValue: known.weights), known.tokensPerSymbol.isFinite,
            0...1000 ~= known.tokensPerSymbol
        else { throw unusable("another version of reprise made it") }
        // Counts that the file's own tensors fill: no more is allocated than the file is long.
        for (name, count) in [
            ("sovits/quantizer.codes.weight", known.codeCount),
            ("prior/ar_text_embedding.word_embeddings.weight", known.symbolCount),
        ] {
            guard let place = places.first(where: { $0.name == name }), place.shape.first == count, count > 0,
                place.shape.dropFirst().allSatisfy({ $0 > 0 })
            else { throw unusable("\(name) does not have the \(count) rows that it names") }
        }
        (self.path, self.text, self.checksum, self.places, description) = (path, text, checksum, places, known)
        let sizes = SoVITSConfiguration(known.preset, symbolCount: known.symbolCount, codeCount: known.codeCount)
        generator = SpeechGenerator(sizes)
        prior = known.preset.prior(for: sizes, isPacked: format != .float32)
        style = .zeros([1, sizes.speakerWidth, 1])
        let folded = generator.foldedState()
        generator.freeze()
        prior.freeze()
        wanted = [SpeechFile.styleName: style]
        for (name, tensor) in folded { wanted["sovits/\(name)"] = tensor }
        for entry in prior.state { wanted["prior/\(entry.name)"] = entry.tensor }
        // Before any of it is read: what has no place in the models may be larger than memory.
        for place in places {
            let ofScales =
                place.name.hasSuffix(SpeechFile.scaleEnding)
                ? wanted[String(place.name.dropLast(SpeechFile.scaleEnding.count))]?.shape.prefix(1) : nil
            guard wanted[place.name]?.shape == place.shape || ofScales.map(Array.init) == place.shape else {
                throw stranger(place.name)
            }
        }
    }

    func take(_ index: Int, _ bytes: UnsafeRawBufferPointer, _ digest: Digest) throws {
        let (name, type, shape) = places[index]
        digests.append((name, digest))
        if name.hasSuffix(SpeechFile.scaleEnding), type == .float32, shape.count == 1 {
            scales[name] = Array(bytes.bindMemory(to: Float.self))
            return
        }
        guard let tensor = wanted.removeValue(forKey: name), tensor.shape == shape else { throw stranger(name) }
        let rows = shape.first ?? 1, scale = scales.removeValue(forKey: name + SpeechFile.scaleEnding)
        switch type {
        case .float32: UnsafeMutableRawBufferPointer(start: tensor.pointer, count: bytes.count).copyMemory(from: bytes)
        case .bfloat16, .int8:
            guard type == .bfloat16 || scale?.count == rows else {
                throw unusable("tensor \(name) has no scale for each of its \(rows) rows before it")
            }
            let packed = PackedMatrix(
                rows: rows, columns: tensor.count / max(1, rows), format: type == .int8 ? .int8 : .bfloat16,
                bytes: bytes, scales: scale ?? [])
            if name.hasPrefix("prior/"), prior.take(packed, as: String(name.dropFirst(6))) { return }
            packed.unpack(into: tensor)
        default: throw unusable("tensor \(name) has the type \(type.rawValue)")
        }
    }

    func finish() throws {
        if let missing = wanted.keys.min() { throw unusable("it has no tensor \(missing)") }
        guard SpeechFile.checksum(text, digests) == checksum else {
            throw unusable("it is damaged: its contents do not match its checksum")
        }
    }

    private func unusable(_ reason: String) -> SpeechFileError { .unusable(path: path, reason: reason) }

    private func stranger(_ name: String) -> SpeechFileError {
        unusable("tensor \(name) does not belong to preset \(description.preset.rawValue)")
    }
}
