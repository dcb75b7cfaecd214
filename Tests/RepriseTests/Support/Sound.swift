import Foundation

/// A 16-bit mono WAV, read by its chunks.
struct Sound: Equatable {
    var sampleRate = 0
    var samples: [Int16] = []

    init(_ url: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: url))
        func number(_ offset: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        func tag(_ offset: Int) -> String { String(decoding: bytes[offset..<offset + 4], as: UTF8.self) }
        guard bytes.count > 44, tag(0) == "RIFF", tag(8) == "WAVE" else {
            throw TestFailure("\(url.path) is not a WAV")
        }
        var offset = 12
        while offset + 8 <= bytes.count {
            let length = number(offset + 4, 4)
            let start = offset + 8
            guard start + length <= bytes.count else { throw TestFailure("\(url.path) is cut off") }
            if tag(offset) == "fmt " {
                guard number(start, 2) == 1, number(start + 2, 2) == 1, number(start + 14, 2) == 16 else {
                    throw TestFailure("\(url.path) is not 16-bit mono")
                }
                sampleRate = number(start + 4, 4)
            } else if tag(offset) == "data" {
                samples = stride(from: start, to: start + length, by: 2).map {
                    Int16(truncatingIfNeeded: number($0, 2))
                }
            }
            offset = start + length + length % 2
        }
    }
}
