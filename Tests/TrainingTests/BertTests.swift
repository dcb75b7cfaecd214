import Checkpoint
import Foundation
import Tensor
import Testing
import Training

/// A BERT with random weights against what `transformers` computes with them; see Tests/Reference/make_bert_fixture.py.
@Suite struct BertTests {
    private static let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Bert")

    /// A copy of the folder with its weights in another form.
    private func folder(weights: String, as name: String) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bert-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (source, target) in [("config.json", "config.json"), ("vocab.txt", "vocab.txt"), (weights, name)] {
            try FileManager.default.copyItem(
                at: Self.fixture.appendingPathComponent(source), to: folder.appendingPathComponent(target))
        }
        return folder
    }

    private static func states() throws -> (texts: [String], tensors: [String: [Float]]) {
        let file = try Safetensors.read(fixture.appendingPathComponent("states.safetensors"))
        let texts = try JSONDecoder().decode([String].self, from: Data((file.metadata["texts"] ?? "[]").utf8))
        return (
            texts,
            Dictionary(uniqueKeysWithValues: try file.tensors.map { ($0.name, try $0.floats()) })
        )
    }

    private func largestDifference(_ found: [Float], _ wanted: [Float]) -> Float {
        #expect(found.count == wanted.count)
        return zip(found, wanted).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test(
        arguments: [
            ("model.safetensors", "model.safetensors", 1e-5), ("zipped.bin", "pytorch_model.bin", 1e-5),
            ("plain.bin", "pytorch_model.bin", 1e-5), ("half.bin", "pytorch_model.bin", 2e-2),
        ] as [(String, String, Float)])
    func hiddenStatesAreThePublicOnes(weights: String, name: String, tolerance: Float) throws {
        let folder = try folder(weights: weights, as: name)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (texts, wanted) = try Self.states()
        #expect(texts.count == 3)
        let features = try BertModel(folder)
        let whole = try BertModel(folder, depth: features.configuration.layers)
        for (index, text) in texts.enumerated() {
            let third = largestDifference(features.states(of: text).values, try #require(wanted["third_last.\(index)"]))
            #expect(third < tolerance, "\(text)")
            let last = largestDifference(whole.states(of: text).values, try #require(wanted["last.\(index)"]))
            #expect(last < tolerance, "\(text)")
        }
    }

    @Test func aWordIsTheMeanOfItsPieces() throws {
        let folder = try folder(weights: "model.safetensors", as: "model.safetensors")
        defer { try? FileManager.default.removeItem(at: folder) }
        let bert = try BertModel(folder)
        let width = bert.configuration.width
        let text = "supercalifragilistic voice"
        let states = bert.states(of: text).values
        let pieces = bert.tokenizer.encode(text).pieces
        let (words, values) = bert.features(of: text)
        #expect(words == ["supercalifragilistic", "voice"])
        let first = pieces.filter { $0.word == 0 }.count
        #expect(first > 1)
        let mean = (0..<width).map { channel in
            (1...first).reduce(Float(0)) { $0 + states[$1 * width + channel] } / Float(first)
        }
        #expect(largestDifference(Array(values[..<width]), mean) < 1e-6)
    }

    @Test func aTextBeyondTheTableOfPositionsIsReadInParts() throws {
        let folder = try folder(weights: "model.safetensors", as: "model.safetensors")
        defer { try? FileManager.default.removeItem(at: folder) }
        let bert = try BertModel(folder)
        let words = Array(repeating: "voice the a", count: 60).joined(separator: " ")
        let (found, values) = bert.features(of: words)
        #expect(found.count == 180)
        #expect(values.count == 180 * bert.configuration.width)
        #expect(values.allSatisfy { $0.isFinite && $0 != 0 })
    }

    // MARK: What is no BERT

    @Test func whatIsMissingIsNamed() throws {
        let folder = try folder(weights: "config.json", as: "notes.txt")
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: BertError.notABert(folder: folder.path, missing: "model.safetensors")) {
            try BertModel(folder)
        }
    }

    @Test func weightsOfAnotherSizeAreRefused() throws {
        let folder = try folder(weights: "model.safetensors", as: "model.safetensors")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacing("\"intermediate_size\": 20", with: "\"intermediate_size\": 24").write(
            to: file, atomically: true, encoding: .utf8)
        #expect(throws: BertError.self) { try BertModel(folder) }
    }

    /// Cut off or changed anywhere, a file of PyTorch's is refused in one sentence or read; it never crashes.
    @Test(arguments: ["zipped.bin", "plain.bin"])
    func damagedArchivesAreSurvived(weights: String) throws {
        let folder = try folder(weights: weights, as: "pytorch_model.bin")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("pytorch_model.bin")
        let whole = try Data(contentsOf: file)
        var refusals = 0
        for index in 0..<120 {
            var bytes = whole
            if index % 3 == 0 {
                bytes = whole.prefix(whole.count * index / 120)
            } else {
                // Mostly in the pickle and the directory, where lengths and places stand.
                let reach = min(whole.count, 6000)
                let place = index * 7919 % reach
                bytes[index % 2 == 0 ? place : whole.count - 1 - place] ^= UInt8(1 << (index % 8))
            }
            try bytes.write(to: file)
            do { _ = try BertModel(folder) } catch {
                refusals += 1
                #expect(!"\(error)".isEmpty && !"\(error)".contains("\n"))
            }
        }
        #expect(refusals > 60)
    }
}
