import Checkpoint
import Foundation
import Tensor
import Text
import VoiceModel

/// A BERT of Hugging Face's, from a folder with `config.json`, `vocab.txt` and the weights.
package final class BertModel {
    package let configuration: BertConfiguration
    package let tokenizer: WordPieceTokenizer
    private let encoder: BertEncoder

    /// Reads a folder.
    ///
    /// - Parameter depth: layers to hold; nil for as many as the features need.
    /// - Throws: `BertError`; `TextError.missingPiece`; `CheckpointError.unreadableFile`.
    package init(_ folder: URL, depth: Int? = nil) throws {
        let files = try BertFiles(folder)
        configuration = files.configuration
        tokenizer = try WordPieceTokenizer(vocabulary: files.vocabulary, lowercases: files.lowercases)
        guard tokenizer.count <= configuration.vocabulary else {
            throw BertError.wrongConfiguration(
                file: "vocab.txt",
                problem: "it has \(tokenizer.count) lines where config.json says \(configuration.vocabulary)")
        }
        encoder = BertEncoder(configuration, depth: depth ?? BertEncoder.featureDepth(of: configuration))
        try files.fill(encoder)
    }

    /// What a text's words are to BERT: [W, C], the mean of each word's pieces, and the words themselves. A text that is
    /// longer than the model's table of positions is read in parts.
    package func features(of text: String) -> (words: [String], values: [Float]) {
        let tokens = tokenizer.encode(text)
        let width = configuration.width
        var sums = [Float](repeating: 0, count: tokens.words.count * width)
        var counts = [Float](repeating: 0, count: tokens.words.count)
        let room = configuration.positions - 2
        for start in stride(from: 0, to: tokens.pieces.count, by: room) {
            let part = tokens.pieces[start..<min(tokens.pieces.count, start + room)]
            let states = encoder([tokenizer.start] + part.map(\.id) + [tokenizer.end])
            for (row, piece) in part.enumerated() {
                counts[piece.word] += 1
                // The state of the piece that begins the sequence comes first.
                let state = states.pointer + (row + 1) * width
                for channel in 0..<width { sums[piece.word * width + channel] += state[channel] }
            }
        }
        for (word, count) in counts.enumerated() where count > 1 {
            for channel in 0..<width { sums[word * width + channel] /= count }
        }
        return (tokens.words, sums)
    }

    /// The hidden states of a text with its beginning and end, [1, S, C].
    package func states(of text: String) -> Tensor {
        let pieces = tokenizer.encode(text).pieces.prefix(configuration.positions - 2)
        return encoder([tokenizer.start] + pieces.map(\.id) + [tokenizer.end])
    }
}

/// What stands in a BERT's folder.
struct BertFiles {
    let configuration: BertConfiguration
    let vocabulary: [String]
    let lowercases: Bool
    let weights: URL

    init(_ folder: URL) throws {
        func file(_ name: String) -> URL? {
            let url = folder.appendingPathComponent(name)
            return FileManager.default.fileExists(atPath: url.path) ? url : nil
        }
        guard let configurationFile = file("config.json") else {
            throw BertError.notABert(folder: folder.path, missing: "config.json")
        }
        guard let vocabularyFile = file("vocab.txt") else {
            throw BertError.notABert(folder: folder.path, missing: "vocab.txt")
        }
        guard let weights = file("model.safetensors") ?? file("pytorch_model.bin") else {
            throw BertError.notABert(folder: folder.path, missing: "model.safetensors")
        }
        self.weights = weights
        configuration = try Self.configuration(configurationFile)
        let text = String(decoding: try Data(contentsOf: vocabularyFile), as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.hasSuffix("\r") ? String($0.dropLast()) : String($0)
        }
        if lines.last?.isEmpty == true { lines.removeLast() }
        vocabulary = lines
        // Hugging Face's default is true.
        lowercases =
            try file("tokenizer_config.json").map {
                try Self.json($0)["do_lower_case"] as? Bool ?? true
            } ?? true
    }

    private static func json(_ url: URL) throws -> [String: Any] {
        guard let object = try? JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] else {
            throw BertError.wrongConfiguration(file: url.lastPathComponent, problem: "it is not a JSON object")
        }
        return object
    }

    private static func configuration(_ url: URL) throws -> BertConfiguration {
        let object = try json(url)
        func wrong(_ problem: String) -> BertError {
            .wrongConfiguration(file: url.lastPathComponent, problem: problem)
        }
        func number(_ key: String, _ range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int {
            guard let value = object[key] as? Int ?? fallback, range.contains(value) else {
                throw wrong("\(key) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
        if let kind = object["model_type"] as? String, kind != "bert" {
            throw wrong("it describes a \(kind), not a bert")
        }
        if let activation = object["hidden_act"] as? String, activation != "gelu" {
            throw wrong("its activation is \(activation), not gelu")
        }
        let result = BertConfiguration(
            vocabulary: try number("vocab_size", 3...10_000_000), width: try number("hidden_size", 1...65_536),
            layers: try number("num_hidden_layers", 1...1000), heads: try number("num_attention_heads", 1...1024),
            innerWidth: try number("intermediate_size", 1...1_000_000),
            positions: try number("max_position_embeddings", 3...1_000_000, default: 512),
            segmentKinds: try number("type_vocab_size", 1...1000, default: 2),
            normEpsilon: Float(object["layer_norm_eps"] as? Double ?? 1e-12))
        guard result.width % result.heads == 0 else { throw wrong("hidden_size cannot be shared among the heads") }
        return result
    }

    /// Reads the weights into an encoder. Those of other parts, such as a pooler, are left aside.
    func fill(_ encoder: BertEncoder) throws {
        let images =
            weights.pathExtension == "bin" ? try TorchArchive.read(weights) : try Safetensors.read(weights).tensors
        var found: [String: TensorImage] = [:]
        for image in images {
            // A BERT inside a larger model bears its name; old ones call scale and shift gamma and beta.
            let name = image.name.hasPrefix("bert.") ? String(image.name.dropFirst(5)) : image.name
            found[
                name.replacing("LayerNorm.gamma", with: "LayerNorm.weight")
                    .replacing("LayerNorm.beta", with: "LayerNorm.bias")] = image
        }
        let file = weights.lastPathComponent
        for entry in encoder.state {
            guard let image = found[entry.name] else { throw BertError.missingWeights(file: file, name: entry.name) }
            guard image.shape == entry.tensor.shape else {
                throw BertError.wrongShape(
                    file: file, name: entry.name, found: image.shape, wanted: entry.tensor.shape)
            }
            let values = try image.floats()
            entry.tensor.overwrite(Tensor(values, shape: image.shape))
        }
    }
}
