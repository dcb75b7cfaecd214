import Checkpoint
import Foundation
import Tensor
import Testing

@Suite struct RoundTripTests {
    @Test func everythingComesBack() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let saved = try store.save(
            try image(step: 120), as: try request("g_0000120", .user), syncJournal: { 120 })
        let loaded = try folder.store(.readOnly).load(saved.manifest.id)
        #expect(loaded.image == (try image(step: 120)))
        #expect(loaded.manifest == saved.manifest)
        #expect(
            try loaded.image.position(as: Position.self)
                == Position(step: 120, seed: .max - 3, learningRate: 0.1 + 0.2, streams: ["noise": 120, "dropout": 2]))
        #expect(loaded.image.text("voice.toml")?.contains("für Ada") == true)
        let header = loaded.manifest.header
        #expect(header.reason == .user && header.journalLastRow == 120 && header.parent == nil)
        #expect(header.datasetFingerprint == "clips-1" && header.configurationDigest == "configuration-1")
        #expect(!header.machine.blasCore.isEmpty)
        #expect(try store.readHead() == Head(branch: "main", checkpoint: saved.manifest.id))
    }

    /// Files made elsewhere may hold numbers of two bytes.
    @Test func halfNumbersAreKept() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("half.safetensors")
        let header =
            #"{"h":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"#
            + #""b":{"dtype":"BF16","shape":[1],"data_offsets":[6,8]},"u":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}"#
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
        try Data(length + Array(header.utf8) + [1, 2, 3, 4, 5, 6, 7, 8, 9]).write(to: url)
        let file = try Safetensors.read(url)
        #expect(file.tensors.map(\.name) == ["h", "b", "u"])
        let copy = folder.url.appendingPathComponent("copy.safetensors")
        try Safetensors.write(file, to: copy)
        #expect(try Safetensors.read(copy).tensors.map(\.bytes) == [[1, 2, 3, 4, 5, 6], [7, 8], [9]])
    }

    @Test func tensorsKeepTheirBits() throws {
        let values: [Float] = [.nan, -.infinity, -0.0, .leastNonzeroMagnitude, 1e38, 0.1]
        let tensor = Tensor(values, shape: [2, 3])
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let image = try StateImage(
            files: [
                StateFile(
                    name: "weights.safetensors",
                    tensors: [
                        TensorImage(name: "bytes", [UInt8(7)]), TensorImage(name: "w", tensor),
                        TensorImage(name: "long", [Int64.min, .max]), TensorImage(name: "none", [Float]()),
                    ])
            ], position: ["step": 1])
        try store.save(image, as: try request("g_0000001"))
        tensor.pointer[0] = 1  // the image is a copy
        let file = try store.load(try CheckpointID(parsing: "g_0000001")).image.file("weights.safetensors")
        #expect(try file.tensor("w").tensor().values.map(\.bitPattern) == values.map(\.bitPattern))
        #expect(try file.tensor("w").shape == [2, 3])
        #expect(try file.tensor("long").values(as: Int64.self) == [.min, .max])
        #expect(try file.tensor("bytes").values(as: UInt8.self) == [7])
        #expect(try file.tensor("none").count == 0)
        let wrongShape = Tensor.zeros([3, 2])
        #expect(
            message { try file.tensor("w").copy(into: wrongShape) }.contains("w is F32 [2, 3] and should be F32 [3, 2]")
        )
        #expect(message { _ = try file.tensor("long").tensor() }.contains("long is I64"))
        #expect(message { _ = try file.tensor("v") }.contains("weights.safetensors has no tensor v"))
    }

    @Test func equalStatesAreEqualBytes() throws {
        let first = try TemporaryFolder()
        let second = try TemporaryFolder()
        try first.store().save(try image(step: 5), as: try request("g_0000005", .user, date: .distantPast))
        try second.store().save(try image(step: 5), as: try request("g_0000005", .signal, date: .now))
        let a = try first.contents()
        let b = try second.contents()
        #expect(a.keys.sorted() == b.keys.sorted())
        for name in a.keys where !name.hasSuffix("manifest.json") { #expect(a[name] == b[name], "\(name) differs") }
    }

    @Test func safetensorsHaveTheLayoutEveryoneReads() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("a.safetensors")
        try Safetensors.write(
            StateFile(
                name: "a.safetensors",
                tensors: [
                    TensorImage(name: "b\"\\ü", [UInt8(1), 2]), TensorImage(name: "a", [Float(1)], shape: [1, 1]),
                ],
                metadata: ["z": "1", "y": "line\n"]), to: url)
        let data = try Data(contentsOf: url)
        let length = Int(data[0]) | Int(data[1]) << 8
        #expect((8 + length) % 8 == 0 && data[2...7].allSatisfy { $0 == 0 })
        let json = String(decoding: data[8..<(8 + length)], as: UTF8.self)
        #expect(
            json.trimmingCharacters(in: .whitespaces)
                == #"{"__metadata__":{"y":"line\u000a","z":"1"},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"#
                + #""b\"\\ü":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}"#)
        #expect(Array(data[(8 + length)...]) == [0, 0, 128, 63, 1, 2])
        #expect(try Safetensors.read(url).tensor("b\"\\ü").values(as: UInt8.self) == [1, 2])
    }

    @Test func aSavedStepIsReturnedNotWrittenAgain() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        try store.save(try image(step: 7), as: try request("g_0000007"))
        let before = try folder.contents()
        let file = store.file("main/g_0000007", "sovits.safetensors")
        let place = try inode(file)
        let again = try store.save(try image(step: 7), as: try request("g_0000007", .user))
        #expect(again.wasAlreadySaved && again.bytesWritten == 0 && again.differingFiles.isEmpty)
        #expect(again.manifest.header.reason == .autosave)
        #expect(try folder.contents() == before)
        #expect(try inode(file) == place)
        let other = try store.save(try image(step: 8), as: try request("g_0000007"))
        #expect(other.wasAlreadySaved && other.differingFiles == ["sovits.safetensors", "position.json"])
    }

    @Test func namesOfCheckpoints() throws {
        let id = try CheckpointID(parsing: "g_0023000")
        #expect(id == CheckpointID(branch: "main", step: 23000) && "\(id)" == "main/g_0023000")
        #expect(try CheckpointID(parsing: "warm.2/g_12345678").step == 12_345_678)
        #expect(CheckpointID(branch: "a", step: 12_345_678).folder == "g_12345678")
        let wrong = [
            "", "g_", "g_12", "g_012345678", "g_00000-1", "23000", "../g_0000001", "a/b/g_0000001", "/g_0000001",
            "main/",
            "HEAD/g_0000001", ".x/g_0000001", "g_٠٠٠٠٠٠٠", "g_9999999999999999999",
        ]
        for text in wrong {
            #expect(message { _ = try CheckpointID(parsing: text) }.contains("is not a checkpoint"), "\(text)")
        }
    }
}
