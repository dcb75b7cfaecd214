import Audio
import Checkpoint
import Foundation
import Tensor
import Testing
import Training

/// Files that speak without their voice's folder.
@Suite struct SpeechFileTests {
    private static let trained = Task { () throws -> VoiceFolder in
        let folder = try VoiceFolder()
        try await train(folder.voice(), to: 2)
        return folder
    }

    private let folder: VoiceFolder
    private let checkpoint: LoadedCheckpoint

    init() async throws {
        folder = try await Self.trained.value
        let store = try CheckpointStore(directory: folder.voice().checkpointDirectory, access: .readOnly)
        checkpoint = try store.load(CheckpointID(branch: "main", step: 2))
    }

    private func export(_ format: WeightFormat, of other: VoiceFolder? = nil) throws -> (url: URL, bytes: Int) {
        let url = folder.url.appendingPathComponent("\(UUID().uuidString).safetensors")
        return (url, try SpeechFile.write(checkpoint, of: (other ?? folder).voice(), weights: format, to: url))
    }

    private func samples(of url: URL) throws -> [Float] {
        try SpokenFile(url).speak("Good morning to you.", seed: 1).samples
    }

    @Test func float32SpeaksAsTheVoiceDoes() throws {
        let voice = try folder.voice()
        let own = try Synthesizer(WeightsImage(checkpoint), voice: voice).speak(
            "Good morning to you.", reference: ReferenceStyle.spectrum(of: nil, voice: voice), seed: 1
        ).samples
        let exported = try samples(of: export(.float32).url)
        // Folding weight norm rounds.
        #expect(own.count == exported.count)
        #expect(zip(own, exported).allSatisfy { abs($0 - $1) < 1e-4 } && own.contains { abs($0) > 1e-3 })
    }

    @Test func smallWeightsAreSmallAndSpeakTheSameEveryTime() throws {
        let whole = try export(.float32), half = try export(.bfloat16), quarter = try export(.int8)
        #expect(Double(half.bytes) < 0.62 * Double(whole.bytes) && Double(quarter.bytes) < 0.42 * Double(whole.bytes))
        for url in [half.url, quarter.url] {
            let first = try samples(of: url)
            #expect(try first.count >= 640 && samples(of: url) == first && first.allSatisfy { $0.isFinite })
        }
    }

    @Test func theFileIsPlainSafetensors() throws {
        let file = try Safetensors.read(export(.int8).url)
        let matrix = try file.tensor("prior/h.layers.0.linear1.weight")
        let scales = try file.tensor("prior/h.layers.0.linear1.weight_scale").values(as: Float.self)
        #expect(matrix.type == .int8 && scales.count == matrix.shape[0] && scales.allSatisfy { $0 > 0 })
        #expect(file.tensors.allSatisfy { !$0.name.contains("weight_g") && !$0.name.contains("enc_q") })
        let trained = try #require(try checkpoint.image.file("prior.safetensors")["h.layers.0.linear1.weight"]).floats()
        let columns = matrix.shape[1]
        let worst = zip(trained.indices, trained).map { index, value in
            abs(value - Float(Int8(bitPattern: matrix.bytes[index])) * scales[index / columns])
                / scales[index / columns]
        }.max()
        #expect(try #require(worst) <= 0.501)
    }

    @Test func whatIsThereStays() throws {
        let voice = try folder.voice(), url = try export(.int8).url
        #expect(throws: CheckpointError.exists(path: url.path)) {
            try SpeechFile.write(checkpoint, of: voice, weights: .int8, to: url)
        }
        try SpeechFile.write(checkpoint, of: voice, weights: .bfloat16, to: url, replaces: true)
        #expect(try SpokenFile(url).description.weightFormat == .bfloat16)
        let other = folder.url.appendingPathComponent("letter.txt")
        try Data("Dear Ada".utf8).write(to: other)
        #expect(throws: SpeechFileError.notOurs(path: other.path)) {
            try SpeechFile.write(checkpoint, of: voice, weights: .int8, to: other, replaces: true)
        }
        #expect(try Data(contentsOf: other) == Data("Dear Ada".utf8))
    }

    @Test func everyDamageIsNamed() throws {
        let url = try export(.int8).url, whole = try Data(contentsOf: url)
        for place in [20, 400, whole.count / 3, whole.count / 2, whole.count - 1] {
            var damaged = whole
            damaged[place] ^= 1
            try damaged.write(to: url)
            #expect(throws: (any Error).self, "byte \(place)") { try SpokenFile(url) }
        }
        for length in [0, 7, 100, whole.count / 2, whole.count - 1] {
            try whole.prefix(length).write(to: url)
            #expect(throws: CheckpointError.self, "\(length) bytes") { try SpokenFile(url) }
        }
    }

    /// Sealed with a right checksum, as someone may who writes such files: refused in one sentence before it is used.
    @Test func whatDoesNotFitTogetherIsRefused() throws {
        let url = try export(.int8).url, whole = try Safetensors.read(url)
        let text = try #require(whole.metadata["reprise"])
        func error(_ description: String, _ tensors: [TensorImage]) throws -> String? {
            let lines = tensors.map { "\($0.name) \(Digest(of: $0.bytes))" }.sorted()
            let sum = Digest(of: ([description] + lines).joined(separator: "\n")).description
            let file = StateFile(
                name: "a", tensors: tensors,
                metadata: ["format": "pt", "reprise": description, "reprise_checksum": sum])
            try Safetensors.write(file, to: url, replaces: true)
            do { _ = try SpokenFile(url) } catch { return "\(error)" }
            return nil
        }
        #expect(try error(text, whole.tensors) == nil)
        let numbers = ["symbolCount", "codeCount", "tokensPerSymbol", "version"]
        for (key, value) in numbers.flatMap({ key in ["-1", "1e99", "9223372036854775807"].map { (key, $0) } }) + [
            ("preset", "\"v2\""), ("preset", "\"huge\""), ("weights", "\"int4\""), ("language", "\"qq\""),
            ("symbolTable", "\"other\""), ("sampling", "7"),
        ] {
            let changed = text.replacing(try Regex("\"\(key)\":(\\{[^}]*\\}|[^,}]*)"), with: "\"\(key)\":\(value)")
            let refused = try error(changed, whole.tensors)
            #expect(changed != text && refused?.isEmpty == false, "\(key) = \(value)")
        }
        let name = "prior/h.layers.0.linear1.weight"
        let matrix = try whole.tensor(name), scale = try whole.tensor(name + "_scale")
        let others = whole.tensors.filter { $0.name != matrix.name && $0.name != scale.name }
        let half = TensorImage(
            name: scale.name, type: .float32, shape: [scale.shape[0] / 2],
            bytes: Array(scale.bytes.prefix(scale.bytes.count / 2)))
        let flat = TensorImage(name: name, type: .int8, shape: [matrix.bytes.count], bytes: matrix.bytes)
        let wide = TensorImage(
            name: name, type: .float64, shape: matrix.shape, bytes: Array(repeating: 0, count: 8 * matrix.bytes.count))
        let stranger = TensorImage(name: "prior/x", type: .int8, shape: [1], bytes: [0])
        for tensors in [[matrix], [scale], [matrix, half], [flat, scale], [wide, scale], [matrix, scale, stranger]] {
            let sentence = try #require(try error(text, others + tensors), "\(tensors.map(\.shape))")
            #expect(sentence.hasPrefix("\(url.path) cannot speak, as ") && sentence.contains("tensor "), "\(sentence)")
        }
    }

    /// A sparse file costs nothing on a disk, and would fill the memory.
    @Test func aFileLargerThanMemoryIsRefusedUnread() throws {
        let url = try export(.float32).url
        // Whoever copies the folder of temporary files would copy terabytes of zeros.
        defer { try? FileManager.default.removeItem(at: url) }
        let handle = try FileHandle(forUpdating: url)
        let length = try #require(try handle.read(upToCount: 8)).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try #require(try handle.read(upToCount: length))
        var facts = try #require(try JSONSerialization.jsonObject(with: header) as? [String: Any])
        let end = facts.values.compactMap { (($0 as? [String: Any])?["data_offsets"] as? [Int])?.last }.max() ?? 0
        facts["zzz"] = ["dtype": "U8", "shape": [1 << 42], "data_offsets": [end, end + 1 << 42]]
        let new = try JSONSerialization.data(withJSONObject: facts)
        let data = try #require(try handle.readToEnd())
        try (withUnsafeBytes(of: UInt64(new.count).littleEndian) { Data($0) } + new + data).write(to: url)
        let longer = try FileHandle(forWritingTo: url)
        try longer.truncate(atOffset: UInt64(8 + new.count + end + 1 << 42))
        try longer.close()
        let error = #expect(throws: SpeechFileError.self) { try SpokenFile(url) }
        #expect(error?.description.contains("tensor zzz does not belong to preset tiny") == true)
    }

    @Test func aWithdrawnVoiceIsNotExported() throws {
        let withdrawn = try VoiceFolder {
            $0.consent = .init()
            $0.consent?.withdrawn = "2026-03-01"
        }
        #expect(throws: TrainingError.self) { try export(.int8, of: withdrawn) }
    }
}
