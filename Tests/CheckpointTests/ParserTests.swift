import Checkpoint
import Foundation
import Testing

/// What parsers are given by mistake or malice; `Tests/Fuzz/fuzz.sh` looks for more.
@Suite struct ParserTests {
    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzz/corpus")

    @Test func everyKnownInputIsReadOrRefused() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path).sorted()
        #expect(names.count >= 12)
        for name in names {
            let bytes = Array(try Data(contentsOf: Self.corpus.appendingPathComponent(name)))
            ParserInput.feed(bytes)
            // And what is nearly that.
            var generator = SeededGenerator(seed: 1)
            for _ in 0..<(20 * Effort.factor) {
                var changed = bytes
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let place = Int.random(in: 0..<changed.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: changed[place] = UInt8.random(in: 0...255, using: &generator)
                    case 1: changed.remove(at: place)
                    default: changed.insert(changed[place], at: place)
                    }
                    if changed.isEmpty { break }
                }
                ParserInput.feed(changed)
            }
        }
    }

    /// A sparse file costs nothing on a disk, and would fill the memory.
    @Test func aFileLargerThanMemoryIsRefusedUnread() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("sparse.safetensors")
        let bytes = 1 << 42
        let header = #"{"a":{"dtype":"U8","shape":[\#(bytes)],"data_offsets":[0,\#(bytes)]}}"#
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        try (length + Data(header.utf8)).write(to: url)
        let handle = try FileHandle(forWritingTo: url)
        try handle.truncate(atOffset: UInt64(8 + header.utf8.count + bytes))
        try handle.close()
        #expect(message { _ = try Safetensors.read(url) }.hasPrefix("no memory for the tensors of sparse.safetensors"))
    }

    @Test func aTensorHasAFewAxesOnly() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("x.safetensors")
        let axes = Array(repeating: "1", count: 1000).joined(separator: ",")
        let header = #"{"a":{"dtype":"U8","shape":[\#(axes)],"data_offsets":[0,1]}}"#
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        try (length + Data(header.utf8) + [0]).write(to: url)
        #expect(message { _ = try Safetensors.read(url) }.contains("tensor a has 1000 axes"))
    }
}
