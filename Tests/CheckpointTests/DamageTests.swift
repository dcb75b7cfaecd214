import Checkpoint
import Foundation
import Testing

@Suite struct DamageTests {
    let folder: TemporaryFolder
    let store: CheckpointStore
    let id = CheckpointID(branch: "main", step: 140)

    init() throws {
        folder = try TemporaryFolder()
        store = try folder.store()
        try store.saveLine([120, 140])
    }

    private func file(_ name: String) -> URL { store.file("main/g_0000140", name) }

    /// What verifying says, having made sure that loading says the same.
    private func damage() throws -> String {
        let verified = message { try store.verify(id) }
        #expect(message { _ = try store.load(id) } == verified)
        return verified
    }

    @Test func everyFlippedByteIsFoundAndItsFileNamed() throws {
        for name in ["sovits.safetensors", "tokenizer.safetensors", "position.json", "voice.toml", "manifest.json"] {
            let sound = try Data(contentsOf: file(name))
            for offset in stride(from: 0, to: sound.count, by: max(1, sound.count / 60)) {
                try flipBit(of: file(name), at: offset, bit: UInt8(offset % 8))
                let sentence = message { try store.verify(id) }
                #expect(
                    sentence.hasPrefix("main/g_0000140 is damaged: \(name)"), "byte \(offset) of \(name): \(sentence)")
                try overwrite(file(name), with: sound)
            }
        }
        #expect(try damage() == "")
    }

    @Test func aHurtTensorIsNamed() throws {
        let size = try Data(contentsOf: file("sovits.safetensors")).count
        try flipBit(of: file("sovits.safetensors"), at: size - 5 - 4 * 4 - 1)
        #expect(
            try damage()
                == "main/g_0000140 is damaged: sovits.safetensors, tensor dec.conv_pre.weight does not match its "
                + "checksum")
        try flipBit(of: file("sovits.safetensors"), at: size - 1)
        #expect(try damage().hasSuffix("tensors dec.conv_pre.weight, enc.mask do not match their checksums"))
    }

    @Test func everyDefectIsTold() throws {
        try flipBit(of: file("voice.toml"), at: 3)
        try FileManager.default.removeItem(at: file("tokenizer.safetensors"))
        #expect(
            try damage()
                == "main/g_0000140 is damaged: tokenizer.safetensors is missing; voice.toml does not match its "
                + "checksum")
    }

    @Test func truncatedFilesAreFound() throws {
        for name in ["sovits.safetensors", "position.json"] {
            let sound = try Data(contentsOf: file(name))
            for length in [0, 7, 8, 9, sound.count / 2, sound.count - 1] {
                try overwrite(file(name), with: sound.prefix(length))
                #expect(try damage().contains("\(name) is truncated: \(length) of \(sound.count) bytes"))
            }
            try overwrite(file(name), with: sound + [0])
            #expect(try damage().contains("\(name) is too long"))
            try overwrite(file(name), with: sound)
        }
        let manifest = try Data(contentsOf: file("manifest.json"))
        for length in [0, 13, 45, manifest.count / 2, manifest.count - 1] {
            try overwrite(file("manifest.json"), with: manifest.prefix(length))
            #expect(try damage().contains("manifest.json does not"))
        }
    }

    @Test func aLostManifestIsDamageAndALostCheckpointIsNot() throws {
        try FileManager.default.removeItem(at: file("manifest.json"))
        #expect(try damage() == "main/g_0000140 is damaged: manifest.json is missing")
        try FileManager.default.removeItem(at: store.directory.appendingPathComponent("main/g_0000140"))
        #expect(try damage().contains("there is no checkpoint main/g_0000140"))
    }

    @Test func aManifestOfAnotherCheckpointIsRefused() throws {
        try overwrite(
            file("manifest.json"), with: try Data(contentsOf: store.file("main/g_0000120", "manifest.json")))
        #expect(try damage().contains("manifest.json is that of main/g_0000120"))
        let listing = try folder.store(.readOnly).list().first { $0.id == id }
        #expect(listing?.header == nil && listing?.defect?.contains("is that of main/g_0000120") == true)
    }

    // MARK: Headers, without a manifest's protection

    private func reading(_ bytes: [UInt8]) throws -> String {
        let url = folder.url.appendingPathComponent("x.safetensors")
        try Data(bytes).write(to: url)
        return message { _ = try Safetensors.read(url) }
    }

    private func file(header: String, body: Int = 0) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
            + [UInt8](repeating: 0, count: body)
    }

    @Test func impossibleHeadersAreRefusedBeforeAnythingIsAllocated() throws {
        #expect(try reading([]).contains("truncated"))
        #expect(try reading([1, 2, 3]).contains("truncated"))
        #expect(try reading([UInt8](repeating: 255, count: 8)).contains("claims 18446744073709551615 bytes"))
        #expect(try reading([0, 0, 0, 0, 1, 0, 0, 0, 123]).contains("claims 4294967296 bytes in a file of 9"))
        #expect(try reading(file(header: "not JSON")).contains("header cannot be read"))
        #expect(try reading(file(header: "[1]")).contains("header cannot be read"))
        #expect(try reading(file(header: String(repeating: "[", count: 100_000))).contains("header cannot be read"))
        #expect(try reading(file(header: "{}")) == "")
        #expect(try reading(file(header: "{}", body: 1)).contains("need 0 bytes and the file holds 1"))
        let cases = [
            (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,8]}}"#, "needs 16 bytes and 8 are set aside"),
            (#"{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}"#, "has the type C64"),
            (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "impossible shape"),
            (#"{"a":{"dtype":"F32","shape":[4611686018427387904,2],"data_offsets":[0,8]}}"#, "impossible shape"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "impossible offsets"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, "impossible offsets"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, "impossible offsets"),
            (#"{"a":{"dtype":"F32","shape":[1e300],"data_offsets":[0,8]}}"#, "header cannot be read"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "does not begin where"),
            (
                #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}"#,
                "does not begin where"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}"#,
                "need 4000000000000 bytes"
            ),
        ]
        for (header, words) in cases {
            let sentence = try reading(file(header: header, body: 8))
            #expect(
                sentence.contains("x.safetensors cannot be read") && sentence.contains(words), "\(header): \(sentence)")
        }
    }

    @Test func anUnknownFormatIsNotReadAsThisOne() throws {
        var text = String(decoding: try Data(contentsOf: file("manifest.json")), as: UTF8.self)
        text = text.replacingOccurrences(of: "\"formatVersion\":1", with: "\"formatVersion\":2")
        let canonical = "{" + text.dropFirst(#"{"checksum":"00000000000000000000000000000000","#.count)
        let sealed = "{\"checksum\":\"\(Digest(of: canonical))\"," + canonical.dropFirst()
        try overwrite(file("manifest.json"), with: Data(sealed.utf8))
        #expect(try damage().contains("it has format 2 and this reprise reads format 1"))
    }

    @Test func aManifestCannotPointOutsideItsFolder() throws {
        try Data("secret".utf8).write(to: folder.url.appendingPathComponent("secret"))
        var text = String(decoding: try Data(contentsOf: file("manifest.json")), as: UTF8.self)
        text = text.replacingOccurrences(of: "\"name\":\"voice.toml\"", with: "\"name\":\"../../../secret\"")
        let canonical = "{" + text.dropFirst(#"{"checksum":"00000000000000000000000000000000","#.count)
        try overwrite(
            file("manifest.json"),
            with: Data("{\"checksum\":\"\(Digest(of: canonical))\",\(canonical.dropFirst())".utf8))
        #expect(try damage().contains("../../../secret is not a file of a checkpoint"))
    }
}
