import Checkpoint
import Foundation
import Tensor

/// What a voice knows of its texts through BERT: the model, opened only when it is needed, and the features of the clips,
/// kept in the voice's folder `bert/` so that the voice trains on where the model is not.
package final class BertReader {
    private let folder: URL
    private let cache: URL
    private var opened: BertModel?

    /// nil for a voice without a BERT.
    package init?(_ voice: Voice) {
        guard !voice.configuration.voice.bert.isEmpty else { return nil }
        folder = URL(fileURLWithPath: (voice.configuration.voice.bert as NSString).expandingTildeInPath)
        cache = voice.directory.appendingPathComponent("bert")
    }

    /// Where a BERT is looked for when nobody names one.
    package static func installed(_ location: VoiceLocation = VoiceLocation()) -> URL? {
        let folder = location.home.appendingPathComponent("bert")
        return FileManager.default.fileExists(atPath: folder.appendingPathComponent("config.json").path) ? folder : nil
    }

    /// True when the model itself is there.
    package var isInstalled: Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent("config.json").path)
    }

    /// The features of a text that may be anything.
    /// - Throws: as `BertModel.init`; `BertError.tooWide`.
    package func features(of text: String, symbols: [String]) throws -> TextFeatures {
        try model().textFeatures(of: text, symbols: symbols)
    }

    /// The features of a clip's text: those that are kept, else new ones, which are kept.
    /// - Throws: as above; `BertError.notInstalled` when neither is there.
    package func features(of clip: Voice.Clip, symbols: [String]) throws -> TextFeatures {
        let file = cache.appendingPathComponent("\(clip.id).safetensors")
        let identity = isInstalled ? try BertFiles.identity(folder) : nil
        if let kept = try? Safetensors.read(file), kept.metadata["text"] == clip.text,
            identity == nil || kept.metadata["model"] == identity, let image = kept.tensors.first,
            image.shape.count == 2,
            let words = try? JSONDecoder().decode([String].self, from: Data((kept.metadata["words"] ?? "").utf8)),
            words.count == image.shape[0], image.shape[1] <= TextFeatures.width, let values = try? image.floats()
        {
            return TextFeatures(words: words, values: values, channels: image.shape[1], symbols: symbols)
        }
        guard let identity else { throw BertError.notInstalled(folder: folder.path, clip: clip.id) }
        let model = try model()
        let (words, values) = model.features(of: clip.text)
        let image = TensorImage(name: "words", values, shape: [words.count, model.configuration.width])
        let names = String(decoding: try JSONEncoder().encode(words), as: UTF8.self)
        try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
        // Written anew, not changed: half a file would be taken for damage of the voice.
        try? FileManager.default.removeItem(at: file)
        try Safetensors.write(
            StateFile(
                name: file.lastPathComponent, tensors: [image],
                metadata: ["text": clip.text, "model": identity, "words": names]), to: file)
        return TextFeatures(words: words, values: values, channels: model.configuration.width, symbols: symbols)
    }

    /// Which BERT the features are of, for the fingerprint of the data; what is kept tells it where the model is not.
    package func identity(clips: [Voice.Clip]) -> String {
        if isInstalled, let identity = try? BertFiles.identity(folder) { return identity }
        return clips.lazy.compactMap { [cache] clip in
            (try? Safetensors.read(cache.appendingPathComponent("\(clip.id).safetensors")))?.metadata["model"]
        }.first ?? ""
    }

    private func model() throws -> BertModel {
        if let opened { return opened }
        let model = try BertModel(folder)
        guard model.configuration.width <= TextFeatures.width else {
            throw BertError.tooWide(
                folder: folder.path, width: model.configuration.width, limit: TextFeatures.width)
        }
        opened = model
        return model
    }
}

extension BertFiles {
    /// Tells two models apart by configuration, vocabulary and the beginning and end of the weights: reading all of them
    /// would make every start wait.
    static func identity(_ folder: URL) throws -> String {
        let files = try BertFiles(folder)
        let handle = try FileHandle(forReadingFrom: files.weights)
        defer { try? handle.close() }
        let size = try handle.seekToEnd()
        let share: UInt64 = 1 << 20
        try handle.seek(toOffset: 0)
        let head = try handle.read(upToCount: Int(min(share, size))) ?? Data()
        try handle.seek(toOffset: size > share ? size - share : 0)
        let tail = try handle.read(upToCount: Int(share)) ?? Data()
        var text = [
            "\(files.configuration)", files.vocabulary.joined(separator: "\n"), "\(files.lowercases)", "\(size)",
        ]
        text += [Digest(of: Array(head)).description, Digest(of: Array(tail)).description]
        return Digest(of: text.joined(separator: "\n")).description
    }
}
